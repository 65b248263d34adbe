#include "core/wire/events.h"

#include <algorithm>

#include "core/text.h"
#include "core/wire/opaque.h"

namespace spdm {

namespace {

constexpr std::uint32_t kAllTypes = 1;      // Attributes, bit 0
constexpr std::size_t kTypeSize = 4;        // EventTypeID, reserved
constexpr std::size_t kSmallestEvent = 14;  // without a vendor id and details
constexpr std::string_view kVendor = "VendorIDLen";

// Registry and vendor id, as all of DSP0274 has them ("Standards body or vendor-defined header").
void read_vendor(Reader& reader, std::uint8_t& registry, Bytes& vendor) {
  registry = reader.u8("ID");
  vendor = to_bytes(reader.take(reader.u8(kVendor), "VendorID"));
  if (!vendor_length_fits(registry, vendor.size()))  // N359
    reader.fail(kVendor, cat(vendor.size(), " does not fit registry ", registry));
}

EventGroup read_group(Reader& reader) {
  EventGroup out;
  read_vendor(reader, out.registry, out.vendor);
  const std::size_t count = reader.u16("EventTypeCount");
  out.version = reader.u16("EventGroupVersion");
  // N360: what the types of another version mean nobody knows. Other registries have versions of their own.
  if (out.is_dmtf() && out.version != kEventGroupVersion)
    reader.fail("EventGroupVersion", cat(out.version, ", ", kEventGroupVersion, " is defined"));
  out.all = (reader.u32("Attributes") & kAllTypes) != 0;
  // N358: before memory is taken for them.
  if (count > reader.remaining() / kTypeSize) reader.fail("EventTypeCount", cat(count, ", and ", reader.remaining(), " bytes are left"));
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t type = reader.u16("EventTypeID");
    reader.skip(2, "reserved");
    out.types.push_back(type);
  }
  std::vector<std::uint16_t> sorted = out.types;
  std::sort(sorted.begin(), sorted.end());
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end()) reader.fail("EventTypeID", "a type is listed twice");  // N361
  return out;
}

// `count` groups behind the length of all of them.
std::vector<EventGroup> read_groups(Reader& reader, std::uint8_t count, std::string_view length_field) {
  const std::uint32_t size = reader.u32(length_field);
  if (size == 0 || size > kMaxEventGroupsSize)  // N358
    reader.fail(length_field, cat(size, ", 1 to ", kMaxEventGroupsSize, " are possible"));
  Reader list = reader.inside(reader.take(size, length_field));
  std::vector<EventGroup> out;
  for (unsigned i = 0; i < count; ++i) {
    EventGroup group = read_group(list);
    const auto same = [&](const EventGroup& other) { return other.registry == group.registry && other.vendor == group.vendor; };
    if (std::any_of(out.begin(), out.end(), same)) list.fail("ID", "a group is listed twice");  // N361
    out.push_back(std::move(group));
  }
  list.assert_done();
  return out;
}

Bytes encode_groups(const std::vector<EventGroup>& groups) {
  Writer out;
  for (const EventGroup& group : groups) {
    out.u8(group.registry).u8(group.vendor.size()).bytes(group.vendor);
    out.u16(group.types.size()).u16(group.version).u32(group.all ? kAllTypes : 0);
    for (const std::uint16_t type : group.types) out.u16(type).zeros(2);
  }
  return out.take();
}

Event read_event(Reader& reader) {
  Event out;
  out.id = reader.u32("EventInstanceID");
  reader.skip(4, "reserved");
  read_vendor(reader, out.registry, out.vendor);
  out.type = reader.u16("EventTypeID");
  const std::size_t size = reader.u16("EventDetailLen");
  if (out.registry == kDmtfRegistry) {
    const EventTypeRow* row = find_event_type(out.type);
    if (row == nullptr) reader.fail("EventTypeID", cat(out.type, " is not defined by DMTF"));  // N364
    if (size != row->detail_size)                                                              // N365
      reader.fail("EventDetailLen", cat(size, ", the details of ", row->name, " have ", row->detail_size));
  }
  out.detail = to_bytes(reader.take(size, "EventDetail"));
  return out;
}

// The ids of one message follow each other, and after the last number comes 0 (N366).
void put_in_order(const Reader& reader, std::vector<Event>& events) {
  const auto skips = [](const Event& a, const Event& b) { return static_cast<std::uint32_t>(a.id + 1) != b.id; };
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.id < b.id; });
  // Where the numbers begin anew, the first event is the one behind the gap.
  const auto gap = std::adjacent_find(events.begin(), events.end(), skips);
  if (gap != events.end()) std::rotate(events.begin(), gap + 1, events.end());
  if (std::adjacent_find(events.begin(), events.end(), skips) != events.end())
    reader.fail("EventInstanceID", "a number is repeated or missing");
}

}  // namespace

