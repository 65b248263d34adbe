#include "certstore/faults.h"

#include <openssl/objects.h>

#include <algorithm>

#include "certstore/attestation.h"
#include "certstore/der.h"
#include "certstore/keyring.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

constexpr std::uint8_t kBitString = 0x03, kVersion = 0xA0;

// X.690 8.3.2: no byte more than the number needs. A signature has no use for zero and for negative numbers.
bool is_positive_number(const Element& element) {
  const View digits = element.content;
  if (element.tag != kInteger || digits.empty() || digits[0] >= 0x80) return false;
  return digits[0] != 0 || (digits.size() > 1 && digits[1] >= 0x80);
}

// SEQUENCE { r INTEGER, s INTEGER } and nothing else (RFC 3279 2.2.3). s and n - s are both good: which one it is says nothing.
bool is_pair_of_numbers(View value) {
  std::string why;
  const auto pair = take_element(value, why);
  if (!pair || pair->tag != kSequence || !value.empty()) return false;
  View numbers = pair->content;
  for (int i = 0; i < 2; ++i)
    if (const auto number = take_element(numbers, why); !number || !is_positive_number(*number)) return false;
  return numbers.empty();
}

bool signs_with_two_numbers(const X509* certificate) {
  int key = NID_undef;
  OBJ_find_sigid_algs(X509_get_signature_nid(certificate), nullptr, &key);
  return key == NID_X9_62_id_ecPublicKey || key == NID_sm2 || key == NID_dsa;
}

// The AlgorithmIdentifier inside of the TBSCertificate, which is signed (RFC 5280 4.1.2.3).
View signed_algorithm(View tbs) {
  std::string why;
  View fields = tbs;
  const auto sequence = take_element(fields, why);
  fields = sequence ? sequence->content : View();
  auto field = take_element(fields, why);
  if (field && field->tag == kVersion) field = take_element(fields, why);  // then the serial number
  field = take_element(fields, why);
  return field && field->tag == kSequence ? field->whole : View();
}

// Only the TBSCertificate is signed. What stands around it can be written in other ways without the key of the issuer, and is then
// the same certificate with another fingerprint. Of these ways the one of DER counts. Empty when it is that one.
std::string encoding_fault(const X509* certificate, View der) {
  std::string why;
  View rest = der;
  const auto outer = take_element(rest, why);
  if (!outer) return why;
  View parts = outer->content;
  const auto tbs = take_element(parts, why), algorithm = tbs ? take_element(parts, why) : std::nullopt,
             signature = algorithm ? take_element(parts, why) : std::nullopt;
  if (!signature) return why;
  if (!parts.empty() || !rest.empty()) return "bytes follow the signature";
  const View own = signed_algorithm(tbs->whole);
  if (own.empty() || !equal(own, algorithm->whole)) return "signatureAlgorithm is not written as in the part that is signed";
  if (signature->tag != kBitString || signature->content.empty() || signature->content[0] != 0)
    return "the signature is not a BIT STRING of whole bytes";
  if (signs_with_two_numbers(certificate) && !is_pair_of_numbers(signature->content.subspan(1)))
    return "the signature is not a pair of numbers in DER";
  return {};
}

// Whether the library knows keys of this kind. If not, the certificate cannot be checked. If it does and still cannot
// decode the key, the key is broken.
bool known_key(const X509* certificate) {
  ASN1_OBJECT* algorithm = nullptr;
  X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, X509_get_X509_PUBKEY(certificate));
  const crypto::Owned<EVP_KEYMGMT, EVP_KEYMGMT_free> fetched(EVP_KEYMGMT_fetch(nullptr, dotted(algorithm).c_str(), nullptr));
  ERR_clear_error();
  return fetched != nullptr;
}

void inspect_key(const X509* certificate, Inspection& out) {
  try {
    out.key = crypto::public_key(X509_get0_pubkey(certificate));
    const std::string weakness = out.key->weakness();
    if (!weakness.empty()) out.faults.push_back({weak_key, "subjectPublicKeyInfo", weakness});
  } catch (const Error& error) {
    out.unknown_key = !known_key(certificate);
    if (!out.unknown_key) out.faults.push_back({bad_key, "subjectPublicKeyInfo", error.what()});
  }
}

