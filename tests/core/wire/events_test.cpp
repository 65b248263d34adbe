#include "core/wire/events.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

namespace {

constexpr std::array kEventVersions{k13, k14};

EventGroup dmtf(std::vector<std::uint16_t> types = {1, 2, 4}) {
  EventGroup out;
  out.types = std::move(types);
  return out;
}

EventGroup vendor() {
  EventGroup out;
  out.registry = 3;
  out.vendor = {0x36, 0x1b};
  out.version = 7;
  out.types = {0xABCD};
  return out;
}

Event changed(std::uint32_t id, std::uint8_t index = 2) {
  Event out;
  out.id = id;
  out.type = 2;
  out.detail = map_of({index}, 32);
  return out;
}

SupportedEventTypes supported(View message, std::uint8_t version = k13) { return decode<SupportedEventTypes>(message, version); }
SubscribeEventTypes subscription(View message) { return decode<SubscribeEventTypes>(message, k13); }
SendEvent sent(View message, std::uint8_t version = k13) { return decode<SendEvent>(message, version); }

Bytes send(std::vector<Event> events) { return SendEvent{std::move(events)}.encode(k13); }

std::vector<std::uint32_t> ids(const SendEvent& message) {
  std::vector<std::uint32_t> out;
  for (const Event& event : message.events) out.push_back(event.id);
  return out;
}

std::vector<std::uint32_t> ids_of(const std::vector<std::uint32_t>& order) {
  std::vector<Event> events;
  events.reserve(order.size());
  for (const std::uint32_t id : order) events.push_back(changed(id));
  return ids(sent(send(events)));
}

// Sets a number of 1, 2 or 4 bytes in a message.
Bytes with(Bytes message, std::size_t offset, std::initializer_list<std::uint8_t> bytes) {
  std::copy(bytes.begin(), bytes.end(), message.begin() + static_cast<std::ptrdiff_t>(offset));
  return message;
}

}  // namespace

TEST_CASE("events: the layouts") {
  CHECK(hex(encode_get_supported_event_types(k13)) == "13e20000");
  const Bytes list = SupportedEventTypes{{dmtf({2, 4})}}.encode(k13);
  CHECK(hex(list) ==
        "13620100"
        "12000000"
        "0000"
        "0200"
        "0100"
        "00000000"
        "02000000"
        "04000000");
  CHECK(hex(SubscribeEventTypes{}.encode(k14)) == "14f00000");
  EventGroup all;
  all.all = true;
  CHECK(hex(SubscribeEventTypes{{all}}.encode(k14)) ==
        "14f00100"
        "0a000000"
        "0000"
        "0000"
        "0100"
        "01000000");
  CHECK(hex(SupportedEventTypes{{vendor()}}.encode(k13)) ==
        "13620100"
        "10000000"
        "0302361b"
        "0100"
        "0700"
        "00000000"
        "cdab0000");
  Event certificate;
  certificate.id = 0x01020304;
  certificate.type = 4;
  certificate.detail = {0x81};
  CHECK(hex(SendEvent{{certificate}}.encode(k13)) ==
        "13f10000"
        "01000000"
        "04030201"
        "00000000"
        "0000"
        "0400"
        "0100"
        "81");
}

TEST_CASE("events: what was written is read") {
  for (const std::uint8_t version : kEventVersions) {
    const SupportedEventTypes types = supported(SupportedEventTypes{{dmtf(), vendor()}}.encode(version), version);
    REQUIRE(types.groups.size() == 2);
    CHECK(types.has(EventType::measurement_changed));
    CHECK_FALSE(types.has(EventType::measurement_pre_update));
    CHECK(types.groups[1].vendor == vendor().vendor);
    CHECK(types.groups[1].version == 7);
    CHECK(types.groups[1].types == std::vector<std::uint16_t>{0xABCD});
    Event other{.id = 8, .registry = 3, .vendor = {0x36, 0x1b}, .type = 2, .detail = {1, 2, 3}};
    const SendEvent events = sent(SendEvent{{changed(7, 200), other}}.encode(version), version);
    REQUIRE(events.events.size() == 2);
    CHECK(events.events[0].is(EventType::measurement_changed));
    CHECK(bits_of(events.events[0].detail) == std::vector<std::uint8_t>{200});
    CHECK_FALSE(events.events[1].is(EventType::measurement_changed));  // the types of others are their own
    CHECK(events.events[1].detail == Bytes{1, 2, 3});
  }
  CHECK(subscription(SubscribeEventTypes{}.encode(k13)).groups.empty());
  CHECK(subscription(SubscribeEventTypes{{dmtf()}}.encode(k13)).groups.at(0).types == dmtf().types);
  CHECK_FALSE(SupportedEventTypes{{vendor()}}.has(EventType::measurement_changed));
}

