#include "core/responder/responder.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"
#include "core/responder/pci_device.h"

namespace spdm {

// Where a request is allowed (DSP0274 "Session": which requests go inside, and in which phase).
enum Where : unsigned { outside = 1, handshake = 2, application = 4, everywhere = 7 };

// One row per request: the states and the places it is allowed in, the capability it needs, and its effect on the transcripts.
struct Responder::Row {
  Code request;
  std::uint8_t since;
  State from, to;  // the states it is allowed in
  unsigned where;  // Where, or-ed together
  std::uint32_t needs;
  Effect effect;
  Bytes (Responder::*answer)(Reader&);
};

const Responder::Row* Responder::find_row(Code code) {
  using enum State;
  using enum Effect;
  constexpr Effect ends_both = ends_measurements_and_challenge;
  constexpr unsigned open = outside | application;
  // Any request but GET_MEASUREMENTS ends L1/L2. M1/M2 ends with GET_MEASUREMENTS, the log, and what has to do with sessions, unless a
  // CHALLENGE has been answered already (DSP0274 "Reset conditions"; the second sentence as the reference responder reads it).
  static const std::array rows{
      Row{Code::get_version, k10, start, negotiated, outside, 0, none, &Responder::version},
      Row{Code::get_capabilities, k10, State::version, State::version, outside, 0, none, &Responder::capabilities},
      Row{Code::negotiate_algorithms, k10, State::capabilities, State::capabilities, outside, 0, none, &Responder::algorithms},
      Row{Code::get_digests, k10, negotiated, negotiated, open, cap::cert, ends_measurements, &Responder::digests},
      Row{Code::get_certificate, k10, negotiated, negotiated, open, cap::cert, ends_measurements, &Responder::certificate},
      Row{Code::challenge, k10, negotiated, negotiated, outside, cap::chal, ends_measurements, &Responder::challenge_auth},
      Row{Code::get_measurements, k10, negotiated, negotiated, open, cap::meas_mask, ends_challenge, &Responder::measurements},
      Row{Code::vendor_defined_request, k10, negotiated, negotiated, open, 0, ends_measurements, &Responder::vendor_defined},
      Row{Code::respond_if_ready, k10, negotiated, negotiated, everywhere, 0, none, &Responder::respond_if_ready},
      Row{Code::chunk_send, k12, State::capabilities, negotiated, everywhere, cap::chunk, none, &Responder::chunk_send},
      Row{Code::chunk_get, k12, State::capabilities, negotiated, everywhere, cap::chunk, none, &Responder::chunk_response},
      Row{Code::get_measurement_extension_log, k13, negotiated, negotiated, open, cap::mel, ends_both, &Responder::extension_log},
      Row{Code::get_endpoint_info, k13, negotiated, negotiated, open, cap::ep_info_mask, ends_measurements, &Responder::endpoint_info},
      Row{Code::get_key_pair_info, k13, negotiated, negotiated, open, cap::get_key_pair_info, none, &Responder::key_pair_info},
      Row{Code::key_exchange, k11, negotiated, negotiated, outside, cap::key_ex, ends_both, &Responder::key_exchange},
      Row{Code::finish, k11, negotiated, negotiated, outside | handshake, cap::key_ex, ends_both, &Responder::finish},
      Row{Code::psk_exchange, k11, negotiated, negotiated, outside, cap::psk_mask, ends_both, &Responder::psk_exchange},
      Row{Code::psk_finish, k11, negotiated, negotiated, handshake, cap::psk_mask, ends_both, &Responder::psk_finish},
      Row{Code::heartbeat, k11, negotiated, negotiated, application, cap::hbeat, ends_both, &Responder::heartbeat},
      Row{Code::key_update, k11, negotiated, negotiated, application, cap::key_upd, ends_both, &Responder::key_update},
      Row{Code::end_session, k11, negotiated, negotiated, application, 0, ends_both, &Responder::end_session},
      Row{Code::get_supported_event_types, k13, negotiated, negotiated, application, cap::event, ends_both,
          &Responder::supported_event_types},
      Row{Code::subscribe_event_types, k13, negotiated, negotiated, application, cap::event, ends_both, &Responder::subscribe_event_types},
      Row{Code::get_encapsulated_request, k11, negotiated, negotiated, everywhere, 0, ends_both, &Responder::encapsulated_request},
      Row{Code::deliver_encapsulated_response, k11, negotiated, negotiated, everywhere, 0, ends_both,
          &Responder::encapsulated_response_ack},
  };
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.request == code; });
  return it == rows.end() ? nullptr : &*it;
}

Responder::Responder(std::shared_ptr<const DeviceProfile> profile) : profile_(std::move(profile)), faults_(profile_->faults) {
  if (!profile_->ide && !profile_->tdisp) return;
  pci_ = std::make_unique<PciDevice>(profile_->ide, profile_->tdisp);
  sessions_.when_one_ends([pci = pci_.get()](std::uint32_t id) { pci->end(id); });
}

Responder::Responder(Responder&&) noexcept = default;
Responder::~Responder() = default;

const IdeDevice& Responder::ide() const { return pci_->ide(); }

