// What happens in an emulated device, and of what it tells: a part of its description (session_profile.h).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/wire/events.h"

namespace spdm {

struct DeviceEvent {
  std::uint32_t after = 0;  // so many questions of requesters that have subscribed are answered before it
  EventType type = EventType::measurement_changed;
  std::vector<std::uint8_t> places;  // indices of measurements, or slots; none of event-lost
  std::optional<Bytes> value;        // what is measured at these indices from then on
};

struct DeviceEvents {
  std::vector<EventType> types;  // that it lists; empty: every one of DMTF
  std::vector<DeviceEvent> happen;
};

}  // namespace spdm
