#include "core/evidence/capture_pcapng.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

// Section 4: each block is a type and its length, a body, and the length again.
constexpr std::uint32_t kSection = 0x0A0D0D0A;  // the same in both byte orders
constexpr std::uint32_t kInterface = 1, kObsolete = 2, kSimple = 3, kEnhanced = 6;
constexpr std::array kLookedInto{kSection, kInterface, kObsolete, kSimple, kEnhanced};
constexpr std::uint32_t kByteOrder = 0x1A2B3C4D;
constexpr std::size_t kBlock = 12, kSectionBlock = 28;
constexpr std::size_t kHead = 8;                            // before the body
constexpr std::uint16_t kResolution = 9, kTimeOffset = 14;  // options of an interface
constexpr std::uint8_t kMicroseconds = 6;                   // where an interface does not say

struct Interface {
  std::uint32_t link_type = 0, snap_length = 0;
  std::uint8_t resolution = kMicroseconds;
  std::int64_t offset = 0;
};

class PcapNgFrames final : public CaptureFrames {
 public:
  PcapNgFrames(CaptureSource& source, std::string_view what) : source_(source) { place_.file = what; }
  std::optional<CaptureFrame> next() override;

 private:
  struct Block {
    std::uint32_t type = 0, length = 0;  // without a length, the capture has ended
    View body;                           // of those that are looked into
  };
  Block next_block();
  View whole_block(std::uint32_t length);
  void pass_block(std::uint32_t length);
  void assert_ends(std::uint32_t length, View end) const;
  void begin_section();
  void read_interface(View body);
  void read_option(Interface& out, std::uint16_t code, View value) const;
  CaptureFrame packet(const Block& block);
  CaptureFrame frame(std::uint32_t interface, View data, std::uint32_t captured, std::uint32_t original);
  [[noreturn]] void fail(std::string_view why) const;
  std::uint32_t u32(View bytes, std::size_t at) const { return capture_u32(bytes, at, swapped_); }

  CaptureSource& source_;
  bool swapped_ = false;
  std::size_t taken_ = 0;  // of the source, by the block before
  PacketPlace place_;      // of the current block, and the last packet
  std::vector<Interface> interfaces_;
  std::uint32_t before_ = 0;  // interfaces of the sections before this one
};

// Of a block that is no packet.
void PcapNgFrames::fail(std::string_view why) const {
  throw Error(ErrorId::bad_input, cat(place_.file, ": block at offset ", place_.offset, " of the pcapng capture, before packet ",
                                      place_.number + 1, ": ", why));
}

// The byte order stands behind the length that it is for.
void PcapNgFrames::begin_section() {
  const View header = source_.peek(kSectionBlock);
  if (header.size() < kSectionBlock)
    fail(cat("the file ends in the section header, after ", header.size(), " of ", kSectionBlock, " bytes"));
  swapped_ = capture_u32(header, kHead, false) != kByteOrder;
  if (u32(header, kHead) != kByteOrder) fail("the byte order of the section is none");
  const std::uint16_t version = capture_u16(header, kHead + 4, swapped_);
  if (version != 1) fail(cat("the version of the section is ", version, ", not 1"));
  before_ += static_cast<std::uint32_t>(interfaces_.size());
  interfaces_.clear();
}

void PcapNgFrames::assert_ends(std::uint32_t length, View end) const {
  if (const std::uint32_t again = u32(end, 0); again != length) fail(cat("its two lengths differ: ", length, " and ", again));
}

View PcapNgFrames::whole_block(std::uint32_t length) {
  const std::size_t wanted = std::min<std::size_t>(length, kMaxCaptureFrame);
  const View out = source_.peek(wanted);
  if (out.size() < wanted) fail(cat("says ", length, " bytes, the file has ", out.size()));
  if (wanted < length) fail(cat("has ", length, " bytes; the limit for one block is ", kMaxCaptureFrame));
  assert_ends(length, out.last(4));
  taken_ = length;
  return out;
}

// Of one that nobody looks into: it may be of any size.
void PcapNgFrames::pass_block(std::uint32_t length) {
  const std::size_t passed = source_.skip(length - 4);
  const View end = source_.peek(4);
  if (end.size() < 4) fail(cat("says ", length, " bytes, the file has ", passed + end.size()));
  assert_ends(length, end);
  taken_ = 4;
}

PcapNgFrames::Block PcapNgFrames::next_block() {
  place_.offset = source_.position();
  View head = source_.peek(kBlock);
  if (head.empty()) return {};
  if (head.size() < kBlock) fail(cat("the file ends in a block header, after ", head.size(), " of ", kBlock, " bytes"));
  if (capture_u32(head, 0, false) == kSection) {
    begin_section();
    head = source_.peek(kBlock);
  }
  const std::uint32_t type = u32(head, 0), length = u32(head, 4);
  if (length < kBlock || length % 4 != 0) fail(cat("its length is ", length, ": a block has 12 bytes at least, and a multiple of 4"));
  if (std::find(kLookedInto.begin(), kLookedInto.end(), type) == kLookedInto.end()) {
    pass_block(length);
    return {type, length, {}};
  }
  const View block = whole_block(length);
  if (type == kSection && length < kSectionBlock) fail(cat("its length is ", length, ": a section header has 28 bytes at least"));
  return {type, length, block.subspan(kHead, length - kBlock)};
}

