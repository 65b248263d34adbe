#include "certstore/signer.h"

#include <openssl/x509_vfy.h>

#include "certstore/spki.h"
#include "certstore/x509.h"
#include "core/crypto/certificates.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using OwnedStore = crypto::Owned<X509_STORE, X509_STORE_free>;
using OwnedStoreContext = crypto::Owned<X509_STORE_CTX, X509_STORE_CTX_free>;

struct FreeStack {
  void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }
};

[[noreturn]] void fail(std::string_view what, const std::string& why, const std::string& hint) {
  throw Error(ErrorId::bad_input, cat(what, ": ", why), hint);
}

std::vector<crypto::OwnedX509> split(View chain) {
  std::vector<crypto::OwnedX509> out;
  while (!chain.empty()) {
    const std::uint8_t* at = chain.data();
    crypto::OwnedX509 one(d2i_X509(nullptr, &at, static_cast<long>(chain.size())));
    if (!one) break;  // read_chain() has read it before
    chain = chain.subspan(static_cast<std::size_t>(at - chain.data()));
    out.push_back(std::move(one));
  }
  ERR_clear_error();
  return out;
}

bool is_issuer(X509* certificate) { return (X509_get_extension_flags(certificate) & EXFLAG_CA) != 0; }

// A path from `leaf` over `between` to one of the trusted.
void check_path(X509* leaf, const std::vector<crypto::OwnedX509>& between, const std::vector<crypto::OwnedX509>& trusted,
                std::string_view what) {
  const OwnedStore store(X509_STORE_new());
  for (const crypto::OwnedX509& one : trusted) X509_STORE_add_cert(store.get(), one.get());
  const std::unique_ptr<STACK_OF(X509), FreeStack> others(sk_X509_new_null());
  for (const crypto::OwnedX509& one : between) sk_X509_push(others.get(), one.get());
  const OwnedStoreContext context(X509_STORE_CTX_new());
  if (!store || !others || !context || X509_STORE_CTX_init(context.get(), store.get(), leaf, others.get()) != 1)
    throw Error(ErrorId::internal, cat("OpenSSL: ", crypto::openssl_reason()));
  constexpr unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME;
  X509_VERIFY_PARAM_set_flags(X509_STORE_CTX_get0_param(context.get()), flags);
  const bool good = X509_verify_cert(context.get()) == 1;
  ERR_clear_error();
  if (!good)
    fail(what,
         cat("no path leads from ", printable(name_text(X509_get_subject_name(leaf))),
             ", the signer, to what it holds: ", X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()))),
         "give the certificate of the signer, or that of its issuer");
}

}  // namespace

DocumentSigner find_signer(View trusted, const std::vector<Bytes>& carried, std::string_view what) {
  const std::vector<crypto::OwnedX509> held = split(trusted);
  if (held.empty()) fail(what, "holds no certificate", "give the certificate of the signer");
  std::vector<crypto::OwnedX509> brought;
  for (const Bytes& der : carried) {
    brought.push_back(parse_x509(der));
    if (!brought.back())
      throw Error(ErrorId::bad_input, "the certificates that the signature carries (x5chain) cannot be read", "report it to the publisher");
  }
  X509* const leaf = brought.empty() ? held.back().get() : brought.front().get();
  if (is_issuer(leaf) && !self_issued(leaf))
    fail(what,
         cat("ends in an issuer, ", printable(name_text(X509_get_subject_name(leaf))),
             ", and the signature carries no certificate below it"),
         "give the certificate of the signer itself, or its public key");
  if ((X509_get_extension_flags(leaf) & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(leaf) & KU_DIGITAL_SIGNATURE) == 0)
    fail(what, "the key of the signer may not sign (keyUsage without digitalSignature)", "give the certificate of the signer itself");
  check_path(leaf, brought, held, what);
  Bytes spki = brought.empty() ? crypto::leaf_spki(trusted) : spki_of(carried.front());
  if (spki.empty()) fail(what, "the key of the signer cannot be read", "give its public key");
  return {std::move(spki), name_text(X509_get_subject_name(leaf)), rfc3339(X509_get0_notAfter(leaf))};
}

}  // namespace spdm::certstore
