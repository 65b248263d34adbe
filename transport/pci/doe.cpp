#include "transport/pci/doe.h"

#include <algorithm>

#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/base/pace.h"

namespace spdm::transport {

namespace {

constexpr std::uint32_t kAllOnes = 0xFFFFFFFF;  // what an absent function reads as

// Registers of the DOE capability, from its beginning (7.9.24).
constexpr std::uint16_t kControl = 0x08, kStatus = 0x0C, kWriteMailbox = 0x10, kReadMailbox = 0x14, kBlockSize = 0x18;
constexpr std::uint32_t kAbort = 1, kGo = 1U << 31;
constexpr std::uint32_t kBusy = 1, kError = 1U << 2, kReady = 1U << 31;

constexpr std::size_t kMaxDwords = kDoeMaxObject / 4;
// STATUS is read once per this many dwords of an answer: often enough to notice early that the rest will not come,
// seldom enough to cost nothing.
constexpr std::size_t kLookEvery = 256;
// The clock is read once per this many dwords: in a virtual machine it can cost more than the access itself.
constexpr std::size_t kTimeEvery = 16;

constexpr std::size_t kDiscoveryObject = kDoeHeader + 4;

bool is_idle(std::uint32_t status) { return (status & (kBusy | kError | kReady)) == 0; }
bool is_free(std::uint32_t status) { return (status & (kBusy | kReady)) == 0; }
bool is_free_or_error(std::uint32_t status) { return is_free(status) || (status & kError) != 0; }
bool is_answered(std::uint32_t status) { return (status & (kReady | kError)) != 0; }

Clock::time_point within(Clock::duration limit, Clock::time_point deadline) { return std::min(deadline, Clock::now() + limit); }

std::uint32_t dword(View bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16) | std::uint32_t{bytes[at + 3]} << 24;
}

void put_dword(Bytes& out, std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

}  // namespace

std::string to_string(const DoeFeature& feature) { return cat(hex(feature.vendor, 4), ":", hex(feature.type, 2)); }

DoeMailbox::DoeMailbox(ConfigSpace& config, std::uint16_t offset, const DoeLimits& limits)
    : config_(config), offset_(offset), limits_(limits) {
  if (std::size_t{offset_} + kBlockSize > kExtendedEnd) malformed(where(), "capability", "does not fit into configuration space");
  const std::uint32_t header = config_.read32(offset_);
  if (header == kAllOnes) no_function();
  if ((header & 0xFFFF) != kDoeCapability) malformed(where(), "capability", cat("its id is 0x", hex(header & 0xFFFF, 4), ", not DOE"));
  version_ = static_cast<std::uint8_t>(header >> 16 & 0xF);
}

void DoeMailbox::claim(bool force, Clock::time_point deadline) {
  if (!force && !is_free(wait(is_free, within(limits_.busy, deadline))))
    throw Error(ErrorId::busy, cat(where(), ": another exchange is in progress, or its response was never read"),
                "try again; if nobody else uses this device, --force aborts that exchange");
  abort_exchange(deadline);
}

std::vector<DoeFeature> DoeMailbox::discover(Clock::time_point deadline) {
  constexpr std::string_view kAnswer = "DOE Discovery";
  std::vector<DoeFeature> out;
  const std::uint8_t version = version_ >= 2 ? 2 : 0;
  std::uint8_t index = 0;
  do {
    const Bytes answer = transact(Bytes{kDoeDiscovery}, Bytes{index, version, 0, 0}, kDiscoveryObject, deadline).payload;
    Reader reader(answer, kAnswer);
    DoeFeature feature;
    feature.vendor = reader.u16("vendor");
    feature.type = reader.u8("type");
    const std::uint8_t next = reader.u8("next index");
    reader.assert_done();
    // Indices must rise: so none is asked twice, and there are at most 256.
    if (next != 0 && next <= index) reader.fail("next index", cat(next, " does not come after ", index));
    out.push_back(feature);
    index = next;
  } while (index != 0);
  return out;
}

Bytes DoeMailbox::exchange(std::uint8_t type, View payload, Clock::time_point deadline) {
  return transact(Bytes{type}, payload, limits_.max_object, deadline).payload;
}

DoeAnswer DoeMailbox::exchange_secured(View record, Clock::time_point deadline) {
  return transact(Bytes{kDoeSecuredSpdm, kDoeSpdm}, record, limits_.max_object, deadline);
}

DoeAnswer DoeMailbox::transact(View accepted, View payload, std::size_t max_object, Clock::time_point deadline) {
  if (gone_) throw gone();
  if (dead_) throw dead();
  if (payload.size() > kDoeMaxObject - kDoeHeader)
    throw Error(ErrorId::internal, cat("a payload of ", payload.size(), " bytes; a DOE data object carries ", kDoeMaxObject - kDoeHeader));
  in_time(deadline);
  get_idle(deadline);
  try {
    send(doe_object(accepted.front(), payload), deadline);
    await_answer(deadline);
    DoeAnswer answer = receive(accepted, max_object, deadline);
    dirty_ = false;
    return answer;
  } catch (const Error& error) {
    recover(error, deadline);
    throw;
  }
}

void DoeMailbox::get_idle(Clock::time_point deadline) {
  if (dirty_) abort_exchange(deadline);
  const std::uint32_t seen = wait(is_free_or_error, within(limits_.busy, deadline));
  if ((seen & kError) != 0) return abort_exchange(deadline);
  if ((seen & kBusy) != 0) throw Error(ErrorId::busy, cat(where(), ": stays BUSY"), "try again later; --force aborts what it does");
  if ((seen & kReady) != 0)
    throw Error(ErrorId::busy, cat(where(), ": holds the response to somebody else's request"),
                "make sure that nobody else uses this mailbox");
}

void DoeMailbox::send(View object, Clock::time_point deadline) {
  dirty_ = true;
  for (std::size_t at = 0; at < object.size(); at += 4) {
    if (at / 4 % kTimeEvery == 0) in_time(deadline);
    config_.write32(offset_ + kWriteMailbox, dword(object, at));
  }
  config_.write32(offset_ + kControl, kGo);
}

void DoeMailbox::await_answer(Clock::time_point deadline) {
  const auto limit = Clock::now() + limits_.response;
  const std::uint32_t seen = wait(is_answered, std::min(limit, deadline));
  if ((seen & kError) != 0) throw Error(ErrorId::peer, cat(where(), ": reports ERROR instead of an answer"));
  if ((seen & kReady) != 0) return;
  if (deadline < limit) throw Error(ErrorId::timeout, cat(where(), ": no answer in time"), "allow more time with --timeout");
  throw Error(ErrorId::timeout,
              cat(where(), ": no answer within ", std::chrono::duration_cast<std::chrono::milliseconds>(limits_.response).count(), " ms"),
              "a device silently discards an object of a type or length that it does not support (PCIe r6.x 6.30.1): try ?max=1024, or "
              "reset the device");
}

DoeAnswer DoeMailbox::receive(View accepted, std::size_t max_object, Clock::time_point deadline) {
  Bytes header;
  DoeAnswer answer;
  std::size_t size = kDoeHeader;  // of the object, once its header was read
  for (std::size_t taken = 4; taken <= size; taken += 4) {
    if (taken / 4 % kTimeEvery == 0) in_time(deadline);
    put_dword(taken <= kDoeHeader ? header : answer.payload, config_.read32(offset_ + kReadMailbox));
    if (taken == kDoeHeader) {
      const DoeHeader checked = check_header(header, accepted, max_object);
      answer.type = checked.type;
      size = checked.size;
      answer.payload.reserve(size - kDoeHeader);
    }
    // READY must still be set before the last dword is popped: this proves that the object was complete.
    if (taken == size || taken / 4 % kLookEvery == 0) require_ready(taken, size);
    config_.write32(offset_ + kReadMailbox, 0);
  }
  drain(size, deadline);
  return answer;
}

DoeHeader DoeMailbox::check_header(View bytes, View accepted, std::size_t max_object) const {
  const DoeHeader header = parse_doe_header(bytes);
  const DoeFeature asked{kDoeVendorPciSig, accepted.front()}, answered{header.vendor, header.type};
  if (header.vendor != kDoeVendorPciSig || std::find(accepted.begin(), accepted.end(), header.type) == accepted.end())
    throw Error(ErrorId::peer, cat(where(), ": an object of type ", to_string(answered), " answers one of type ", to_string(asked)));
  if (header.size > max_object)
    throw Error(ErrorId::peer, cat(where(), ": an answer of ", header.size, " bytes; we take ", max_object),
                "to take larger responses, give the target ?max=BYTES");
  return header;
}

void DoeMailbox::require_ready(std::size_t taken, std::size_t size) {
  const std::uint32_t seen = status();
  if ((seen & kError) != 0) throw Error(ErrorId::peer, cat(where(), ": reports ERROR after ", taken, " of ", size, " bytes of its answer"));
  if ((seen & kReady) == 0)
    throw Error(ErrorId::peer, cat(where(), ": the answer is cut short: it should have ", size, " bytes, and ends before byte ", taken));
}

// Discards what a mailbox holds beyond the length in the header: the next exchange must not read it.
void DoeMailbox::drain(std::size_t size, Clock::time_point deadline) {
  std::uint32_t seen = status();
  for (std::size_t dwords = size / 4; (seen & kReady) != 0; ++dwords) {
    if (dwords >= kMaxDwords) throw Error(ErrorId::peer, cat(where(), ": the answer does not end"));
    if (dwords % kTimeEvery == 0) in_time(deadline);
    config_.read32(offset_ + kReadMailbox);
    config_.write32(offset_ + kReadMailbox, 0);
    seen = status();
  }
  if ((seen & kError) != 0) throw Error(ErrorId::peer, cat(where(), ": reports ERROR after its answer"));
}

// Brings the mailbox into a known state after an error. What it finds may be worse than the error, and is thrown
// instead.
void DoeMailbox::recover(const Error& error, Clock::time_point deadline) {
  const bool accessible = error.id == ErrorId::peer || error.id == ErrorId::timeout;
  if (gone_ || !accessible) return;
  try {
    abort_exchange(deadline);
  } catch (const Error& worse) {
    if (gone_) throw;
    if (dead_) throw Error(worse.id, cat(error.what(), "; ", worse.what()), worse.hint);
  }
}

void DoeMailbox::abort_exchange(Clock::time_point deadline) {
  if (dead_) throw dead();
  dirty_ = true;
  const auto limit = Clock::now() + limits_.abort;
  config_.write32(offset_ + kControl, kAbort);
  if (is_idle(wait(is_idle, std::min(limit, deadline)))) {
    dirty_ = false;
    return;
  }
  dead_ = deadline >= limit;
  if (dead_) throw dead();
  throw Error(ErrorId::timeout, cat(where(), ": ABORT did not finish in time"), "allow more time with --timeout");
}

std::uint32_t DoeMailbox::status() {
  const std::uint32_t value = config_.read32(offset_ + kStatus);
  gone_ = value == kAllOnes;
  if (gone_) throw gone();
  return value;
}

std::uint32_t DoeMailbox::wait(bool (*wanted)(std::uint32_t status), Clock::time_point end) {
  std::uint32_t seen = status();
  for (Pace pace(end); !wanted(seen) && pace.wait();) seen = status();
  return seen;
}

std::string DoeMailbox::where() const { return cat("DOE mailbox at 0x", hex(offset_, 3)); }

Error DoeMailbox::gone() const {
  return {ErrorId::no_device, cat(where(), ": reads as all ones: the device is gone"), "check that it is still there: spdmctl list"};
}

Error DoeMailbox::dead() const {
  return {ErrorId::peer, cat(where(), ": ABORT does not recover it"), "reset the device: write 1 to its file reset in /sys"};
}

void DoeMailbox::in_time(Clock::time_point deadline) const {
  if (Clock::now() >= deadline) throw Error(ErrorId::timeout, cat(where(), ": timed out"), "allow more time with --timeout");
}

}  // namespace spdm::transport