Reply Responder::respond(View request) {
  reply_ = {};
  session_ = nullptr;
  Bytes bytes = handle(request);
  reply_.bytes = std::move(bytes);
  return std::move(reply_);
}

// Answers one message, in the place that it came to.
Bytes Responder::handle(View request) {
  on_record_.clear();
  if (request.size() < kHeaderSize) return error({ErrorCode::invalid_request});
  const Code code = static_cast<Code>(request[1]);
  if (code == Code::get_version && !inside()) {
    outside_.incoming.reset();
    outside_.outgoing.reset();
  }
  // No other request may come between the chunks of a message. It is refused, and the transfer goes on.
  const bool interrupts = (here().incoming && code != Code::chunk_send) || (here().outgoing && code != Code::chunk_get);
  Bytes bytes = interrupts ? error({ErrorCode::unexpected_request}) : answer(request);
  if (code != Code::chunk_send && code != Code::chunk_get) bytes = fit(std::move(bytes));
  return bytes;
}

// Answers one complete request. Chunks are handled by the callers.
Bytes Responder::answer(View request) {
  const Code code = static_cast<Code>(request[1]);
  Refusal refusal;
  try {
    const Row* row = find_row(code);
    if (row == nullptr) throw Refusal{ErrorCode::unsupported_request, request[1]};
    check_request(*row, request);
    if (code != Code::respond_if_ready) here().delayed.reset();
    const bool is_wrapper = code == Code::respond_if_ready || code == Code::chunk_send || code == Code::chunk_get;
    if (!is_wrapper) is_first_ = std::exchange(next_is_first_, false);

    // A nested answer (RESPOND_IF_READY, CHUNK_SEND) overwrites `struck_`, so a copy is kept here.
    const StruckBy struck = code == Code::respond_if_ready ? StruckBy{} : faults_.next(response_to(code), inside());
    struck_ = struck;
    on_record_.insert(on_record_.end(), struck.begin(), struck.end());
    // What comes again in place of a request that was put off is as the first one.
    const bool puts_off = find_fault(struck, FaultKind::busy) != nullptr || find_fault(struck, FaultKind::not_ready) != nullptr;
    if (puts_off) next_is_first_ = is_first_;
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
  if (code == Code::get_measurements) here().l1l2.reset();
  return error(refusal);
}

void Responder::check_request(const Row& row, View request) const {
  // Both sides must be able to do what sessions are made of; of the rest only the one who answers.
  constexpr std::uint32_t of_both = cap::key_ex | cap::psk_mask | cap::hbeat | cap::key_upd;
  if (state_ < row.from || state_ > row.to) throw Refusal{ErrorCode::unexpected_request};
  // GET_CAPABILITIES chooses the version; every message after it has that one.
  const std::uint8_t expected = row.request == Code::get_version ? k10 : version_byte();
  if (row.request != Code::get_capabilities && request[0] != expected) throw Refusal{ErrorCode::version_mismatch};
  if (state_ >= State::capabilities && version_byte() < row.since)
    throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(row.request)};
  const bool can = (row.needs & of_both) != 0 ? parameters_.both(row.needs) : has(row.needs);
  if (row.needs != 0 && !can) throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(row.request)};
  check_place(row);
}

void Responder::check_place(const Row& row) const {
  const Where place = !inside() ? outside : session_->in_handshake() ? handshake : application;
  if ((row.where & place) == 0) {
    if (!inside()) throw outside_of_sessions();
    throw Refusal{ErrorCode::unexpected_request};
  }
  // DSP0274 "Encapsulated request flows": while one is under way, nothing else is answered in its place.
  const bool goes_on = (row.where & everywhere) == everywhere || row.request == Code::get_version;
  if (here().flow && !goes_on) throw Refusal{ErrorCode::request_in_flight};
}

Refusal Responder::outside_of_sessions() const { return {version_byte() >= k12 ? ErrorCode::session_required : ErrorCode::unspecified}; }

void Responder::take_effect(const Row& row) {
  const bool ends_measurements = row.effect == Effect::ends_measurements || row.effect == Effect::ends_measurements_and_challenge;
  const bool ends_challenge = row.effect == Effect::ends_challenge || row.effect == Effect::ends_measurements_and_challenge;
  if (ends_measurements) here().l1l2.reset();
  if (ends_challenge && !authenticated_) m1m2_.reset();
}

Bytes Responder::error(const Refusal& refusal) const {
  return ErrorResponse{version_byte(), refusal.code, refusal.data, refusal.extended}.encode();
}

Bytes Responder::not_ready(const Fault& fault, View request) {
  here().delayed = Place::Delayed{to_bytes(request), ++token_};
  return error({ErrorCode::response_not_ready, 0, Writer().u8(fault.number).u8(request[1]).u8(token_).u8(fault.second).take()});
}

Bytes Responder::respond_if_ready(Reader& reader) {
  const Header header = expect(reader, Code::respond_if_ready, version_byte());
  std::optional<Place::Delayed>& waiting = here().delayed;
  if (!waiting || header.param1 != waiting->request[1] || header.param2 != waiting->token) throw Refusal{ErrorCode::invalid_request};
  const Place::Delayed delayed = *std::exchange(waiting, std::nullopt);
  return answer(delayed.request);
}

}  // namespace spdm