const EventTypeRow* find_event_type(std::uint16_t number) {
  for (const EventTypeRow& row : kEventTypes)
    if (static_cast<std::uint16_t>(row.value) == number) return &row;
  return nullptr;
}

Bytes encode_get_supported_event_types(std::uint8_t version) { return begin(version, Code::get_supported_event_types).take(); }

Bytes SupportedEventTypes::encode(std::uint8_t version) const {
  const Bytes list = encode_groups(groups);
  return begin(version, Code::supported_event_types, static_cast<std::uint8_t>(groups.size())).u32(list.size()).bytes(list).take();
}

SupportedEventTypes SupportedEventTypes::decode(Reader& reader, std::uint8_t version) {
  const std::uint8_t count = expect(reader, Code::supported_event_types, version).param1;
  if (count == 0) reader.fail("EventGroupCount", "0, but a device with EVENT_CAP has at least one");  // N305
  return {read_groups(reader, count, "SupportedEventGroupsListLen")};
}

bool SupportedEventTypes::has(EventType type) const {
  for (const EventGroup& group : groups)
    if (group.is_dmtf()) return std::find(group.types.begin(), group.types.end(), static_cast<std::uint16_t>(type)) != group.types.end();
  return false;
}

Bytes SubscribeEventTypes::encode(std::uint8_t version) const {
  Writer out = begin(version, Code::subscribe_event_types, static_cast<std::uint8_t>(groups.size()));
  if (groups.empty()) return out.take();
  const Bytes list = encode_groups(groups);
  return out.u32(list.size()).bytes(list).take();
}

SubscribeEventTypes SubscribeEventTypes::decode(Reader& reader, std::uint8_t version) {
  SubscribeEventTypes out;
  const std::uint8_t count = expect(reader, Code::subscribe_event_types, version).param1;
  if (count == 0) return out;
  out.groups = read_groups(reader, count, "SubscribeListLen");
  for (const EventGroup& group : out.groups)
    if (group.all != group.types.empty())
      reader.fail("EventTypeCount", "a subscription either lists types or asks for all of them");  // Q27
  return out;
}

Bytes SendEvent::encode(std::uint8_t version) const {
  Writer out = begin(version, Code::send_event);
  out.u32(events.size());
  for (const Event& event : events) {
    out.u32(event.id).zeros(4).u8(event.registry).u8(event.vendor.size()).bytes(event.vendor);
    out.u16(event.type).u16(event.detail.size()).bytes(event.detail);
  }
  return out.take();
}

SendEvent SendEvent::decode(Reader& reader, std::uint8_t version) {
  SendEvent out;
  expect(reader, Code::send_event, version);
  const std::uint32_t count = reader.u32("EventCount");
  if (count == 0 || count > kMaxEvents) reader.fail("EventCount", cat(count, ", 1 to ", kMaxEvents, " are possible"));  // N362
  // N363: before memory is taken for them.
  if (count > reader.remaining() / kSmallestEvent) reader.fail("EventCount", cat(count, ", and ", reader.remaining(), " bytes are left"));
  for (std::uint32_t i = 0; i < count; ++i) out.events.push_back(read_event(reader));
  put_in_order(reader, out.events);
  return out;
}

EventLost EventLost::decode(View detail) {
  Reader reader(detail, "event-lost");
  EventLost out;
  out.last_acknowledged = reader.u32("LastAckedEventInstID");
  out.last_lost = reader.u32("LastLostEventInstID");
  reader.assert_done();
  return out;
}

std::vector<std::uint8_t> bits_of(View map) {
  std::vector<std::uint8_t> out;
  for (std::size_t bit = 0; bit < std::min<std::size_t>(8 * map.size(), 256); ++bit)
    if ((map[bit / 8] >> bit % 8 & 1) != 0) out.push_back(static_cast<std::uint8_t>(bit));
  return out;
}

Bytes map_of(const std::vector<std::uint8_t>& bits, std::size_t size) {
  Bytes out(size);
  for (const std::uint8_t bit : bits) out.at(bit / 8) = static_cast<std::uint8_t>(out.at(bit / 8) | 1U << bit % 8);
  return out;
}

}  // namespace spdm
