#include "core/responder/responder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"

namespace spdm {

// One row per request: the states it is allowed in, the capability it needs, and its effect on the transcripts.
struct Responder::Row {
  Code request;
  std::uint8_t since;
  State from, to;  // the states it is allowed in
  std::uint32_t needs;
  Effect effect;
  Bytes (Responder::*answer)(Reader&);
};

const Responder::Row* Responder::find_row(Code code) {
  using enum State;
  using enum Effect;
  // Any request but GET_MEASUREMENTS ends L1/L2. M1/M2 ends with GET_MEASUREMENTS and the log, unless a CHALLENGE has
  // been answered already (DSP0274 "Reset conditions"; the second sentence as the reference responder reads it).
  static const std::array rows{
      Row{Code::get_version, k10, start, negotiated, 0, none, &Responder::version},
      Row{Code::get_capabilities, k10, State::version, State::version, 0, none, &Responder::capabilities},
      Row{Code::negotiate_algorithms, k10, State::capabilities, State::capabilities, 0, none, &Responder::algorithms},
      Row{Code::get_digests, k10, negotiated, negotiated, cap::cert, ends_measurements, &Responder::digests},
      Row{Code::get_certificate, k10, negotiated, negotiated, cap::cert, ends_measurements, &Responder::certificate},
      Row{Code::challenge, k10, negotiated, negotiated, cap::chal, ends_measurements, &Responder::challenge_auth},
      Row{Code::get_measurements, k10, negotiated, negotiated, cap::meas_mask, ends_challenge, &Responder::measurements},
      Row{Code::vendor_defined_request, k10, negotiated, negotiated, 0, ends_measurements, &Responder::vendor_defined},
      Row{Code::respond_if_ready, k10, negotiated, negotiated, 0, none, &Responder::respond_if_ready},
      Row{Code::chunk_send, k12, State::capabilities, negotiated, cap::chunk, none, &Responder::chunk_send},
      Row{Code::chunk_get, k12, State::capabilities, negotiated, cap::chunk, none, &Responder::chunk_response},
      Row{Code::get_measurement_extension_log, k13, negotiated, negotiated, cap::mel, ends_measurements_and_challenge,
          &Responder::extension_log},
      Row{Code::get_endpoint_info, k13, negotiated, negotiated, cap::ep_info_mask, ends_measurements, &Responder::endpoint_info},
      Row{Code::get_key_pair_info, k13, negotiated, negotiated, cap::get_key_pair_info, none, &Responder::key_pair_info},
  };
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.request == code; });
  return it == rows.end() ? nullptr : &*it;
}

Responder::Responder(std::shared_ptr<const DeviceProfile> profile) : profile_(std::move(profile)), faults_(profile_->faults) {}

Reply Responder::respond(View request) {
  reply_ = {};
  if (request.size() < kHeaderSize) {
    reply_.bytes = error({ErrorCode::invalid_request});
    return std::move(reply_);
  }
  const Code code = static_cast<Code>(request[1]);
  if (code == Code::get_version) {
    incoming_.reset();
    outgoing_.reset();
  }
  // No other request may come between the chunks of a message. It is refused, and the transfer goes on.
  const bool interrupts = (incoming_ && code != Code::chunk_send) || (outgoing_ && code != Code::chunk_get);
  Bytes bytes = interrupts ? error({ErrorCode::unexpected_request}) : answer(request);
  if (code != Code::chunk_send && code != Code::chunk_get) bytes = fit(std::move(bytes));
  reply_.bytes = std::move(bytes);
  return std::move(reply_);
}

// Answers one complete request. Chunks are handled by the callers.
Bytes Responder::answer(View request) {
  const Code code = static_cast<Code>(request[1]);
  Refusal refusal;
  try {
    const Row* row = find_row(code);
    if (row == nullptr) throw Refusal{ErrorCode::unsupported_request, request[1]};
    check_request(*row, request);
    if (code != Code::respond_if_ready) delayed_.reset();

    // A nested answer (RESPOND_IF_READY, CHUNK_SEND) overwrites `struck_`, so a copy is kept here.
    const StruckBy struck = code == Code::respond_if_ready ? StruckBy{} : faults_.next(response_to(code));
    struck_ = struck;
    if (find_fault(struck, FaultKind::busy) != nullptr) throw Refusal{ErrorCode::busy};
    if (const Fault* fault = find_fault(struck, FaultKind::error)) throw Refusal{static_cast<ErrorCode>(fault->number)};
    if (const Fault* fault = find_fault(struck, FaultKind::not_ready)) return not_ready(*fault, request);

    const std::string message = name(code);
    Reader reader(request, message);
    reply_.bytes = (this->*row->answer)(reader);
    take_effect(*row);
    faults_.apply(struck, response_to(code), parameters_.signature_size(), reply_);
    return std::move(reply_.bytes);
  } catch (const Refusal& why) {
    refusal = why;
  } catch (const Error& why) {
    refusal.code = why.id == ErrorId::peer ? ErrorCode::invalid_request : ErrorCode::unspecified;
  }
  if (code == Code::get_measurements) l1l2_.reset();
  return error(refusal);
}

void Responder::check_request(const Row& row, View request) const {
  if (state_ < row.from || state_ > row.to) throw Refusal{ErrorCode::unexpected_request};
  // GET_CAPABILITIES chooses the version; every message after it has that one.
  const std::uint8_t expected = row.request == Code::get_version ? k10 : version_byte();
  if (row.request != Code::get_capabilities && request[0] != expected) throw Refusal{ErrorCode::version_mismatch};
  if (state_ >= State::capabilities && version_byte() < row.since)
    throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(row.request)};
  if (row.needs != 0 && !has(row.needs)) throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(row.request)};
}

void Responder::take_effect(const Row& row) {
  const bool ends_measurements = row.effect == Effect::ends_measurements || row.effect == Effect::ends_measurements_and_challenge;
  const bool ends_challenge = row.effect == Effect::ends_challenge || row.effect == Effect::ends_measurements_and_challenge;
  if (ends_measurements) l1l2_.reset();
  if (ends_challenge && !authenticated_) m1m2_.reset();
}

Bytes Responder::error(const Refusal& refusal) const {
  return ErrorResponse{version_byte(), refusal.code, refusal.data, refusal.extended}.encode();
}

Bytes Responder::not_ready(const Fault& fault, View request) {
  delayed_ = Delayed{to_bytes(request), ++token_};
  return error({ErrorCode::response_not_ready, 0, Writer().u8(fault.number).u8(request[1]).u8(token_).u8(fault.second).take()});
}

Bytes Responder::respond_if_ready(Reader& reader) {
  const Header header = expect(reader, Code::respond_if_ready, version_byte());
  if (!delayed_ || header.param1 != delayed_->request[1] || header.param2 != delayed_->token) throw Refusal{ErrorCode::invalid_request};
  const Delayed delayed = *std::exchange(delayed_, std::nullopt);
  return answer(delayed.request);
}

}  // namespace spdm
