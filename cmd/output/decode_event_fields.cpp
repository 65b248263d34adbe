// The messages of events, field by field.
#include <nlohmann/json.hpp>

#include "cmd/output/decoders.h"
#include "core/text.h"
#include "core/wire/events.h"
#include "core/wire/opaque.h"

namespace spdm::cmd::decoders {

namespace {

// DMTF has a name for each of its types; those of others are numbers.
Json type_fields(bool is_dmtf, std::uint16_t type) {
  Json out{{"id", type}};
  const EventTypeRow* row = is_dmtf ? find_event_type(type) : nullptr;
  if (row != nullptr) out["name"] = row->name;
  return out;
}

Json source_fields(std::uint8_t registry, const Bytes& vendor) {
  Json out{{"registry", registry_name(registry)}, {"registry_id", registry}};
  if (!vendor.empty()) out["vendor_id"] = hex(vendor);
  return out;
}

Json group_fields(const std::vector<EventGroup>& groups) {
  Json out = Json::array();
  for (const EventGroup& group : groups) {
    Json one = source_fields(group.registry, group.vendor);
    one["version"] = group.version;
    if (group.all) one["all_event_types"] = true;
    one["event_types"] = Json::array();
    for (const std::uint16_t type : group.types) one["event_types"].push_back(type_fields(group.is_dmtf(), type));
    out.push_back(std::move(one));
  }
  return out;
}

void add_details(Json& out, const Event& event) {
  if (event.is(EventType::event_lost)) {
    const EventLost lost = EventLost::decode(event.detail);
    out["last_acknowledged_instance_id"] = lost.last_acknowledged;
    out["last_lost_instance_id"] = lost.last_lost;
  }
  if (event.is(EventType::measurement_changed) || event.is(EventType::measurement_pre_update))
    out["measurement_indices"] = bits_of(event.detail);
  if (event.is(EventType::certificate_changed)) out["slots"] = bits_of(event.detail);
}

}  // namespace

Json supported_event_types(DecodeInput& in) {
  return Json{{"event_groups", group_fields(SupportedEventTypes::decode(in.reader, in.version()).groups)}};
}

Json subscribe_event_types(DecodeInput& in) {
  return Json{{"event_groups", group_fields(SubscribeEventTypes::decode(in.reader, in.version()).groups)}};
}

Json send_event(DecodeInput& in) {
  Json events = Json::array();
  for (const Event& event : SendEvent::decode(in.reader, in.version()).events) {
    Json one{{"instance_id", event.id}};
    one.update(source_fields(event.registry, event.vendor));
    one["event_type"] = type_fields(event.registry == kDmtfRegistry, event.type);
    add_details(one, event);
    one["detail"] = hex(event.detail);
    events.push_back(std::move(one));
  }
  return Json{{"events", std::move(events)}};
}

}  // namespace spdm::cmd::decoders
