// Events (DSP0274 1.3+, "Event mechanism"): GET_SUPPORTED_EVENT_TYPES / SUPPORTED_EVENT_TYPES say which a device can tell of,
// SUBSCRIBE_EVENT_TYPES / SUBSCRIBE_EVENT_TYPES_ACK who wants to know of which, SEND_EVENT / EVENT_ACK that some have happened. All go
// inside of sessions only; a responder sends SEND_EVENT as an encapsulated request.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/negotiate.h"

namespace spdm {

// Bytes of a list of event groups, and events of one message: devices have a few of each.
inline constexpr std::uint32_t kMaxEventGroupsSize = 0x10000, kMaxEvents = 1024;

inline constexpr std::uint8_t kDmtfRegistry = 0;
inline constexpr std::uint16_t kEventGroupVersion = 1;

// The event types of DMTF. Those of others are numbers of their own.
enum class EventType : std::uint16_t { event_lost = 1, measurement_changed = 2, measurement_pre_update = 3, certificate_changed = 4 };
struct EventTypeRow {
  EventType value;
  std::string_view name;
  std::size_t detail_size;  // exactly
};
inline constexpr std::array kEventTypes{
    EventTypeRow{EventType::event_lost, "event-lost", 8},
    EventTypeRow{EventType::measurement_changed, "measurement-changed", 32},
    EventTypeRow{EventType::measurement_pre_update, "measurement-pre-update", 32},
    EventTypeRow{EventType::certificate_changed, "certificate-changed", 1},
};
// nullptr for a number that DMTF has not defined.
const EventTypeRow* find_event_type(std::uint16_t number);

struct EventGroup {
  std::uint8_t registry = kDmtfRegistry;  // see opaque.h
  Bytes vendor;
  std::uint16_t version = kEventGroupVersion;
  bool all = false;  // of a subscription: to every type of the group, and none is listed
  std::vector<std::uint16_t> types;

  bool is_dmtf() const { return registry == kDmtfRegistry && vendor.empty(); }
};

Bytes encode_get_supported_event_types(std::uint8_t version);

struct SupportedEventTypes {
  std::vector<EventGroup> groups;

  Bytes encode(std::uint8_t version) const;
  // Checks counts and lengths, and that neither a group nor a type is there twice.
  static SupportedEventTypes decode(Reader& reader, std::uint8_t version);
  // Types that DMTF has not defined are listed as others are: nobody has to subscribe to them.
  bool has(EventType type) const;
};

struct SubscribeEventTypes {
  std::vector<EventGroup> groups;  // none: it ends every subscription of the session

  Bytes encode(std::uint8_t version) const;
  static SubscribeEventTypes decode(Reader& reader, std::uint8_t version);
};

struct Event {
  std::uint32_t id = 0;  // EventInstanceID: the notifier counts
  std::uint8_t registry = kDmtfRegistry;
  Bytes vendor;
  std::uint16_t type = 0;
  Bytes detail;

  bool is(EventType wanted) const { return registry == kDmtfRegistry && type == static_cast<std::uint16_t>(wanted); }
};

struct SendEvent {
  std::vector<Event> events;

  Bytes encode(std::uint8_t version) const;
  // The events in the order of their ids, in whatever order they came. Checks that none lacks between the first and the last, that
  // those of DMTF are defined, and that their details have the size that they have to have.
  static SendEvent decode(Reader& reader, std::uint8_t version);
};

// The details of event-lost: the last event that was acknowledged, and the last one that is lost.
struct EventLost {
  std::uint32_t last_acknowledged = 0, last_lost = 0;

  Bytes encode() const { return Writer().u32(last_acknowledged).u32(last_lost).take(); }
  static EventLost decode(View detail);
};

// The bits of a map, from bit 0 of the first byte on: indices of measurements that changed or will change, slots of certificates.
std::vector<std::uint8_t> bits_of(View map);
Bytes map_of(const std::vector<std::uint8_t>& bits, std::size_t size);

}  // namespace spdm
