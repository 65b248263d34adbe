// Saved answers of OCSP responders (RFC 6960) in a keyring: DER as it came, or PEM blocks "OCSP RESPONSE".
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

struct ocsp_basic_response_st;   // of OpenSSL
struct ocsp_single_response_st;  // of OpenSSL

namespace spdm::certstore {

inline constexpr std::size_t kMaxOcspAnswers = 10'000;   // of one response
inline constexpr std::size_t kMaxOcspCertificates = 16;  // that a responder sends along

enum class OcspStatus { good, revoked, unknown };

// What a response says of one certificate.
struct OcspAnswer {
  ocsp_single_response_st* single = nullptr;  // of OcspResponse::basic
  OcspStatus status = OcspStatus::unknown;
  std::string serial;                    // hex
  std::string this_update, next_update;  // RFC 3339, UTC; next_update is empty where nothing newer is promised
  // Of a revoked one: RFC 3339, UTC, the second may be empty; and "keyCompromise", empty where none is given.
  std::string revoked_at, invalid_since, reason;
  std::string unusable;  // why it is unusable, whoever signed it; empty: usable, once the signature is verified
};

struct OcspResponse {
  std::string file;
  std::string responder;    // its name, RFC 2253, raw; or "key " and the hash of its key, in hex
  std::string produced_at;  // RFC 3339, UTC; empty where it is no time
  std::vector<OcspAnswer> answers;
  std::shared_ptr<ocsp_basic_response_st> basic;
};

// Every response of a PEM (one or more) or DER (exactly one) file; throws Error{bad_input} naming `what` for anything else, also for
// a responder that gave no answer.
std::vector<OcspResponse> read_ocsp(View file, std::string_view what);

// Whether the file holds such a response: as one of its PEM blocks, or as a whole in DER.
bool holds_ocsp(View file);

// "keyCompromise" of a CRLReason; empty for one that is not defined.
std::string_view reason_name(long reason);

}  // namespace spdm::certstore
