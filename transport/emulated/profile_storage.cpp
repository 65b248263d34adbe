#include "transport/emulated/profile_storage.h"

#include <algorithm>

#include "core/text.h"
#include "transport/socket/emu.h"

namespace spdm::transport {

using yaml::Section;
using yaml::Value;

namespace {

constexpr std::uint32_t kMostRefusals = 1000;

std::vector<std::uint8_t> protocols_of(const Value& list) {
  std::vector<std::uint8_t> out;
  for (const Value& one : list.list()) {
    const auto protocol = static_cast<std::uint8_t>(one.number(0, 255));
    if (std::find(out.begin(), out.end(), protocol) != out.end()) one.fail("it is listed twice");
    out.push_back(protocol);
  }
  return out;
}

std::uint8_t operations_of(const Value& list) {
  unsigned out = 0;
  for (const Value& one : list.list()) out |= 1U << static_cast<unsigned>(one.word(kStorageOperations));
  return static_cast<std::uint8_t>(out);
}

}  // namespace

DeviceStorage read_storage(const Value& value) {
  DeviceStorage out;
  const Section in(value,
                   {"protocols", "byte-order", "version", "connections", "operations", "stale-tail", "waiting", "not-ready", "empty"});
  in.with("protocols", [&](const Value& list) { out.protocols = protocols_of(list); });
  in.with("byte-order", [&](const Value& one) { out.order = one.word(kByteOrders); });
  in.with("version", [&](const Value& one) { out.version = static_cast<std::uint16_t>(one.number(0, 0xFFFF)); });
  in.with("connections", [&](const Value& one) { out.connections = static_cast<std::uint8_t>(one.number(1, 4)); });
  in.with("operations", [&](const Value& list) { out.operations = operations_of(list); });
  in.with("stale-tail", [&](const Value& one) { out.stale_tail = one.boolean(); });
  in.with("waiting", [&](const Value& one) {
    out.waiting = one.hex();
    if (out.waiting.size() > kMaxFramePayload) one.fail("does not fit", cat("at most ", kMaxFramePayload, " bytes"));
  });
  in.with("not-ready", [&](const Value& one) { out.not_ready = one.number(0, kMostRefusals); });
  in.with("empty", [&](const Value& one) { out.empty = one.boolean(); });
  return out;
}

}  // namespace spdm::transport
