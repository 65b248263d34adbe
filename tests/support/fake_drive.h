// A drive behind the seam of two commands: what a drive keeps of DSP0286, with answers from a function, and every command on a list.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/security_protocol.h"
#include "transport/storage/security_commands.h"

namespace fake {

using spdm::Bytes;
using spdm::StorageOperation;
using spdm::View;

// What the drive does, for the test to change while a link has the drive.
struct DriveState {
  std::vector<std::uint8_t> protocols{0x00, 0xE8};
  spdm::StorageDiscovery discovery{.version = 0x1000, .connections = 1, .operations = 0x66, .order = spdm::ByteOrder::little};
  std::function<Bytes(StorageOperation operation, View message)> answer = [](StorageOperation, View) { return Bytes{0x10, 0x04, 0, 0}; };
  std::optional<Bytes> waiting;                           // a response that nobody has received yet
  StorageOperation waits_as = StorageOperation::message;  // by which operation it is to be received
  std::uint8_t behind = 0;                                // what the buffer holds behind a response
  unsigned not_ready = 0;                                 // receives that are refused before the response of a message is there
  bool keeps = false;                                     // a response stays where it is, whoever receives it
  std::function<void()> before = [] {};                   // before each command; it may throw
  std::function<void()> after_send = [] {};               // once a message has arrived; it may throw
  std::vector<std::string> commands;                      // "receive 00 0000 512", "send e8 0014 4"
};

class Drive final : public spdm::transport::SecurityCommands {
 public:
  using Completion = spdm::transport::Completion;

  explicit Drive(DriveState& state) : state_(state) {}

  Completion send(std::uint8_t protocol, std::uint16_t specific, View data, spdm::Clock::time_point) override {
    note("send", protocol, specific, data.size());
    const auto operation = static_cast<StorageOperation>(specific >> 2);
    if (protocol != spdm::kProtocolSpdm || state_.waiting) return refused();
    state_.waiting = state_.answer(operation, data);
    state_.waits_as = operation;
    state_.after_send();
    return {};
  }

  Completion receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, spdm::Clock::time_point) override {
    note("receive", protocol, specific, allocation);
    if (protocol == spdm::kProtocolList) return filled(spdm::encode_protocol_list(state_.protocols), allocation);
    switch (const auto operation = static_cast<StorageOperation>(specific >> 2)) {
      case StorageOperation::discovery:
        return filled(state_.discovery.encode(), allocation);
      case StorageOperation::pending_info: {
        const bool waits = state_.waiting.has_value() && state_.not_ready == 0;
        if (state_.not_ready > 0) --state_.not_ready;
        const auto size = static_cast<std::uint32_t>(waits ? state_.waiting->size() : 0);
        return filled(spdm::PendingInfo{.waits = waits, .length = size}.encode(state_.discovery.order), allocation);
      }
      default:
        if (!state_.waiting || operation != state_.waits_as || state_.not_ready > 0) return refused();
        Completion out = filled(*state_.waiting, allocation);
        if (!state_.keeps) state_.waiting.reset();
        return out;
    }
  }

 private:
  void note(const char* what, std::uint8_t protocol, std::uint16_t specific, std::size_t size) {
    state_.before();
    state_.commands.push_back(spdm::cat(what, " ", spdm::hex(protocol, 2), " ", spdm::hex(specific, 4), " ", size));
  }
  static Completion refused() { return {.refusal = "NVMe status 0x4002 (Invalid Field in Command)", .data = {}}; }
  Completion filled(const Bytes& response, std::size_t allocation) const {
    Completion out{.refusal = {}, .data = Bytes(allocation, 0)};
    std::copy_n(response.begin(), std::min(response.size(), allocation), out.data.begin());
    for (std::size_t i = response.size(); i < allocation; ++i) out.data[i] = state_.behind;
    return out;
  }

  DriveState& state_;
};

}  // namespace fake
