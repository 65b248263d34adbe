#include "transport/emulated/profile_events.h"

#include <algorithm>

#include "core/wire/digests.h"

namespace spdm::transport {

using yaml::Section;
using yaml::Value;

namespace {

constexpr std::size_t kMostEvents = 64;

void read_places(const Section& in, std::string_view key, std::uint64_t low, std::uint64_t high, std::vector<std::uint8_t>& out) {
  in.with(key, [&](const Value& list) {
    for (const Value& one : list.list()) out.push_back(static_cast<std::uint8_t>(one.number(low, high)));
  });
}

DeviceEvent event_of(const Value& value, const ProfileFiles& files) {
  const Section in(value, {"type", "after", "indices", "slots", "text", "hex", "file", "number"});
  DeviceEvent out;
  out.type = in.get("type").word(kEventTypes);
  in.with("after", [&](const Value& one) { out.after = one.number(0, 0xFFFFFFFE); });
  const bool of_slots = out.type == EventType::certificate_changed;
  const bool of_measurements = out.type == EventType::measurement_changed || out.type == EventType::measurement_pre_update;
  if (in.find("indices") && !of_measurements) in.get("indices").fail("only measurements have indices", "leave it out");
  if (in.find("slots") && !of_slots) in.get("slots").fail("only certificates are in slots", "leave it out");
  read_places(in, "indices", 1, 0xFE, out.places);
  read_places(in, "slots", 0, kSlots - 1, out.places);
  out.value = files.contents(in);
  if (out.value && out.places.empty()) in.fail("nothing is said to have this value", "give indices, or leave the value out");
  return out;
}

}  // namespace

std::optional<DeviceEvents> read_events(const Value& value, const ProfileFiles& files) {
  DeviceEvents out;
  if (value.node().IsScalar()) return value.boolean() ? std::optional(out) : std::nullopt;
  const Section in(value, {"types", "happen"});
  in.with("types", [&](const Value& list) {
    for (const Value& one : list.list()) {
      const EventType type = one.word(kEventTypes);
      if (std::find(out.types.begin(), out.types.end(), type) != out.types.end()) one.fail("it is listed twice");
      out.types.push_back(type);
    }
  });
  in.with("happen", [&](const Value& list) {
    for (const Value& one : list.list()) out.happen.push_back(event_of(one, files));
    if (out.happen.size() > kMostEvents) list.fail(cat(out.happen.size(), " events"), cat("at most ", kMostEvents));
  });
  return out;
}

}  // namespace spdm::transport
