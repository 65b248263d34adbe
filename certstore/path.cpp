// Validates the path from the anchor to the leaf with OpenSSL: signatures, validity, path length, name constraints.
#include <algorithm>
#include <array>

#include "certstore/validation.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

using OwnedStore = crypto::Owned<X509_STORE, X509_STORE_free>;
using OwnedStoreContext = crypto::Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
void free_stack(STACK_OF(X509) * stack) { sk_X509_free(stack); }
using OwnedStack = crypto::Owned<STACK_OF(X509), free_stack>;

Validation& validation_of(X509_STORE_CTX* context) { return *static_cast<Validation*>(X509_STORE_CTX_get_app_data(context)); }

// OpenSSL would search for a path. DSP0274 fixes it: each certificate is issued by the one before it, and the topmost one ends the
// path. certificates.cpp compares names and key identifiers, and reports mismatches.
int is_issuer(X509_STORE_CTX* context, X509* certificate, X509* issuer) {
  const Validation& j = validation_of(context);
  const X509* above = j.outer.get();
  for (const crypto::OwnedX509& received : j.received) {
    if (received.get() == certificate) return above == issuer ? 1 : 0;
    above = received.get();
  }
  return 0;
}

void report_time(Validation& j, std::size_t index, int error) {
  const CertificateInfo& info = index < j.received.size() ? j.result.certificates[index] : j.anchor->info();
  const bool early = error == X509_V_ERR_CERT_NOT_YET_VALID;
  j.find(early ? not_yet_valid : expired, j.place(index, early ? "notBefore" : "notAfter"),
         cat(early ? "valid from " : "valid until ", early ? info.not_before : info.not_after, ", judged at ", utc_of(j.options.at)),
         "check the clock of this host, or set the time to judge at with --at");
}

void report_signature(Validation& j, std::size_t index) {
  // With the wrong issuer, or with an unknown algorithm, no signature verifies. That has been reported already.
  if (j.found(issuer_mismatch, j.place(index, "issuer")) || j.found(issuer_mismatch, j.place(index, "authorityKeyIdentifier"))) return;
  if (j.unknown_signature.at(index) || j.found(certificate_signature, j.place(index, "signatureAlgorithm"))) return;
  j.find(certificate_signature, j.place(index, "signature"), "verification with the key of the issuer failed",
         "the chain was altered, or mixed from several chains: do not trust the device");
}

// Collects every error: always returns 1, so that the verification goes on.
int on_error(int good, X509_STORE_CTX* context) {
  if (good == 1) return 1;
  Validation& j = validation_of(context);
  const int error = X509_STORE_CTX_get_error(context);
  const std::size_t index = j.index_of_depth(std::min(X509_STORE_CTX_get_error_depth(context), static_cast<int>(j.received.size()) - 1));
  // Only with an outer anchor is this index beyond the received certificates.
  const bool outer = j.outer && X509_STORE_CTX_get_error_depth(context) >= static_cast<int>(j.received.size());
  const std::size_t at = outer ? j.received.size() : index;
  switch (error) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      report_time(j, at, error);
      break;
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
      j.find(path_length, j.place(at, "basicConstraints"), "its pathLenConstraint allows fewer certificates below it than the chain has",
             "the vendor must reissue the certificate");
      break;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      report_signature(j, at);
      break;
    case X509_V_ERR_NO_EXPLICIT_POLICY:
      j.find(certificate_policy, j.slot(),
             "a certificate asks for certificate policies (policyConstraints) that those below it do not have",
             "the vendor must reissue the certificates");
      break;
    // certificates.cpp checks these, with clearer messages.
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
    case X509_V_ERR_INVALID_EXTENSION:
    case X509_V_ERR_EC_KEY_EXPLICIT_PARAMS:
    // No anchor, or no path to it: trust.cpp reports the first, check_path() the second.
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_CERT_UNTRUSTED:
      break;
    default:
      j.find(certificate_malformed, j.place(at), X509_verify_cert_error_string(error), "the vendor must reissue the certificate");
  }
  return 1;
}

X509* issuer_of(const Validation& j, std::size_t i) {
  if (i > 0) return j.received[i - 1].get();
  if (j.outer) return j.outer.get();
  return j.has_root ? j.received[0].get() : nullptr;
}

// Sets the identity that an SM2 signature was made with, for the path.
void choose_sm2_id(const Validation& j, std::size_t i) {
  X509* const certificate = j.received[i].get();
  X509* const issuer = issuer_of(j, i);
  if (issuer != nullptr && X509_get_signature_nid(certificate) == NID_SM2_with_SM3) is_signed_by(certificate, X509_get0_pubkey(issuer));
}

// Whether a constraint of the topmost certificate has a say in a path with so many certificates below it (RFC 5280 4.2.1.11,
// 4.2.1.14: the number is of those that it skips). What cannot be read has.
bool reaches(const ASN1_INTEGER* number, std::size_t below) {
  std::int64_t skipped = 0;
  return number != nullptr && (ASN1_INTEGER_get_int64(&skipped, number) != 1 || skipped <= static_cast<std::int64_t>(below));
}

// The extensions about certificate policies. Only with one of them does a policy have a say.
bool speaks_of_policies(const X509* certificate) {
  constexpr std::array kConstraints{NID_policy_constraints, NID_inhibit_any_policy, NID_policy_mappings};
  if (std::any_of(kConstraints.begin(), kConstraints.end(), [&](int id) { return X509_get_ext_by_NID(certificate, id, -1) >= 0; }))
    return true;
  const int at = X509_get_ext_by_NID(certificate, NID_certificate_policies, -1);
  return at >= 0 && X509_EXTENSION_get_critical(X509_get_ext(certificate, at)) != 0;
}