void PcapNgFrames::read_option(Interface& out, std::uint16_t code, View value) const {
  if (code == kResolution) {
    if (value.size() != 1) fail(cat("the option if_tsresol has ", value.size(), " bytes, not 1"));
    const unsigned most = (value[0] & 0x80) != 0 ? 63 : 19;  // of what 64 bits can count
    if ((value[0] & 0x7F) > most) fail(cat("the option if_tsresol is ", value[0], ": no such resolution is read"));
    out.resolution = value[0];
  }
  if (code == kTimeOffset) {
    if (value.size() != 8) fail(cat("the option if_tsoffset has ", value.size(), " bytes, not 8"));
    const std::uint64_t first = u32(value, 0), second = u32(value, 4);
    out.offset = static_cast<std::int64_t>(swapped_ ? first << 32 | second : second << 32 | first);
  }
}

void PcapNgFrames::read_interface(View body) {
  if (body.size() < 8) fail(cat("its ", body.size(), " bytes are less than the description of an interface"));
  if (interfaces_.size() == kMaxCaptureInterfaces) fail(cat("exceeds the limit of ", kMaxCaptureInterfaces, " interfaces in one section"));
  Interface out;
  out.link_type = capture_u16(body, 0, swapped_);
  out.snap_length = u32(body, 4);
  // Section 3.5: code, length, and a value that is padded to four bytes.
  for (std::size_t at = 8; at < body.size();) {
    if (body.size() - at < 4) fail("an option of an interface is cut off");
    const std::uint16_t code = capture_u16(body, at, swapped_), size = capture_u16(body, at + 2, swapped_);
    if (code == 0) break;
    if (size > body.size() - at - 4) fail(cat("option ", code, " of an interface says ", size, " bytes, and the block has fewer"));
    read_option(out, code, body.subspan(at + 4, size));
    at += 4 + (std::size_t{size} + 3) / 4 * 4;
  }
  interfaces_.push_back(out);
}

CaptureFrame PcapNgFrames::frame(std::uint32_t interface, View data, std::uint32_t captured, std::uint32_t original) {
  const std::uint32_t snap_length = interfaces_[interface].snap_length;
  if (snap_length != 0 && captured > snap_length)
    place_.fail(cat("its ", captured, " bytes are more than the snap length of the capture (", snap_length, ")"));
  if (captured > data.size()) place_.fail(cat("says ", captured, " bytes, its block has ", data.size()));
  CaptureFrame out;
  out.place = place_;
  out.link_type = interfaces_[interface].link_type;
  out.interface = before_ + interface;
  out.original = original;
  out.bytes = data.first(captured);
  return out;
}

CaptureFrame PcapNgFrames::packet(const Block& block) {
  ++place_.number;
  place_.time.reset();
  const View body = block.body;
  const std::size_t fixed = block.type == kSimple ? 4 : 20;
  if (body.size() < fixed) place_.fail(cat("its block has ", body.size(), " bytes, less than its ", fixed, " bytes of fields"));
  const std::uint32_t interface = block.type == kEnhanced ? u32(body, 0) : block.type == kObsolete ? capture_u16(body, 0, swapped_) : 0;
  if (interface >= interfaces_.size())
    place_.fail(cat("is of interface ", interface, ", and the section has described ", interfaces_.size()));
  if (block.type == kSimple) {
    const std::uint32_t original = u32(body, 0), snap_length = interfaces_[0].snap_length;
    return frame(0, body.subspan(fixed), snap_length == 0 ? original : std::min(original, snap_length), original);
  }
  const std::uint64_t ticks = std::uint64_t{u32(body, 4)} << 32 | u32(body, 8);
  place_.time = capture_time(ticks, interfaces_[interface].resolution, interfaces_[interface].offset);
  return frame(interface, body.subspan(fixed), u32(body, 12), u32(body, 16));
}

std::optional<CaptureFrame> PcapNgFrames::next() {
  for (;;) {
    source_.skip(std::exchange(taken_, 0));
    const Block block = next_block();
    if (block.length == 0) return std::nullopt;
    if (block.type == kInterface) read_interface(block.body);
    if (block.type == kEnhanced || block.type == kSimple || block.type == kObsolete) return packet(block);
  }
}

}  // namespace

bool is_pcapng(View file) { return file.size() >= 4 && capture_u32(file, 0, false) == kSection; }

std::unique_ptr<CaptureFrames> open_pcapng(CaptureSource& source, std::string_view what) {
  return std::make_unique<PcapNgFrames>(source, what);
}

std::optional<std::chrono::nanoseconds> capture_time(std::uint64_t ticks, std::uint8_t resolution, std::int64_t offset) {
  constexpr std::uint64_t kNano = 1'000'000'000;
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / static_cast<std::int64_t>(kNano) - 1;  // seconds
  unsigned digits = resolution & 0x7F;
  std::uint64_t seconds = 0, nanoseconds = 0;
  if ((resolution & 0x80) != 0) {  // a power of two
    seconds = ticks >> digits;
    std::uint64_t rest = digits == 0 ? 0 : ticks & ((std::uint64_t{1} << digits) - 1);
    if (digits > 32) rest >>= digits - 32;
    nanoseconds = rest * kNano >> std::min(digits, 32U);
  } else {
    std::uint64_t unit = 1;
    for (unsigned i = 0; i < digits; ++i) unit *= 10;
    seconds = ticks / unit;
    nanoseconds = ticks % unit;
    for (; digits < 9; ++digits) nanoseconds *= 10;
    for (; digits > 9; --digits) nanoseconds /= 10;
  }
  if (seconds > static_cast<std::uint64_t>(kMost) || offset > kMost || offset < -kMost) return std::nullopt;
  const std::int64_t moved = static_cast<std::int64_t>(seconds) + offset;
  if (moved < 0 || moved > kMost || (moved == 0 && nanoseconds == 0)) return std::nullopt;
  return std::chrono::seconds(moved) + std::chrono::nanoseconds(nanoseconds);
}

}  // namespace spdm
