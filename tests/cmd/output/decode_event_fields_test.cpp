// The messages of events, field by field.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "cmd/output/decode_fields.h"
#include "core/text.h"
#include "core/wire/encapsulated.h"
#include "core/wire/events.h"

using namespace spdm;
using spdm::cmd::DecodeContext;

namespace {

Json decode(const Bytes& message) {
  DecodeContext context{};
  context.parameters.version = k13;
  const std::optional<cmd::Fields> out = cmd::decode_fields(message, context);
  REQUIRE(out);
  CHECK(out->used == message.size());
  return out->fields;
}

EventGroup dmtf() {
  EventGroup out;
  out.types = {1, 2, 77};
  return out;
}

EventGroup vendor() { return {.registry = 3, .vendor = {0x36, 0x1b}, .version = 4, .all = true, .types = {}}; }

}  // namespace

TEST_CASE("decode: event types that are listed, and subscribed to") {
  const Json group{{"registry", "DMTF"},
                   {"registry_id", 0},
                   {"version", 1},
                   {"event_types", {{{"id", 1}, {"name", "event-lost"}}, {{"id", 2}, {"name", "measurement-changed"}}, {{"id", 77}}}}};
  CHECK(decode(encode_get_supported_event_types(k13)) == Json::object());
  CHECK(decode(SupportedEventTypes{{dmtf()}}.encode(k13)) == Json{{"event_groups", {group}}});
  const Json of_vendor{{"registry", "PCI-SIG"}, {"registry_id", 3},        {"vendor_id", "361b"},
                       {"version", 4},          {"all_event_types", true}, {"event_types", Json::array()}};
  CHECK(decode(SubscribeEventTypes{{dmtf(), vendor()}}.encode(k13)) == Json{{"event_groups", {group, of_vendor}}});
  CHECK(decode(SubscribeEventTypes{}.encode(k13)) == Json{{"event_groups", Json::array()}});
  CHECK(decode(begin(k13, Code::subscribe_event_types_ack).take()) == Json::object());
  CHECK(decode(begin(k13, Code::event_ack).take()) == Json::object());
}

TEST_CASE("decode: events, by their types, alone and in an encapsulated request") {
  const auto event = [](std::uint32_t id, EventType type, Bytes detail) {
    return Event{.id = id, .registry = kDmtfRegistry, .vendor = {}, .type = static_cast<std::uint16_t>(type), .detail = std::move(detail)};
  };
  const SendEvent message{{event(3, EventType::event_lost, EventLost{1, 2}.encode()),
                           event(4, EventType::measurement_changed, map_of({2, 254}, 32)),
                           event(5, EventType::measurement_pre_update, map_of({}, 32)), event(6, EventType::certificate_changed, {0x82}),
                           Event{.id = 7, .registry = 3, .vendor = {0x36, 0x1b}, .type = 2, .detail = {0xAB}}}};
  const Json out = decode(message.encode(k13));
  REQUIRE(out["events"].size() == 5);
  CHECK(out["events"][0] == Json{{"instance_id", 3},
                                 {"registry", "DMTF"},
                                 {"registry_id", 0},
                                 {"event_type", {{"id", 1}, {"name", "event-lost"}}},
                                 {"last_acknowledged_instance_id", 1},
                                 {"last_lost_instance_id", 2},
                                 {"detail", "0100000002000000"}});
  CHECK(out["events"][1]["measurement_indices"] == Json{2, 254});
  CHECK(out["events"][2]["measurement_indices"] == Json::array());
  CHECK(out["events"][3]["slots"] == Json{1, 7});
  CHECK(out["events"][4] == Json{{"instance_id", 7},
                                 {"registry", "PCI-SIG"},
                                 {"registry_id", 3},
                                 {"vendor_id", "361b"},
                                 {"event_type", {{"id", 2}}},
                                 {"detail", "ab"}});
  const Json outer = decode(EncapsulatedRequest{.id = 1, .request = message.encode(k13)}.encode(k13));
  CHECK(outer["encapsulated_request"]["name"] == "SEND_EVENT");
  CHECK(outer["encapsulated_request"]["fields"] == out);
}
