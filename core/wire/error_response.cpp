#include "core/wire/error_response.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "core/text.h"

namespace spdm {

namespace {

struct Name {
  ErrorCode code;
  std::string_view name;
};

constexpr std::array kNames{
    Name{ErrorCode::invalid_request, "InvalidRequest"},
    Name{ErrorCode::invalid_session, "InvalidSession"},
    Name{ErrorCode::busy, "Busy"},
    Name{ErrorCode::unexpected_request, "UnexpectedRequest"},
    Name{ErrorCode::unspecified, "Unspecified"},
    Name{ErrorCode::decrypt_error, "DecryptError"},
    Name{ErrorCode::unsupported_request, "UnsupportedRequest"},
    Name{ErrorCode::request_in_flight, "RequestInFlight"},
    Name{ErrorCode::invalid_response_code, "InvalidResponseCode"},
    Name{ErrorCode::session_limit_exceeded, "SessionLimitExceeded"},
    Name{ErrorCode::session_required, "SessionRequired"},
    Name{ErrorCode::reset_required, "ResetRequired"},
    Name{ErrorCode::response_too_large, "ResponseTooLarge"},
    Name{ErrorCode::request_too_large, "RequestTooLarge"},
    Name{ErrorCode::large_response, "LargeResponse"},
    Name{ErrorCode::message_lost, "MessageLost"},
    Name{ErrorCode::invalid_policy, "InvalidPolicy"},
    Name{ErrorCode::data_too_large, "DataTooLarge"},
    Name{ErrorCode::version_mismatch, "VersionMismatch"},
    Name{ErrorCode::response_not_ready, "ResponseNotReady"},
    Name{ErrorCode::request_resynch, "RequestResynch"},
    Name{ErrorCode::operation_failed, "OperationFailed"},
    Name{ErrorCode::no_pending_requests, "NoPendingRequests"},
    Name{ErrorCode::request_session_terminated, "RequestSessionTerminated"},
    Name{ErrorCode::invalid_state, "InvalidState"},
    Name{ErrorCode::vendor_defined, "VendorDefined"},
};

constexpr std::size_t kMaxExtended = 32;

}  // namespace

std::string name(ErrorCode code) {
  for (const Name& row : kNames)
    if (row.code == code) return std::string(row.name);
  return "reserved error code";
}

Bytes ErrorResponse::encode() const {
  Writer writer = begin(version, Code::error, static_cast<std::uint8_t>(code), data);
  writer.bytes(extended);
  return writer.take();
}

ErrorResponse ErrorResponse::decode(Reader& reader) {
  const Header header = read_header(reader.take(kHeaderSize, "header"));
  if (header.code != Code::error) reader.fail("RequestResponseCode", cat("expected ERROR, got ", name(header.code)));
  ErrorResponse out;
  out.version = header.version;
  out.code = static_cast<ErrorCode>(header.param1);
  out.data = header.param2;
  out.extended = to_bytes(reader.take(std::min(reader.remaining(), kMaxExtended), "ExtendedErrorData"));
  return out;
}

std::size_t ErrorResponse::size() const {
  std::size_t more = 0;
  if (code == ErrorCode::large_response) more = 1;
  if (code == ErrorCode::response_not_ready || code == ErrorCode::response_too_large) more = 4;
  if (code == ErrorCode::vendor_defined) more = extended.size();
  return kHeaderSize + std::min(more, extended.size());
}

ResponseNotReady ErrorResponse::not_ready(Code outstanding) const {
  Reader reader(extended, "ERROR ResponseNotReady");
  ResponseNotReady out;
  out.rdt_exponent = reader.u8("RDTExponent");
  out.request = static_cast<Code>(reader.u8("RequestCode"));
  out.token = reader.u8("Token");
  out.rdtm = reader.u8("RDTM");
  // DSP0274 ResponseNotReady, N29: we have one request outstanding, and it is not this one.
  if (out.request != outstanding) reader.fail("RequestCode", cat(name(out.request), " is not the outstanding ", name(outstanding)));
  // DSP0274 ResponseNotReady, N30: it is a shift count for the time to wait.
  if (out.rdt_exponent > 31) reader.fail("RDTExponent", cat(out.rdt_exponent, ", at most 31 makes sense"));
  // DSP0274 ResponseNotReady, N31: RDTM of 1 leaves no time between RDT and WTmax.
  if (out.rdtm <= 1) reader.fail("RDTM", cat(out.rdtm, ", must be more than 1"));
  return out;
}

std::uint8_t ErrorResponse::large_response_handle() const {
  Reader reader(extended, "ERROR LargeResponse");
  return reader.u8("Handle");
}

bool is_error(View message) { return message.size() >= 2 && static_cast<Code>(message[1]) == Code::error; }

std::string describe(const ErrorResponse& error, std::optional<Code> asked) {
  std::string out = cat(name(error.code), " (0x", hex(static_cast<std::uint8_t>(error.code), 2), ")");
  if (error.code == ErrorCode::unsupported_request && static_cast<Code>(error.data) != asked)
    out += cat(" for ", name(static_cast<Code>(error.data)));
  if (error.code == ErrorCode::response_too_large && error.extended.size() >= 4) {
    Reader reader(error.extended, "ERROR ResponseTooLarge");
    out += cat(": the response would have ", reader.u32("size"), " bytes");
  }
  return out;
}

}  // namespace spdm
