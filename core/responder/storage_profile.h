// How an emulated device is a drive (DSP0286): a part of its description (profile.h). What is not given is as a sound drive has it.
#pragma once

#include <optional>
#include <vector>

#include "core/wire/security_protocol.h"

namespace spdm {

struct DeviceStorage {
  std::vector<std::uint8_t> protocols{kProtocolList, kProtocolSpdm};  // that it lists, and answers
  ByteOrder order = ByteOrder::little;                                // of its numbers
  std::uint16_t version = 0x1000;                                     // of the binding, as discovery says it
  std::uint8_t connections = 1;                                       // 1 to 4
  // Bit map of the operations that it has; empty: all, secured messages where the device has sessions.
  std::optional<std::uint8_t> operations = {};

  bool stale_tail = false;      // bytes of something else follow each response, up to the allocation length
  Bytes waiting = {};           // an old response that waits on connection 0 when a requester comes
  std::uint32_t not_ready = 0;  // how many times it refuses to give away each response that waits
  bool empty = false;           // it reports success, and gives no response away
};

}  // namespace spdm
