// An emulated device as a drive (DSP0286): what it makes of Security Send and Security Receive.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "core/protocol/link.h"
#include "core/responder/responder.h"

namespace spdm::transport {

// What became of a command.
struct DriveReply {
  bool closes = false;       // a fault: the drive is gone
  std::uint16_t status = 0;  // of NVMe (transport/socket/storage_frames.h)
  Bytes data = {};           // of a command that received; no more than was allocated
};

// One drive, fresh from reset. Connections of DSP0286 are apart: each has a responder, and one response that waits at most.
//   - A response that is larger than the allocation length is refused, and goes on waiting: nobody takes a part of it for the whole. Lists,
//     discovery and pending info are cut, as SPC-6 has it.
//   - A message that is never answered leaves no response, and one that is answered late leaves it late: a drive does not hold back
//     commands.
// All else that makes no sense is refused, with "Invalid Field in Command", and changes nothing (Q41, Q42, Q43).
class EmulatedDrive {
 public:
  explicit EmulatedDrive(std::shared_ptr<const DeviceProfile> profile);

  DriveReply send(std::uint8_t protocol, std::uint16_t specific, View data);
  DriveReply receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation);

 private:
  // By a message; it is received with the operation that its request was sent with.
  struct Waiting {
    StorageOperation operation{};
    Bytes response = {};
    Clock::time_point since = {};  // it waits from then on
    std::uint32_t refusals = 0;    // that are still to come
  };
  struct Channel {
    std::optional<Responder> responder;  // once it was asked
    std::optional<Waiting> waiting;
  };

  const DeviceStorage& storage() const { return profile_->storage; }
  std::uint8_t operations() const;
  bool has(std::uint8_t protocol) const;
  // The operation that the field names, where the drive has it.
  std::optional<StorageOperation> operation_of(std::uint8_t protocol, std::uint16_t specific) const;
  Reply respond(Channel& channel, StorageOperation operation, View data);
  DriveReply response(Channel& channel, StorageOperation operation, std::size_t allocation) const;
  DriveReply filled(Bytes data, std::size_t allocation) const;

  std::shared_ptr<const DeviceProfile> profile_;
  std::array<Channel, 4> channels_;  // by connection
};

}  // namespace spdm::transport
