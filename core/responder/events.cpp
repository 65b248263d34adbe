// Events of the emulated device: what it lists, who has subscribed, and SEND_EVENT as an encapsulated request.
#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::uint16_t kUndefinedType = 0x7F;  // DMTF has none of this number

EventGroup group_of(const DeviceEvents& events) {
  EventGroup out;
  for (const EventType type : events.types) out.types.push_back(static_cast<std::uint16_t>(type));
  if (out.types.empty())
    for (const EventTypeRow& row : kEventTypes) out.types.push_back(static_cast<std::uint16_t>(row.value));
  return out;
}

bool lists(const EventGroup& group, std::uint16_t type) {
  return group.all || std::find(group.types.begin(), group.types.end(), type) != group.types.end();
}

}  // namespace

Bytes Responder::supported_event_types(Reader& reader) {
  expect(reader, Code::get_supported_event_types, version_byte());
  if (!sessions_profile().events) throw Refusal{ErrorCode::unspecified};  // only the capability was set
  return SupportedEventTypes{{group_of(*sessions_profile().events)}}.encode(version_byte());
}

// DSP0274 SUBSCRIBE_EVENT_TYPES: each takes the place of the one before it (Q28).
Bytes Responder::subscribe_event_types(Reader& reader) {
  const SubscribeEventTypes request = SubscribeEventTypes::decode(reader, version_byte());
  if (reader.remaining() != 0) reader.fail("length", "bytes after the message");
  if (!sessions_profile().events) throw Refusal{ErrorCode::unspecified};
  const EventGroup own = group_of(*sessions_profile().events);
  for (const EventGroup& group : request.groups) {
    const bool listed =
        group.is_dmtf() && std::all_of(group.types.begin(), group.types.end(), [&](std::uint16_t type) { return lists(own, type); });
    if (!listed) throw Refusal{ErrorCode::invalid_request};
  }
  session_->subscription = request.groups;
  return begin(version_byte(), Code::subscribe_event_types_ack).take();
}

// DSP0274 KEY_EXCHANGE, EventAllPolicy: the session begins with a subscription to all.
void Responder::subscribe_to_all(Session& session) const {
  if (sessions_profile().events) session.subscription = {group_of(*sessions_profile().events)};
}

void Responder::let_time_pass() {
  ++asked_for_events_;
  if (!sessions_profile().events) return;
  for (const DeviceEvent& event : sessions_profile().events->happen)
    if (asked_for_events_ == event.after + 1) happen(event);
}

void Responder::happen(const DeviceEvent& event) {
  if (event.value)
    for (const std::uint8_t index : event.places) changed_[index] = *event.value;
  Event out;
  out.type = static_cast<std::uint16_t>(event.type);
  if (event.type == EventType::event_lost) {
    out.detail = EventLost{next_event_ - 1, next_event_}.encode();
    ++next_event_;
  } else {
    out.detail = map_of(event.places, find_event_type(out.type)->detail_size);
  }
  out.id = next_event_++;
  if (lists(session_->subscription.front(), out.type)) session_->events.push_back(std::move(out));
}

Bytes Responder::next_events() {
  SendEvent out{session_->events};
  Event& last = out.events.back();
  if (find_fault(struck_, FaultKind::event_type) != nullptr) last.type = kUndefinedType;
  if (find_fault(struck_, FaultKind::event_size) != nullptr) last.detail.push_back(0);
  Event more = last;
  more.id += 2;
  if (find_fault(struck_, FaultKind::event_gap) != nullptr) out.events.push_back(more);
  if (find_fault(struck_, FaultKind::event_twice) != nullptr) out.events.push_back(out.events.front());
  return out.encode(version_byte());
}

void Responder::take_event_ack(Reader& reader) {
  expect(reader, Code::event_ack, version_byte());
  if (reader.remaining() != 0) reader.fail("length", "bytes after the message");
  if (find_fault(struck_, FaultKind::event_again) == nullptr) session_->events.clear();
}

DeviceMeasurement Responder::now(const DeviceMeasurement& measurement) const {
  const auto found = changed_.find(measurement.index);
  if (found == changed_.end()) return measurement;
  DeviceMeasurement out = measurement;
  out.value = found->second;
  out.digest.clear();
  return out;
}

}  // namespace spdm
