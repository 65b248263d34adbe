// ERROR (DSP0274, "ERROR response message"): error codes, and the two with data that a requester must act on.
#pragma once

#include <optional>
#include <string>

#include "core/wire/header.h"

namespace spdm {

enum class ErrorCode : std::uint8_t {
  invalid_request = 0x01,
  invalid_session = 0x02,
  busy = 0x03,
  unexpected_request = 0x04,
  unspecified = 0x05,
  decrypt_error = 0x06,
  unsupported_request = 0x07,
  request_in_flight = 0x08,
  invalid_response_code = 0x09,
  session_limit_exceeded = 0x0A,
  session_required = 0x0B,
  reset_required = 0x0C,
  response_too_large = 0x0D,
  request_too_large = 0x0E,
  large_response = 0x0F,
  message_lost = 0x10,
  invalid_policy = 0x11,
  data_too_large = 0x12,
  version_mismatch = 0x41,
  response_not_ready = 0x42,
  request_resynch = 0x43,
  operation_failed = 0x44,
  no_pending_requests = 0x45,
  request_session_terminated = 0x46,
  invalid_state = 0x47,
  vendor_defined = 0xFF,
};

std::string name(ErrorCode code);

struct ResponseNotReady {
  std::uint8_t rdt_exponent = 0;  // wait 2^rdt_exponent us before RESPOND_IF_READY
  Code request{};
  std::uint8_t token = 0;
  std::uint8_t rdtm = 0;  // the whole wait is at most 2^rdt_exponent * rdtm us
};

struct ErrorResponse {
  std::uint8_t version = 0;  // may differ from the negotiated one; an ERROR is never success (DSP0274 ERROR, N26)
  ErrorCode code{};
  std::uint8_t data = 0;
  Bytes extended;  // at most 32 bytes are kept

  Bytes encode() const;
  static ErrorResponse decode(Reader& reader);
  // Bytes of the whole message, by its code (DSP0274 table "ErrorCode and ErrorData"): what it holds, where the code tells no length.
  std::size_t size() const;

  // The extended data of ResponseNotReady, checked against the outstanding request (DSP0274 ERROR, N28 to N31).
  ResponseNotReady not_ready(Code outstanding) const;
  // The handle in LargeResponse (DSP0274 large messages, N38).
  std::uint8_t large_response_handle() const;
};

bool is_error(View message);
// "InvalidRequest (0x01)", with what Param2 and the extended data add. The request that was asked is not named again.
std::string describe(const ErrorResponse& error, std::optional<Code> asked = std::nullopt);

}  // namespace spdm
