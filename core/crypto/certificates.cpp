#include "core/crypto/certificates.h"

#include <openssl/pem.h>

#include <algorithm>
#include <vector>

#include "core/crypto/openssl.h"
#include "core/crypto/pem.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

constexpr std::size_t kMaxCertificates = 100;

struct Certificate {
  OwnedX509 parsed;
  Bytes der;

  bool is_self_issued() const { return X509_NAME_cmp(X509_get_subject_name(parsed.get()), X509_get_issuer_name(parsed.get())) == 0; }
  bool is_issued_by(const Certificate& other) const {
    return X509_NAME_cmp(X509_get_issuer_name(parsed.get()), X509_get_subject_name(other.parsed.get())) == 0;
  }
};

// The certificate at the front of `rest`, which is shortened by it.
Certificate take_certificate(View& rest, std::string_view what, std::size_t number) {
  const std::uint8_t* at = rest.data();
  Certificate out{OwnedX509(d2i_X509(nullptr, &at, static_cast<long>(rest.size()))), {}};
  if (!out.parsed)
    throw Error(ErrorId::bad_input, cat(what, ": certificate ", number, ": not an X.509 certificate: ", openssl_reason()),
                "give the certificates of one chain, in PEM or in DER");
  ERR_clear_error();
  const auto size = static_cast<std::size_t>(at - rest.data());
  out.der = to_bytes(rest.first(size));
  rest = rest.subspan(size);
  return out;
}

void add(std::vector<Certificate>& out, View der, std::string_view what) {
  while (!der.empty()) {
    if (out.size() == kMaxCertificates) throw Error(ErrorId::bad_input, cat(what, ": more than ", kMaxCertificates, " certificates"));
    out.push_back(take_certificate(der, what, out.size() + 1));
  }
}

void add_pem(std::vector<Certificate>& out, View file, std::string_view what) {
  for_each_pem_block(file, what, [&](std::string_view label, View der, std::size_t number) {
    if (label != PEM_STRING_X509 && label != PEM_STRING_X509_OLD)
      throw Error(ErrorId::bad_input, cat(what, ": PEM block ", number, " is a ", printable(label.substr(0, 64)), ", no certificate"),
                  "give the certificates of one chain, and nothing else");
    add(out, der, what);
  });
}

// From the leaf up: who issues nobody else is the leaf.
std::vector<Certificate> in_order(std::vector<Certificate> in, std::string_view what) {
  const auto issues_another = [&](const Certificate& one) {
    return std::any_of(in.begin(), in.end(), [&](const Certificate& other) { return &other != &one && other.is_issued_by(one); });
  };
  auto next = std::find_if_not(in.begin(), in.end(), issues_another);
  std::vector<Certificate> out;
  while (next != in.end()) {
    out.push_back(std::move(*next));
    in.erase(next);
    next = out.back().is_self_issued()
               ? in.end()
               : std::find_if(in.begin(), in.end(), [&](const Certificate& other) { return out.back().is_issued_by(other); });
  }
  if (out.empty() || !in.empty())
    throw Error(ErrorId::bad_input,
                cat(what, ": the certificates are not those of one chain: ", out.size(), " hang together, and ", in.size(),
                    " do not belong to them"),
                "give the chain of the device alone, from the leaf to the root");
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace

Bytes read_chain(View file, std::string_view what) {
  std::vector<Certificate> certificates;
  if (as_text(file).find("-----BEGIN ") != std::string_view::npos)
    add_pem(certificates, file, what);
  else
    add(certificates, file, what);
  if (certificates.empty()) throw Error(ErrorId::bad_input, cat(what, ": no certificate in it"), "give them in PEM or in DER");
  Bytes out;
  for (const Certificate& certificate : in_order(std::move(certificates), what)) append(out, certificate.der);
  return out;
}

View root_certificate(View chain) {
  const std::uint8_t* at = chain.data();
  const OwnedX509 first(chain.empty() ? nullptr : d2i_X509(nullptr, &at, static_cast<long>(chain.size())));
  ERR_clear_error();
  if (!first || X509_NAME_cmp(X509_get_subject_name(first.get()), X509_get_issuer_name(first.get())) != 0) return {};
  return chain.first(static_cast<std::size_t>(at - chain.data()));
}

View leaf_certificate(View chain) {
  View leaf;
  for (View rest = chain; !rest.empty(); rest = rest.subspan(leaf.size())) {
    const std::uint8_t* at = rest.data();
    const OwnedX509 certificate(d2i_X509(nullptr, &at, static_cast<long>(rest.size())));
    if (!certificate) {
      ERR_clear_error();
      return {};
    }
    leaf = rest.first(static_cast<std::size_t>(at - rest.data()));
  }
  return leaf;
}

Bytes leaf_spki(View chain) {
  const View leaf = leaf_certificate(chain);
  const std::uint8_t* at = leaf.data();
  const OwnedX509 certificate(leaf.empty() ? nullptr : d2i_X509(nullptr, &at, static_cast<long>(leaf.size())));
  if (!certificate) return {};
  std::uint8_t* der = nullptr;
  const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate.get()), &der);
  const Bytes out = size > 0 ? Bytes(der, der + size) : Bytes();
  OPENSSL_free(der);
  ERR_clear_error();
  return out;
}

}  // namespace spdm::crypto
