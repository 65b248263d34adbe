#include "transport/emulated/drive.h"

#include <algorithm>
#include <utility>

#include "transport/socket/emu.h"
#include "transport/socket/storage_frames.h"

namespace spdm::transport {

namespace {

// In front of each secured message (DSP0286): zero, and not authenticated.
constexpr std::size_t kReserved = 4;
// What follows a response as stale-tail has it: it must not look like nothing.
constexpr std::uint8_t kStale = 0xA5;

constexpr std::uint8_t bit(StorageOperation operation) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(operation)); }

DriveReply refused() { return {.status = kNvmeInvalidField}; }

DriveReply cut(Bytes data, std::size_t allocation) {
  data.resize(std::min(data.size(), allocation));
  return {.data = std::move(data)};
}

}  // namespace

EmulatedDrive::EmulatedDrive(std::shared_ptr<const DeviceProfile> profile) : profile_(std::move(profile)) {
  if (!storage().waiting.empty()) channels_[0].waiting = Waiting{StorageOperation::message, storage().waiting};
}

std::uint8_t EmulatedDrive::operations() const {
  constexpr std::uint8_t plain = bit(StorageOperation::discovery) | bit(StorageOperation::pending_info) | bit(StorageOperation::message);
  return storage().operations.value_or(profile_->sessions ? plain | bit(StorageOperation::secured_message) : plain);
}

bool EmulatedDrive::has(std::uint8_t protocol) const {
  const auto& all = storage().protocols;
  return std::find(all.begin(), all.end(), protocol) != all.end();
}

// DSP0286: SPSP0 has the operation and, in its two lowest bits, the connection; SPSP1 is zero.
std::optional<StorageOperation> EmulatedDrive::operation_of(std::uint8_t protocol, std::uint16_t specific) const {
  const unsigned number = specific >> 2;
  if (protocol != kProtocolSpdm || !has(protocol) || number > 7 || (static_cast<unsigned>(operations()) >> number & 1U) == 0)
    return std::nullopt;
  if ((specific & 3U) >= storage().connections) return std::nullopt;
  return static_cast<StorageOperation>(number);
}

Reply EmulatedDrive::respond(Channel& channel, StorageOperation operation, View data) {
  if (!channel.responder) channel.responder.emplace(profile_).carry(Binding::storage);
  if (operation == StorageOperation::message) return channel.responder->respond(data);
  return channel.responder->respond_secured(data.subspan(std::min(data.size(), kReserved)));
}

DriveReply EmulatedDrive::send(std::uint8_t protocol, std::uint16_t specific, View data) {
  const std::optional<StorageOperation> operation = operation_of(protocol, specific);
  if (operation != StorageOperation::message && operation != StorageOperation::secured_message) return refused();
  Channel& channel = channels_[specific & 3U];
  if (channel.waiting) return refused();
  Reply reply = respond(channel, *operation, data);
  if (reply.action == Reply::Action::close) return {.closes = true};
  if (reply.action == Reply::Action::silence) return {};
  // A plain answer to a secured message has no reserved bytes: its first one, the version, is never zero.
  if (reply.secured) reply.bytes.insert(reply.bytes.begin(), kReserved, 0);
  channel.waiting = Waiting{*operation, std::move(reply.bytes), Clock::now() + reply.delay, storage().not_ready};
  return {};
}

DriveReply EmulatedDrive::receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation) {
  if (protocol == kProtocolList && specific == 0 && has(protocol)) return cut(encode_protocol_list(storage().protocols), allocation);
  const std::optional<StorageOperation> operation = operation_of(protocol, specific);
  if (!operation) return refused();
  Channel& channel = channels_[specific & 3U];
  const StorageDiscovery discovery{storage().version, storage().connections, operations(), storage().order};
  switch (*operation) {
    case StorageOperation::discovery:
      return cut(discovery.encode(), allocation);
    case StorageOperation::pending_info: {
      const bool waits = channel.waiting && channel.waiting->since <= Clock::now();
      const PendingInfo info{waits, waits ? static_cast<std::uint32_t>(channel.waiting->response.size()) : 0};
      return cut(info.encode(discovery.order), allocation);
    }
    case StorageOperation::message:
    case StorageOperation::secured_message:
      return response(channel, *operation, allocation);
  }
  return refused();
}

DriveReply EmulatedDrive::response(Channel& channel, StorageOperation operation, std::size_t allocation) const {
  std::optional<Waiting>& waiting = channel.waiting;
  if (!waiting || waiting->operation != operation || waiting->since > Clock::now()) return refused();
  if (waiting->refusals > 0) {
    --waiting->refusals;
    return refused();
  }
  if (waiting->response.size() > allocation) return refused();
  Bytes data = std::exchange(waiting, std::nullopt)->response;
  return storage().empty ? DriveReply{} : filled(std::move(data), allocation);
}

DriveReply EmulatedDrive::filled(Bytes data, std::size_t allocation) const {
  if (storage().stale_tail) data.resize(std::max(data.size(), std::min(allocation, kMaxFramePayload)), kStale);
  return {.data = std::move(data)};
}

}  // namespace spdm::transport
