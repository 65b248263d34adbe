#include "core/session/event_session.h"

#include <algorithm>

#include "core/error.h"
#include "core/protocol/steps.h"
#include "core/text.h"

namespace spdm {

namespace {

// Messages of one session. What the device was asked is kept until the session ends.
constexpr std::size_t kMostMessages = 4096;

Limits limits() {
  Limits out;
  out.exchange = std::chrono::seconds(5);  // less where the way is lent for less
  return out;
}

SessionOptions options() {
  SessionOptions out;
  out.listens = true;
  return out;
}

[[noreturn]] void cannot(std::string_view why) { throw Error(ErrorId::no_spdm, cat("no events: ", why)); }

}  // namespace

LentLink::LentLink(const Link& like)
    : carries_sessions_(like.carries_sessions()), binding_(like.binding()), max_receive_(like.max_receive()), max_send_(like.max_send()) {}

void LentLink::lend(Link* way, Clock::time_point end) {
  way_ = way;
  end_ = end;
}

Link& LentLink::way() const {
  if (way_ == nullptr) throw Error(ErrorId::io, "the way to the device was given back");
  return *way_;
}

Bytes LentLink::exchange(View request, Clock::time_point deadline) {
  Bytes out = way().exchange(request, std::min(deadline, end_));
  carries_sessions_ = way_->carries_sessions();  // a mailbox is found with the first exchange
  return out;
}

SecuredReply LentLink::exchange_secured(View record, Clock::time_point deadline) {
  return way().exchange_secured(record, std::min(deadline, end_));
}

EventSession::EventSession(Link& way, std::uint8_t slot, Clock::time_point end)
    : slot_(slot), link_(way), requester_(link_, evidence_.log, limits(), Clock::time_point::max()) {
  Wanted wanted;
  const auto opener = std::make_shared<const Opener>(options());
  wanted.session = opener;
  link_.lend(&way, end);
  requester_.reserve_for_session();
  negotiate(requester_, wanted);
  // Before the handshake, which costs the device more.
  if (parameters().version < k13 || !parameters().responder.has(cap::event)) cannot("the device reports none (EVENT_CAP)");
  if (!parameters().encapsulates()) cannot("the device cannot send requests (ENCAP_CAP)");
  requester_.ask(begin(parameters().version, Code::get_digests).take());
  read_chain(requester_, slot_);
  session_ = opener->establish(requester_, slot_, evidence_);
  subscribe();
  if (parameters().responder.has(cap::meas_mask) && parameters().measurement_specification != 0)
    requester_.ask(GetMeasurements{}.encode(parameters().version));
  link_.lend(nullptr, {});
}

EventSession::~EventSession() { link_.lend(nullptr, {}); }

void EventSession::subscribe() {
  requester_.ask(encode_get_supported_event_types(parameters().version));
  EventGroup group;
  for (const EventType type : kEventsThatMatter)
    if (requester_.connection().event_types()->has(type)) group.types.push_back(static_cast<std::uint16_t>(type));
  // What it does not list it may not be asked for (N370).
  if (group.types.empty()) cannot("the device reports none that matters (SUPPORTED_EVENT_TYPES)");
  requester_.ask(SubscribeEventTypes{{group}}.encode(parameters().version));
}

std::vector<MeasurementBlock> EventSession::measurements() const {
  const std::vector<MeasurementsSeen>& seen = requester_.connection().measurements();
  return seen.empty() ? std::vector<MeasurementBlock>{} : seen.back().response.blocks;
}

std::string EventSession::poll(Link& way, Clock::time_point end) {
  std::string out;
  const auto note = [&](const std::vector<Event>& events) {
    for (const Event& event : events)
      for (const EventType type : kEventsThatMatter)
        if (out.empty() && event.is(type)) out = find_event_type(event.type)->name;
  };
  link_.lend(&way, end);
  try {
    session_->hear(note);
  } catch (...) {
    link_.lend(nullptr, {});
    throw;
  }
  link_.lend(nullptr, {});
  return out;
}

bool EventSession::is_used_up() const { return evidence_.log.size() >= kMostMessages; }

void EventSession::end(Link& way, Clock::time_point end) noexcept {
  link_.lend(&way, end);
  session_.reset();  // which says farewell
  link_.lend(nullptr, {});
}

}  // namespace spdm