TEST_CASE("events: details") {
  const EventLost lost = EventLost::decode(EventLost{5, 9}.encode());
  CHECK(lost.last_acknowledged == 5);
  CHECK(lost.last_lost == 9);
  CHECK_THROWS_AS(EventLost::decode(Bytes(7)), Error);
  CHECK_THROWS_AS(EventLost::decode(Bytes(9)), Error);
  CHECK(bits_of(map_of({0, 7, 8, 255}, 32)) == std::vector<std::uint8_t>{0, 7, 8, 255});
  CHECK(bits_of(Bytes{0x81}) == std::vector<std::uint8_t>{0, 7});
  CHECK(bits_of(Bytes(40, 0xFF)).size() == 256);
  for (const EventTypeRow& row : kEventTypes) CHECK(find_event_type(static_cast<std::uint16_t>(row.value)) == &row);
  CHECK(find_event_type(0) == nullptr);
  CHECK(find_event_type(5) == nullptr);
}

TEST_CASE("N305 SUPPORTED_EVENT_TYPES: counts and lengths") {
  const Bytes whole = SupportedEventTypes{{dmtf(), vendor()}}.encode(k13);
  refused_when_cut(whole, [](View cut) { supported(cut); });
  malformed("EventGroupCount", [&] { supported(with(whole, 2, {0})); });
  for (const std::uint8_t count : Octets{1, 3, 255}) CHECK_THROWS_AS(supported(with(whole, 2, {count})), Error);
  Bytes longer = whole;
  longer.push_back(0);
  CHECK_THROWS_AS(supported(longer), Error);
  CHECK_THROWS_AS(supported(with(longer, 4, {static_cast<std::uint8_t>(longer.size() - 8)})), Error);
  malformed("VendorIDLen", [] { supported(unhex("13620100 08000000 0001020304050607", "junk")); });  // what a device without events says
}

TEST_CASE("N358 lists of event groups that have no end, or say so") {
  const Bytes whole = SupportedEventTypes{{dmtf()}}.encode(k13);
  malformed("SupportedEventGroupsListLen", [&] { supported(with(whole, 4, {0, 0, 0, 0})); });
  malformed("SupportedEventGroupsListLen", [&] { supported(with(whole, 4, {0xFF, 0xFF, 0xFF, 0xFF})); });
  malformed("SupportedEventGroupsListLen", [&] { supported(with(whole, 4, {1, 0, 1, 0})); });
  malformed("SupportedEventGroupsListLen", [&] { supported(with(whole, 4, {0, 0, 1, 0})); });  // as many as may be, and they are not there
  for (const std::uint8_t count : Octets{4, 255}) malformed("EventTypeCount", [&] { supported(with(whole, 10, {count})); });
  malformed("EventTypeCount", [&] { supported(with(whole, 10, {0xFF, 0xFF})); });
  CHECK_THROWS_AS(supported(with(whole, 10, {2})), Error);  // one type is left over
  malformed("SubscribeListLen", [] { subscription(Bytes{k13, 0xF0, 1, 0, 0, 0, 0, 0}); });
}

TEST_CASE("N359 events: a vendor id that does not fit its registry") {
  EventGroup group = vendor();
  group.vendor = {1, 2, 3};
  malformed("VendorIDLen", [&] { supported(SupportedEventTypes{{group}}.encode(k13)); });
  group.registry = 0x55;
  malformed("VendorIDLen", [&] { supported(SupportedEventTypes{{group}}.encode(k13)); });
  Event event = changed(1);
  event.vendor = {1};
  malformed("VendorIDLen", [&] { sent(send({event})); });
}

TEST_CASE("N360 a group of DMTF in a version that is not defined") {
  for (const std::uint16_t version : {std::uint16_t{0}, std::uint16_t{2}, std::uint16_t{0xFFFF}}) {
    EventGroup group = dmtf();
    group.version = version;
    malformed("EventGroupVersion", [&] { supported(SupportedEventTypes{{group}}.encode(k13)); });
  }
}

