#include "transport/storage/storage_link.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/evidence/evidence.h"
#include "core/text.h"
#include "core/wire/security_protocol.h"
#include "transport/base/binding.h"
#include "transport/base/pace.h"

namespace spdm::transport {

namespace {

// ATA transfers come in blocks of this size (DSP0286); the kernel rounds up, and so do we.
constexpr std::size_t kBlock = 512;
// Responses that may wait when we come. A drive has room for one; who has more than a few makes them up.
constexpr unsigned kMostWaiting = 4;
// How long the farewell to a drive may take that has not answered.
constexpr auto kFarewell = std::chrono::seconds(1);

bool is_empty(View data) {
  return std::all_of(data.begin(), data.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::size_t in_blocks(std::size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

// What the drive has of its own.
Bytes read(SecurityCommands& commands, StorageOperation operation, std::size_t allocation, Clock::time_point deadline) {
  Completion answer = commands.receive(kProtocolSpdm, protocol_specific(operation), allocation, deadline);
  if (answer.is_good()) return std::move(answer.data);
  const bool discovers = operation == StorageOperation::discovery;
  throw Error(ErrorId::peer, cat("the drive refuses ", discovers ? "discovery" : "pending info", ": ", answer.refusal));
}

// What stands in front of a secured message (DSP0286): zero, and not authenticated.
constexpr std::size_t kReserved = 4;

// The secured message in what was received, which ends where its length says. A plain message answers where the drive has no such session:
// its first byte, the version, is not zero (N43, N314).
SecuredReply secured_reply(Bytes received) {
  if (!is_empty(View(received).first(std::min(received.size(), kReserved)))) return {false, std::move(received)};
  Reader reader(received, "secured message");
  reader.skip(kReserved, "reserved");
  reader.skip(4, "session id");
  reader.skip(2, "sequence number");
  const std::uint16_t length = reader.u16("length");
  reader.skip(length, "ciphertext");
  return {true, to_bytes(View(received).subspan(kReserved, reader.offset() - kReserved))};
}

class StorageLink final : public Link {
 public:
  StorageLink(std::unique_ptr<SecurityCommands> commands, const StorageLinkOptions& options)
      : commands_(std::move(commands)), options_(options) {}
  ~StorageLink() override;

  void connect(Clock::time_point deadline) override;
  Bytes exchange(View request, Clock::time_point deadline) override { return transact(StorageOperation::message, request, deadline); }
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override;
  bool carries_sessions() const override { return has(StorageOperation::secured_message); }
  void describe(HostView& host) const override {
    if (host.drive) host.drive->discovery = discovery_;
  }
  Binding binding() const override { return Binding::storage; }
  std::size_t max_receive() const override { return options_.max_message; }

 private:
  bool has(StorageOperation operation) const { return discovery_ && discovery_->has(operation); }
  PendingInfo pending(Clock::time_point deadline);
  Bytes transact(StorageOperation operation, View request, Clock::time_point deadline);
  Bytes receive(StorageOperation operation, Clock::time_point deadline);
  void assert_fits(const PendingInfo& info) const;
  [[noreturn]] void refuse_nothing(Clock::time_point deadline);
  // Receives and throws away what waits. What is more than a command takes is left where it is.
  void drain(Clock::time_point deadline);
  bool drain_one(std::size_t allocation, Clock::time_point deadline);

  std::unique_ptr<SecurityCommands> commands_;
  StorageLinkOptions options_;
  std::optional<StorageDiscovery> discovery_;
  bool unanswered_ = false;  // a message was sent, or may have been, and no response received
};

void StorageLink::connect(Clock::time_point deadline) {
  if (discovery_) return;
  if (!speaks_spdm(list_protocols(*commands_, deadline)))
    throw Error(ErrorId::no_spdm, "the drive does not speak SPDM: its security protocols do not include E8h (DSP0286)");
  discovery_ = discover(*commands_, deadline);
  drain(deadline);
}

PendingInfo StorageLink::pending(Clock::time_point deadline) {
  return PendingInfo::decode(read(*commands_, StorageOperation::pending_info, kPendingInfoAllocation, deadline), discovery_->order);
}

Bytes StorageLink::transact(StorageOperation operation, View request, Clock::time_point deadline) {
  connect(deadline);  // for callers that did not: the pipeline does
  if (std::exchange(unanswered_, false)) drain(deadline);
  unanswered_ = true;  // also where the command fails on its way: the drive may have it
  const Completion sent = commands_->send(kProtocolSpdm, protocol_specific(operation), request, deadline);
  if (!sent.is_good()) {
    unanswered_ = false;
    throw Error(ErrorId::peer, cat("the drive refuses a message of ", request.size(), " bytes: ", sent.refusal),
                request.size() > kBlock ? "if it takes less in one command, give the target ?max=BYTES" : "");
  }
  Bytes response = receive(operation, deadline);
  unanswered_ = false;
  return response;
}

SecuredReply StorageLink::exchange_secured(View record, Clock::time_point deadline) {
  connect(deadline);
  if (!carries_sessions())
    throw Error(ErrorId::unsupported, "no session can be opened: the drive carries no secured messages (operation 6 of DSP0286)");
  const Bytes request = Writer().zeros(kReserved).bytes(record).take();
  return secured_reply(transact(StorageOperation::secured_message, request, deadline));
}

// A drive that has no response yet refuses the command. Pending info then tells when to try again.
Bytes StorageLink::receive(StorageOperation operation, Clock::time_point deadline) {
  const auto take = [&] {
    return commands_->receive(kProtocolSpdm, protocol_specific(operation), in_blocks(options_.max_message), deadline);
  };
  Completion answer = take();
  for (Pace pace(deadline); !answer.is_good();) {
    if (!pace.wait()) throw Error(ErrorId::timeout, cat("the drive has no response in time: ", answer.refusal));
    const PendingInfo info = has(StorageOperation::pending_info) ? pending(deadline) : PendingInfo{.waits = true};
    assert_fits(info);
    if (info.waits) answer = take();
  }
  if (is_empty(answer.data)) refuse_nothing(deadline);
  return std::move(answer.data);
}

// Some drives refuse to give a part of a response away, others give nothing.
void StorageLink::assert_fits(const PendingInfo& info) const {
  if (!info.waits || info.length <= in_blocks(options_.max_message)) return;
  throw Error(ErrorId::peer, cat("the drive has a response of ", info.length, " bytes; we take ", options_.max_message));
}

// No SPDM message begins with a zero: the version is 1.0 at least.
void StorageLink::refuse_nothing(Clock::time_point deadline) {
  if (has(StorageOperation::pending_info)) assert_fits(pending(deadline));
  throw Error(ErrorId::peer, "the drive reports success and sends nothing");
}

bool StorageLink::drain_one(std::size_t allocation, Clock::time_point deadline) {
  for (const StorageOperation operation : {StorageOperation::message, StorageOperation::secured_message}) {
    if (!has(operation)) continue;
    const Completion old = commands_->receive(kProtocolSpdm, protocol_specific(operation), allocation, deadline);
    if (old.is_good() && !is_empty(old.data)) return true;
  }
  return false;
}

void StorageLink::drain(Clock::time_point deadline) {
  for (unsigned i = 0; i < kMostWaiting; ++i) {
    std::size_t allocation = in_blocks(options_.max_message);
    if (has(StorageOperation::pending_info)) {
      const PendingInfo info = pending(deadline);
      if (!info.waits) return;
      allocation = std::max(allocation, in_blocks(std::min<std::size_t>(info.length, kMostTransferred)));
      if (!drain_one(allocation, deadline))
        throw Error(ErrorId::busy, cat("the drive holds a response of ", info.length, " bytes to somebody else's request"),
                    "wait until nobody else uses the drive, or reset it");
    } else if (!drain_one(allocation, deadline)) {
      return;
    }
  }
  throw Error(ErrorId::peer, cat("the drive has ", kMostWaiting, " responses that were not requested, without an end"));
}

StorageLink::~StorageLink() {
  if (!unanswered_) return;
  try {
    const Clock::time_point deadline = Clock::now() + kFarewell;
    if (has(StorageOperation::pending_info))
      for (Pace pace(deadline); !pending(deadline).waits && pace.wait();) continue;
    drain(deadline);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): the next who comes drains it
  }
}

}  // namespace

std::vector<std::uint8_t> list_protocols(SecurityCommands& commands, Clock::time_point deadline) {
  const Completion list = commands.receive(kProtocolList, 0, kListAllocation, deadline);
  if (list.is_good()) return decode_protocol_list(list.data);
  throw Error(ErrorId::no_spdm, cat("the drive does not speak SPDM: it refuses to list its security protocols: ", list.refusal));
}

StorageDiscovery discover(SecurityCommands& commands, Clock::time_point deadline) {
  return StorageDiscovery::decode(read(commands, StorageOperation::discovery, kDiscoveryAllocation, deadline));
}

std::unique_ptr<Link> storage_link(std::unique_ptr<SecurityCommands> commands, const StorageLinkOptions& options) {
  return std::make_unique<StorageLink>(std::move(commands), options);
}

}  // namespace spdm::transport