const Accepted* find_accepted(const std::vector<Accepted>& accepted, std::string_view oid) {
  const auto it = std::find_if(accepted.begin(), accepted.end(), [&](const Accepted& one) { return one.oid == oid; });
  return it == accepted.end() ? nullptr : &*it;
}

// RFC 5280 4.2: a critical extension must be processed, and what cannot be decoded is not.
void inspect_known(X509_EXTENSION& extension, std::string id, bool critical, Inspection& out) {
  const ASN1_OCTET_STRING* const value = X509_EXTENSION_get_data(&extension);
  const ExtensionInfo info =
      read_extension(std::move(id), critical, {ASN1_STRING_get0_data(value), static_cast<std::size_t>(ASN1_STRING_length(value))});
  if (info.processed) return;
  out.faults.push_back(
      {critical ? extension_malformed : extension_unreadable, cat("extension ", info.oid, " (", info.name, ")"), info.fault});
}

void inspect_extensions(X509* certificate, const std::vector<Accepted>& accepted, Inspection& out) {
  if ((X509_get_extension_flags(certificate) & EXFLAG_INVALID) != 0)
    out.faults.push_back({certificate_malformed, "extensions", "one of them cannot be decoded or is there twice"});
  std::vector<std::string> identifiers;
  if (!spdm_extension_of(certificate, identifiers)) out.faults.push_back({certificate_malformed, "SPDM extension", "its DER is malformed"});
  std::vector<std::string> seen;
  bool refused = false;
  for (int at = 0; at < X509_get_ext_count(certificate); ++at) {
    X509_EXTENSION* const extension = X509_get_ext(certificate, at);
    std::string id = dotted(X509_EXTENSION_get_object(extension));
    const bool critical = X509_EXTENSION_get_critical(extension) != 0;
    const Accepted* const taken = find_accepted(accepted, id);
    if (is_decoded(id) || taken != nullptr) {
      if (std::find(seen.begin(), seen.end(), id) != seen.end()) {
        out.faults.push_back({certificate_malformed, cat("extension ", id), "it is there twice (RFC 5280 4.2)"});
        break;
      }
      seen.push_back(id);
    }
    if (is_decoded(id)) {
      inspect_known(*extension, std::move(id), critical, out);
      continue;
    }
    if (!critical || refused || X509_supported_extension(extension) == 1 || id == kSpdmExtensionId) continue;
    refused = taken == nullptr;  // one is enough: a certificate may have tens of thousands
    if (refused)
      out.faults.push_back({critical_extension, cat("extension ", id), "it is critical and not known (RFC 5280 4.2)"});
    else
      out.faults.push_back(
          {extension_accepted, cat("extension ", id), cat("it is critical and not known; ", taken->origin, " accepts it")});
  }
}

}  // namespace

Inspection inspect(X509* certificate, View der, const std::vector<Accepted>& accepted) {
  Inspection out;
  if (const std::string why = encoding_fault(certificate, der); !why.empty())
    out.faults.push_back({certificate_not_der, {}, cat("it is not in DER: ", why)});
  inspect_extensions(certificate, accepted, out);
  inspect_key(certificate, out);
  ERR_clear_error();
  return out;
}

std::vector<Accepted> accepted_by(const std::vector<Scope>& scopes) {
  std::vector<Accepted> out;
  for (const Scope& scope : scopes)
    for (const std::string& oid : scope.critical_extensions)
      if (find_accepted(out, oid) == nullptr) out.push_back({oid, scope.file});
  return out;
}

std::vector<std::string> faults_of(View der, const std::vector<Scope>& scopes) {
  const crypto::OwnedX509 certificate = parse_x509(der);
  if (!certificate) return {"not an X.509 certificate"};
  std::vector<std::string> out;
  for (const Fault& fault : inspect(certificate.get(), der, accepted_by(scopes)).faults)
    if (row(fault.id).severity == Severity::failure) out.push_back(cat(fault.field, fault.field.empty() ? "" : ": ", fault.why));
  return out;
}

}  // namespace spdm::certstore