TEST_CASE("N361 a group, or a type, is listed twice") {
  malformed("ID: a group", [] { supported(SupportedEventTypes{{dmtf(), vendor(), dmtf({3})}}.encode(k13)); });
  malformed("EventTypeID", [] { supported(SupportedEventTypes{{dmtf({2, 4, 2})}}.encode(k13)); });
}

TEST_CASE("N370 types that DMTF has not defined are listed") {
  const SupportedEventTypes types = supported(SupportedEventTypes{{dmtf({2, 5, 0xFFFF})}}.encode(k13));
  CHECK(types.has(EventType::measurement_changed));
  CHECK(types.groups.at(0).types.size() == 3);
}

TEST_CASE("Q27 a subscription to all types of a group, and to some; or to none") {
  EventGroup both = dmtf();
  both.all = true;
  malformed("EventTypeCount", [&] { subscription(SubscribeEventTypes{{both}}.encode(k13)); });
  malformed("EventTypeCount", [] { subscription(SubscribeEventTypes{{EventGroup{}}}.encode(k13)); });
  EventGroup all;
  all.all = true;
  CHECK(subscription(SubscribeEventTypes{{all, vendor()}}.encode(k13)).groups.size() == 2);
  refused_when_cut(SubscribeEventTypes{{dmtf()}}.encode(k13), [](View cut) { subscription(cut); });
  CHECK_THROWS_AS(subscription(Bytes{k13, 0xF0, 0, 0, 0}), Error);
}

TEST_CASE("N362 SEND_EVENT without events, and with more than anybody has") {
  malformed("EventCount: 0", [] { sent(send({})); });
  std::vector<Event> events;
  for (std::uint32_t id = 0; id < kMaxEvents; ++id) events.push_back(changed(id));
  CHECK(sent(send(events)).events.size() == kMaxEvents);
  events.push_back(changed(kMaxEvents));
  malformed("EventCount: 1025", [&] { sent(send(events)); });
}

TEST_CASE("N363 SEND_EVENT: more events than bytes, and bytes behind them") {
  const Bytes whole = send({changed(1), changed(2)});
  refused_when_cut(whole, [](View cut) { sent(cut); });
  malformed("EventCount", [&] { sent(with(whole, 4, {0xFF, 3})); });
  malformed("EventInstanceID", [&] { sent(with(whole, 4, {3})); });
  CHECK_THROWS_AS(sent(with(whole, 4, {1})), Error);
}

TEST_CASE("N364 an event of DMTF that is not defined") {
  for (const std::uint16_t type : {std::uint16_t{0}, std::uint16_t{5}, std::uint16_t{0xFFFF}}) {
    Event event = changed(1);
    event.type = type;
    malformed("EventTypeID", [&] { sent(send({event})); });
  }
}

TEST_CASE("N365 details of an event of DMTF that are too short or too long") {
  for (const EventTypeRow& row : kEventTypes) {
    Event event{.id = 1, .registry = kDmtfRegistry, .vendor = {}, .type = static_cast<std::uint16_t>(row.value), .detail = {}};
    event.detail = Bytes(row.detail_size);
    CHECK(sent(send({event})).events.at(0).detail.size() == row.detail_size);
    for (const std::size_t size : {row.detail_size - 1, row.detail_size + 1}) {
      event.detail = Bytes(size);
      malformed("EventDetailLen", [&] { sent(send({event})); });
    }
  }
}

TEST_CASE("N366 ids of events that lack, or are there twice") {
  using Ids = std::vector<std::uint32_t>;
  constexpr std::uint32_t last = 0xFFFFFFFF;
  CHECK(ids_of({5}) == Ids{5});
  CHECK(ids_of({5, 6, 7}) == Ids{5, 6, 7});
  CHECK(ids_of({7, 5, 6}) == Ids{5, 6, 7});                            // in any order
  CHECK(ids_of({0, last, 1, last - 1}) == Ids{last - 1, last, 0, 1});  // after the last number they begin anew
  for (const Ids& wrong : {Ids{5, 5}, Ids{5, 7}, Ids{5, 6, 8, 9}, Ids{5, 6, 5}, Ids{1, last}, Ids{0, last, last}, Ids{0, 1, last, 5}})
    malformed("EventInstanceID", [&] { ids_of(wrong); });
}
