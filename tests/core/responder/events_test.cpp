// What the emulated device tells of events, to a requester that does each step by hand.
#include "core/responder/session_fixture.h"

using namespace spdm;
using namespace spdm::test;

namespace {

DeviceProfile device(std::vector<DeviceEvent> happen = {}, std::vector<EventType> types = {}) {
  DeviceProfile out = session_device();
  out.sessions->events = DeviceEvents{std::move(types), std::move(happen)};
  return out;
}

Bytes subscribe(std::vector<std::uint16_t> types) {
  EventGroup group;
  group.types = std::move(types);
  return SubscribeEventTypes{{group}}.encode(k13);
}

// What the device asks; nothing when it has nothing to ask.
std::optional<SendEvent> next(SessionPeer& peer) {
  const Bytes answer = peer.inside(encode_get_encapsulated_request(peer.version));
  if (is_error(answer)) {
    CHECK(static_cast<ErrorCode>(answer[2]) == ErrorCode::no_pending_requests);
    return std::nullopt;
  }
  Reader reader(answer, "ENCAPSULATED_REQUEST");
  const EncapsulatedRequest asked = EncapsulatedRequest::decode(reader, peer.version);
  Reader inner(asked.request, "SEND_EVENT");
  SendEvent out = SendEvent::decode(inner, peer.version);
  inner.assert_done();
  const DeliverEncapsulatedResponse deliver{asked.id, begin(peer.version, Code::event_ack).take()};
  const auto ack = peer.get_inside<EncapsulatedResponseAck>(deliver.encode(peer.version), peer.version, asked.id);
  CHECK(ack.payload == EncapsulatedResponseAck::Payload::none);
  return out;
}

Bytes firmware(SessionPeer& peer) {
  GetMeasurements get;
  get.operation = 2;
  return peer.get_inside<MeasurementsResponse>(get.encode(peer.version), get, peer.parameters).blocks.at(0).value;
}

}  // namespace

TEST_CASE("events: capabilities follow from the profile, from 1.3 on") {
  CHECK((device().flags(k13) & (cap::event | cap::encap)) == (cap::event | cap::encap));
  CHECK((device().flags(k12) & cap::event) == 0);
  CHECK((session_device().flags(k13) & cap::event) == 0);
  SessionPeer peer(session_device(), k13);
  peer.open_session();
  CHECK(peer.refused_inside(encode_get_supported_event_types(k13)).code == ErrorCode::unsupported_request);
}

TEST_CASE("events: the list, a subscription, and what happens after so many questions") {
  const DeviceEvent changes{.after = 1, .type = EventType::measurement_changed, .places = {2}, .value = text("firmware 2")};
  const DeviceEvent moves{.after = 2, .type = EventType::certificate_changed, .places = {0, 3}, .value = {}};
  SessionPeer peer(device({changes, moves}), k13);
  peer.open_session();
  CHECK(peer.get_inside<SupportedEventTypes>(encode_get_supported_event_types(k13), k13).groups.at(0).types ==
        std::vector<std::uint16_t>{1, 2, 3, 4});
  CHECK_FALSE(next(peer));  // nobody has subscribed: no time passes
  CHECK(peer.inside(subscribe({2, 4})) == begin(k13, Code::subscribe_event_types_ack).take());
  const Bytes before = firmware(peer);
  CHECK_FALSE(next(peer));
  CHECK(firmware(peer) == before);
  const std::optional<SendEvent> changed = next(peer);
  REQUIRE(changed);
  CHECK(changed->events.at(0).is(EventType::measurement_changed));
  CHECK(bits_of(changed->events.at(0).detail) == std::vector<std::uint8_t>{2});
  CHECK(firmware(peer) != before);
  const std::optional<SendEvent> moved = next(peer);
  REQUIRE(moved);
  CHECK(moved->events.at(0).id == changed->events.at(0).id + 1);
  CHECK(bits_of(moved->events.at(0).detail) == std::vector<std::uint8_t>{0, 3});
  CHECK_FALSE(next(peer));
}

TEST_CASE("events: what nobody has subscribed to happens, and is not told") {
  SessionPeer peer(device({{.after = 0, .type = EventType::measurement_changed, .places = {2}, .value = text("other")}}), k13);
  peer.open_session();
  const Bytes before = firmware(peer);
  peer.inside(subscribe({4}));
  CHECK_FALSE(next(peer));
  CHECK(firmware(peer) != before);
  CHECK(peer.inside(SubscribeEventTypes{}.encode(k13)) == begin(k13, Code::subscribe_event_types_ack).take());
}

TEST_CASE("events: a session with EventAllPolicy begins with a subscription to all") {
  SessionPeer peer(device({{.after = 0, .type = EventType::event_lost, .places = {}, .value = {}}}), k13);
  peer.connect();
  KeyExchange request = peer.key_exchange_request();
  request.policy.all_events = true;
  peer.exchange_keys(request);
  peer.finish();
  const std::optional<SendEvent> lost = next(peer);
  REQUIRE(lost);
  const EventLost detail = EventLost::decode(lost->events.at(0).detail);
  CHECK(detail.last_lost == detail.last_acknowledged + 1);
  CHECK(lost->events.at(0).id == detail.last_lost + 1);
}

TEST_CASE("Q28 a subscription to events that are not listed") {
  SessionPeer peer(device({}, {EventType::measurement_changed}), k13);
  peer.connect();
  CHECK(peer.refused(subscribe({2})).code == ErrorCode::session_required);
  peer.exchange_keys();
  CHECK(peer.refused_inside(subscribe({2})).code == ErrorCode::unexpected_request);
  peer.finish();
  CHECK(peer.refused_inside(subscribe({4})).code == ErrorCode::invalid_request);
  EventGroup vendor;
  vendor.registry = 3;
  vendor.types = {2};
  CHECK(peer.refused_inside(SubscribeEventTypes{{vendor}}.encode(k13)).code == ErrorCode::invalid_request);
  Bytes longer = subscribe({2});
  longer.push_back(0);
  CHECK(peer.refused_inside(longer).code == ErrorCode::invalid_request);
  CHECK_FALSE(is_error(peer.inside(subscribe({2}))));
}