// A certificate that constrains policies and has none leaves none for those below it (RFC 5280 6.1.3 (e)), and OpenSSL 3.0 keeps
// the memory of its constraints for ever. Such a chain is refused without asking OpenSSL.
bool refuses_policies(Validation& j) {
  for (std::size_t i = j.outer ? 0 : 1; i < j.received.size(); ++i) {
    const X509* const certificate = j.received[i].get();
    if (X509_get_ext_by_NID(certificate, NID_policy_constraints, -1) < 0) continue;
    if (X509_get_ext_by_NID(certificate, NID_certificate_policies, -1) >= 0) continue;
    j.find(certificate_policy, j.place(i, "policyConstraints"), "it constrains certificate policies, and has none itself",
           "the vendor must reissue the certificates");
    return true;
  }
  return false;
}

// OpenSSL processes the constraints of all certificates but the topmost one: those are handed to it as what is asked from the start.
unsigned long policy_flags(Validation& j, const X509* top) {
  if (refuses_policies(j)) return 0;
  bool any = speaks_of_policies(top);
  for (const crypto::OwnedX509& certificate : j.received) any = any || speaks_of_policies(certificate.get());
  if (!any) return 0;
  unsigned long out = X509_V_FLAG_POLICY_CHECK;
  const std::size_t below = j.received.size() - (j.outer ? 0 : 1);
  int constrained = 0, limited = 0;  // -1: the extension is not there
  const crypto::Owned<POLICY_CONSTRAINTS, POLICY_CONSTRAINTS_free> constraints(
      static_cast<POLICY_CONSTRAINTS*>(X509_get_ext_d2i(top, NID_policy_constraints, &constrained, nullptr)));
  const crypto::Owned<ASN1_INTEGER, ASN1_INTEGER_free> skipped(
      static_cast<ASN1_INTEGER*>(X509_get_ext_d2i(top, NID_inhibit_any_policy, &limited, nullptr)));
  ERR_clear_error();
  if (constraints ? reaches(constraints->requireExplicitPolicy, below) : constrained != -1) out |= X509_V_FLAG_EXPLICIT_POLICY;
  if (constraints ? reaches(constraints->inhibitPolicyMapping, below) : constrained != -1) out |= X509_V_FLAG_INHIBIT_MAP;
  if (skipped ? reaches(skipped.get(), below) : limited != -1) out |= X509_V_FLAG_INHIBIT_ANY;
  return out;
}

// One store for all threads: it holds no certificate and is only read.
X509_STORE* rules() {
  static const OwnedStore store = [] {
    OwnedStore out(X509_STORE_new());
    X509_STORE_set_check_issued(out.get(), is_issuer);
    X509_STORE_set_verify_cb(out.get(), on_error);
    return out;
  }();
  return store.get();
}

// A root in the keyring is trusted for its bytes. Any other root must at least have a good signature on itself. OpenSSL would look at
// that only where a key of the same kind has signed.
void check_root(Validation& j) {
  if (!j.has_root || (j.anchor != nullptr && j.anchor->sha256() == j.result.certificates.front().sha256)) return;
  X509* const root = j.received.front().get();
  EVP_PKEY* const key = X509_get0_pubkey(root);  // certificates.cpp has reported one that cannot be read
  if (key != nullptr && !is_signed_by(root, key)) report_signature(j, 0);
}

void configure(Validation& j, X509_STORE_CTX* context, X509* top) {
  X509_VERIFY_PARAM* const parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_time(parameters, j.options.at);
  X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(kMaxCertificates));
  // certificates.cpp checks sizes, digests and critical extensions, with clearer messages.
  X509_VERIFY_PARAM_set_auth_level(parameters, 0);
  // The path ends with the topmost certificate, whoever that says has issued it.
  unsigned long flags = X509_V_FLAG_IGNORE_CRITICAL | X509_V_FLAG_PARTIAL_CHAIN;
  const unsigned long policies = policy_flags(j, top);
  // RFC 5280 6.1.1 (c): any policy will do for us. Without a word, OpenSSL takes that for none.
  if (policies != 0) X509_VERIFY_PARAM_add0_policy(parameters, OBJ_nid2obj(NID_any_policy));
  flags |= policies;
  X509_VERIFY_PARAM_set_flags(parameters, flags);
}

}  // namespace

// Validates the whole path down to the leaf, from the anchor or else from the first received certificate, whether it is
// trusted or not. So a chain can be sound without being trusted, and the owner may trust any certificate on a sound
// path.
void check_path(Validation& j) {
  for (std::size_t i = 0; i < j.received.size(); ++i) choose_sm2_id(j, i);
  check_root(j);
  X509* const top = j.outer ? j.outer.get() : j.received.front().get();
  const OwnedStack trusted(sk_X509_new_null()), others(sk_X509_new_null());
  const OwnedStoreContext context(X509_STORE_CTX_new());
  sk_X509_push(trusted.get(), top);
  for (const auto& certificate : j.received) sk_X509_push(others.get(), certificate.get());
  X509_STORE_CTX_init(context.get(), rules(), j.leaf(), others.get());
  X509_STORE_CTX_set0_trusted_stack(context.get(), trusted.get());
  X509_STORE_CTX_set_app_data(context.get(), &j);
  configure(j, context.get(), top);
  const int verified = X509_verify_cert(context.get());
  ERR_clear_error();

  const std::size_t expected = j.received.size() + (j.outer ? 1 : 0);
  const STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(context.get());
  const std::size_t length = path == nullptr ? 0 : static_cast<std::size_t>(sk_X509_num(path));
  if (!j.unsupported && (verified != 1 || length != expected))
    j.find(chain_incomplete, j.slot(), cat("the path from the leaf has ", length, " of ", expected, " certificates"),
           "the device must send the chain complete and in order, the root first");
}

}  // namespace spdm::certstore
