// The rules for every certificate of a chain (RFC 5280). The path is checked in path.cpp, the leaf rules of DSP0274 in
// leaf.cpp.
#include <openssl/objects.h>

#include <algorithm>

#include "certstore/faults.h"
#include "certstore/validation.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

constexpr std::string_view kVendor = "the vendor must reissue the certificate";

// "needs OpenSSL 3.5", for algorithms where this is known.
std::string needed_for(std::string_view algorithm) {
  if (algorithm.starts_with("ML-DSA") || algorithm.starts_with("SLH-DSA")) return "use spdmctl with OpenSSL 3.5 or later";
  return cat("use spdmctl with an OpenSSL that has ", algorithm);
}

// Reports each algorithm once: all certificates of such a chain use it.
void unsupported(Validation& j, std::size_t i, std::string_view field, std::string_view algorithm) {
  const std::string why = cat(crypto::library_version(), " does not know ", algorithm);
  const auto& findings = j.result.findings;
  const bool said = std::any_of(findings.begin(), findings.end(), [&](const Finding& finding) { return finding.why == why; });
  if (!said) j.find(crypto_unsupported, j.place(i, field), why, needed_for(algorithm));
  j.unsupported = true;
}

std::string remedy_of(FindingId id) {
  if (id == extension_accepted) return {};
  if (id == critical_extension)
    return cat(kVendor, "; if its contents need no check, list it as critical-extensions in the scope of the root");
  return std::string(kVendor);
}

// What is wrong with one certificate by itself. Index received.size() is the anchor that only the keyring has.
std::optional<crypto::PublicKey> check_alone(Validation& j, std::size_t i, X509* certificate, const CertificateInfo& info) {
  Inspection found = inspect(certificate, info.der, j.anchor == nullptr ? std::vector<Accepted>() : accepted_by(j.anchor->scopes));
  for (const Fault& fault : found.faults) j.find(fault.id, j.place(i, fault.field), fault.why, remedy_of(fault.id));
  if (found.unknown_key) unsupported(j, i, "subjectPublicKeyInfo", info.key);
  return std::move(found.key);
}

// Requires SHA-256 or better. The signature of a root on itself proves nothing and is not checked.
void check_signature_algorithm(Validation& j, std::size_t i) {
  X509* const certificate = j.received[i].get();
  if (i == 0 && self_issued(certificate)) return;
  const std::string& algorithm = j.result.certificates[i].signature_algorithm;
  int digest = NID_undef;
  if (X509_get_signature_info(certificate, &digest, nullptr, nullptr, nullptr) != 1) {
    ERR_clear_error();
    j.unknown_signature[i] = true;
    unsupported(j, i, "signatureAlgorithm", algorithm);
    return;
  }
  if (digest == NID_undef) return;  // EdDSA and the post-quantum algorithms have digests of their own
  const EVP_MD* known = EVP_get_digestbynid(digest);
  if (known == nullptr) {
    unsupported(j, i, "signatureAlgorithm", algorithm);
  } else if (EVP_MD_get_size(known) < 32) {
    j.find(weak_signature, j.place(i, "signatureAlgorithm"), cat(algorithm, " can be forged, SHA-256 or better is required"),
           std::string(kVendor));
  }
}

// RFC 5280 4.2.1.9 and 4.2.1.3: an issuer needs cA and keyCertSign. OpenSSL would also accept older forms.
void check_issuer(Validation& j, std::size_t i, X509* certificate) {
  const std::uint32_t flags = X509_get_extension_flags(certificate);
  if ((flags & EXFLAG_CA) == 0)
    j.find(not_a_ca, j.place(i, "basicConstraints"),
           cat((flags & EXFLAG_BCONS) != 0 ? "cA is false" : "missing", ", but it issued another certificate"), std::string(kVendor));
  if ((flags & EXFLAG_KUSAGE) != 0 && (X509_get_key_usage(certificate) & KU_KEY_CERT_SIGN) == 0)
    j.find(key_usage, j.place(i, "keyUsage"), "keyCertSign is not set, but it issued another certificate", std::string(kVendor));
}

// Checks that each received certificate was issued by the one before it. X509_check_issued compares names and key
// identifiers.
void check_order(Validation& j, std::size_t i) {
  X509* const above = j.received[i - 1].get();
  X509* const certificate = j.received[i].get();
  const auto& infos = j.result.certificates;
  switch (X509_check_issued(above, certificate)) {
    case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
      j.find(issuer_mismatch, j.place(i, "issuer"),
             cat("the issuer is ", infos[i].issuer, ", the certificate before it is ", infos[i - 1].subject),
             "the device must send the chain complete and in order, the root first");
      break;
    case X509_V_ERR_AKID_SKID_MISMATCH:
    case X509_V_ERR_AKID_ISSUER_SERIAL_MISMATCH:
      j.find(issuer_mismatch, j.place(i, "authorityKeyIdentifier"), "it does not name the certificate before it",
             "the device must send the chain complete and in order, the root first");
      break;
    case X509_V_ERR_SIGNATURE_ALGORITHM_MISMATCH:
      j.find(certificate_signature, j.place(i, "signatureAlgorithm"),
             cat(infos[i].signature_algorithm, " does not match the issuer's key, ", infos[i - 1].key), std::string(kVendor));
      break;
    default:
      break;  // key usage is checked above, signatures in path.cpp
  }
  ERR_clear_error();
}

void check_twice(Validation& j) {
  const auto& infos = j.result.certificates;
  for (std::size_t i = 1; i < infos.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (infos[i].der == infos[k].der)
        j.find(chain_malformed, j.place(i), cat("the same certificate as certificate ", k + 1),
               "the device must send each certificate once");
}

}  // namespace

void check_certificates(Validation& j) {
  const std::size_t count = j.received.size();
  j.unknown_signature.assign(count, false);
  j.keys.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    X509* const certificate = j.received[i].get();
    j.keys[i] = check_alone(j, i, certificate, j.result.certificates[i]);
    check_signature_algorithm(j, i);
    if (i + 1 < count) check_issuer(j, i, certificate);
    if (i > 0) check_order(j, i);
  }
  // The owner vouches for the anchor, and not for what others can do with a weak key: it makes no difference whether it was sent.
  if (j.outer) {
    check_alone(j, count, j.outer.get(), j.anchor->info());
    check_issuer(j, count, j.outer.get());
  }
  check_twice(j);
}

}  // namespace spdm::certstore
