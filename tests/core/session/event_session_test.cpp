// A session that stays open for events, with the emulated device.
#include "core/session/event_session.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/session/session_run.h"
#include "support/event_device.h"

using namespace spdm;
using support::event_profile;
using support::EventDevice;
using support::firmware_changes;

namespace {

Clock::time_point soon() { return Clock::now() + std::chrono::seconds(10); }

// Opens the session on a way of its own, which is closed afterwards.
std::unique_ptr<EventSession> listen(EventDevice& device) {
  const std::unique_ptr<Link> way = device.way();
  return std::make_unique<EventSession>(*way, 0, soon());
}

std::string poll(EventDevice& device, EventSession& session) {
  const std::unique_ptr<Link> way = device.way();
  return session.poll(*way, soon());
}

// What the first event of a device with this fault leads to.
void refused(FaultKind kind, const std::string& why) {
  DeviceProfile profile = event_profile({firmware_changes()});
  Fault fault;
  fault.on = Code::encapsulated_request;
  fault.kind = kind;
  profile.faults.push_back(fault);
  EventDevice device(std::move(profile));
  const std::unique_ptr<EventSession> session = listen(device);
  expect_error(ErrorId::peer, why, [&] { poll(device, *session); });
}

// Why a device is not listened to.
void not_opened(DeviceProfile profile, ErrorId id, const std::string& why) {
  EventDevice device(std::move(profile));
  expect_error(id, why, [&] { listen(device); });
}

}  // namespace

TEST_CASE("event session: it shows the device, and tells once of what happens") {
  for (const std::uint8_t version : {k13, k14}) {
    DeviceProfile profile = event_profile({firmware_changes(1)});
    profile.versions = {version};
    EventDevice device(std::move(profile));
    const std::unique_ptr<EventSession> session = listen(device);
    CHECK(session->chain() == pki::spdm_chain(*find_hash("SHA-384"), pki::sample().root.der, pki::sample().all()));
    REQUIRE(session->measurements().size() == 2);
    const Bytes before = session->measurements()[1].value;
    CHECK(poll(device, *session).empty());
    CHECK(poll(device, *session) == "measurement-changed");
    CHECK(poll(device, *session).empty());
    CHECK_FALSE(session->is_used_up());
    const std::unique_ptr<Link> way = device.way();
    session->end(*way, soon());
    CHECK(listen(device)->measurements()[1].value != before);
  }
}

TEST_CASE("event session: every event that matters, and none that does not") {
  const auto first = [](DeviceEvent event) {
    EventDevice device(event_profile({std::move(event)}));
    const std::unique_ptr<EventSession> session = listen(device);
    return poll(device, *session);
  };
  CHECK(first({.after = 0, .type = EventType::certificate_changed, .places = {0}, .value = {}}) == "certificate-changed");
  CHECK(first({.after = 0, .type = EventType::event_lost, .places = {}, .value = {}}) == "event-lost");
  CHECK(first({.after = 0, .type = EventType::measurement_pre_update, .places = {2}, .value = {}}).empty());  // not subscribed to
}

TEST_CASE("event session: it subscribes only to what is listed") {
  DeviceProfile profile =
      event_profile({firmware_changes(), {.after = 1, .type = EventType::certificate_changed, .places = {0}, .value = {}}});
  profile.sessions->events->types = {EventType::certificate_changed};
  EventDevice device(std::move(profile));
  const std::unique_ptr<EventSession> session = listen(device);
  CHECK(poll(device, *session).empty());
  CHECK(poll(device, *session) == "certificate-changed");
}

TEST_CASE("event session: devices that tell of nothing") {
  DeviceProfile none = event_profile();
  none.sessions->events.reset();
  not_opened(std::move(none), ErrorId::no_spdm, "no events: the device reports none (EVENT_CAP)");
  DeviceProfile old = event_profile();
  old.versions = {k12};
  not_opened(std::move(old), ErrorId::no_spdm, "no events: the device reports none (EVENT_CAP)");
  DeviceProfile silent = event_profile();
  silent.clear_flags = cap::encap;
  not_opened(std::move(silent), ErrorId::no_spdm, "no events: the device cannot send requests (ENCAP_CAP)");
  DeviceProfile other = event_profile();
  other.sessions->events->types = {EventType::measurement_pre_update};
  not_opened(std::move(other), ErrorId::no_spdm, "no events: the device reports none that matters");
  DeviceProfile junk = event_profile();
  Fault fault;
  fault.on = Code::supported_event_types;
  fault.kind = FaultKind::set;
  fault.number = 8;
  fault.bytes = {0, 1, 2, 3};
  junk.faults.push_back(fault);
  not_opened(std::move(junk), ErrorId::peer, "SUPPORTED_EVENT_TYPES: VendorIDLen");
}

TEST_CASE("event session: who speaks with the device meanwhile ends it") {
  EventDevice device(event_profile());
  const std::unique_ptr<EventSession> session = listen(device);
  CHECK(poll(device, *session).empty());
  device.restart();
  expect_error(ErrorId::peer, "answered outside the session", [&] { poll(device, *session); });
}

TEST_CASE("event session: the way is given back") {
  EventDevice device(event_profile());
  const std::unique_ptr<Link> way = device.way();
  LentLink link(*way);
  CHECK(link.max_receive() == way->max_receive());
  expect_error(ErrorId::io, "was given back", [&] { link.exchange(GetVersion{}.encode(), soon()); });
  link.lend(way.get(), soon());
  CHECK_FALSE(link.exchange(GetVersion{}.encode(), soon()).empty());
  link.lend(nullptr, {});
  expect_error(ErrorId::io, "was given back", [&] { link.exchange_secured({}, soon()); });
}

TEST_CASE("event session: after so many messages a new one is due") {
  EventDevice device(event_profile());
  const std::unique_ptr<EventSession> session = listen(device);
  const std::unique_ptr<Link> way = device.way();
  unsigned polls = 0;
  while (!session->is_used_up() && polls < 5000) {
    ++polls;
    REQUIRE(session->poll(*way, soon()).empty());
  }
  CHECK(polls > 1000);
  CHECK(polls < 2048);
}

TEST_CASE("N369 events that break a rule are refused, and named") {
  refused(FaultKind::event_gap, "EventInstanceID");
  refused(FaultKind::event_twice, "EventInstanceID");
  refused(FaultKind::event_type, "EventTypeID: 127 is not defined by DMTF");
  refused(FaultKind::event_size, "EventDetailLen: 33");
}

TEST_CASE("N371 events without end") {
  DeviceProfile profile = event_profile({firmware_changes()});
  Fault fault;
  fault.on = Code::encapsulated_response_ack;
  fault.kind = FaultKind::event_again;
  profile.faults.push_back(fault);
  EventDevice device(std::move(profile));
  const std::unique_ptr<EventSession> session = listen(device);
  expect_error(ErrorId::peer, "1024 requests without an end", [&] { poll(device, *session); });
}

TEST_CASE("N368 SEND_EVENT to who has not subscribed") {
  Event event;
  event.type = 4;
  event.detail = {1};
  fake::SessionRun run({.version = k13, .flags = fake::kPlain | fake::kRecords | cap::key_ex | cap::encap});
  run.options.exercise = true;
  run.device.to_ask = {SendEvent{{event}}.encode(k13)};
  run.collect();
  REQUIRE(is_error(run.device.answers.at(0)));
  CHECK(static_cast<ErrorCode>(run.device.answers.at(0)[2]) == ErrorCode::unexpected_request);
}
