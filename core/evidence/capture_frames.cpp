#include "core/evidence/capture_frames.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/evidence/capture_pcapng.h"
#include "core/evidence/pcap.h"
#include "core/text.h"

namespace spdm {

namespace {

// 24 bytes, then 16 bytes before each packet, in the writer's byte order.
constexpr std::uint32_t kMicroseconds = 0xA1B2C3D4, kNanoseconds = 0xA1B23C4D;
constexpr std::size_t kFileHeader = 24, kPacketHeader = 16;

constexpr std::array kRead{kLinkNull, kLinkEthernet,    kLinkRaw,     kLinkLoop, kLinkCooked, kLinkIpv4,
                           kLinkIpv6, kLinkExportedPdu, kLinkCooked2, kLinkMctp, kLinkDoe};
constexpr std::string_view kAdvice = "capture the MCTP interface: tcpdump -i mctpi2c1 -w FILE; or the network: tcpdump -i any -w FILE";

bool is_magic(std::uint32_t value) { return value == kMicroseconds || value == kNanoseconds; }

class ClassicFrames final : public CaptureFrames {
 public:
  ClassicFrames(CaptureSource& source, std::string_view what) : source_(source) {
    place_.file = what;
    read_header();
  }
  std::optional<CaptureFrame> next() override;

 private:
  void read_header();
  View captured(std::uint32_t size);

  CaptureSource& source_;
  bool swapped_ = false, nanoseconds_ = false;
  std::uint32_t snap_length_ = 0, link_type_ = 0;
  std::size_t taken_ = kFileHeader;  // of the source, by what was read last
  PacketPlace place_;
};

void ClassicFrames::read_header() {
  const auto refuse = [&](std::string_view why, std::string_view hint = {}) {
    throw Error(ErrorId::bad_input, cat(place_.file, ": ", why), std::string(hint));
  };
  const View header = source_.peek(kFileHeader);
  const auto field = [&](std::size_t at) { return capture_u32(header, at, swapped_); };
  if (!looks_like_pcap(header)) refuse("is not a pcap capture");
  if (header.size() < kFileHeader) refuse(cat("the capture ends in its header, after ", header.size(), " of 24 bytes"));
  swapped_ = !is_magic(field(0));
  nanoseconds_ = field(0) == kNanoseconds;
  if (capture_u16(header, 4, swapped_) != 2) refuse("the version of the capture format is not 2");
  snap_length_ = field(16);
  link_type_ = field(20) & 0x03FFFFFF;  // above it, how long the checksum of a frame is
  if (const std::optional<std::string> why = why_not_read(link_type_)) refuse(*why, kAdvice);
}

// The bytes behind the header of the packet.
View ClassicFrames::captured(std::uint32_t size) {
  if (snap_length_ != 0 && size > snap_length_)
    place_.fail(cat("its ", size, " bytes are more than the snap length of the capture (", snap_length_, ")"));
  const std::size_t wanted = std::min<std::size_t>(size, kMaxCaptureFrame);
  const View out = source_.peek(kPacketHeader + wanted).subspan(kPacketHeader);
  if (out.size() < wanted) place_.fail(cat("says ", size, " bytes, the file has ", out.size(), " more"));
  if (wanted < size) place_.fail(cat("has ", size, " bytes; the limit for one packet is ", kMaxCaptureFrame));
  taken_ = kPacketHeader + size;
  return out;
}

std::optional<CaptureFrame> ClassicFrames::next() {
  source_.skip(std::exchange(taken_, 0));
  const View header = source_.peek(kPacketHeader);
  if (header.empty()) return std::nullopt;
  ++place_.number;
  place_.offset = source_.position();
  if (header.size() < kPacketHeader) place_.fail(cat("the file ends in the packet header, after ", header.size(), " of 16 bytes"));
  const auto field = [&](std::size_t at) { return capture_u32(header, at, swapped_); };
  const std::chrono::nanoseconds time = std::chrono::seconds(field(0)) + std::chrono::nanoseconds(field(4)) * (nanoseconds_ ? 1 : 1000);
  place_.time = time.count() != 0 ? std::optional(time) : std::nullopt;
  const std::uint32_t included = field(8);
  CaptureFrame out;
  out.original = field(12);
  out.place = place_;
  out.link_type = link_type_;
  out.bytes = captured(included);
  return out;
}

}  // namespace

std::uint16_t capture_u16(View file, std::size_t at, bool swapped) {
  return static_cast<std::uint16_t>(file[at + (swapped ? 0 : 1)] << 8 | file[at + (swapped ? 1 : 0)]);
}

std::uint32_t capture_u32(View file, std::size_t at, bool swapped) {
  const std::uint32_t first = capture_u16(file, at, swapped), second = capture_u16(file, at + 2, swapped);
  return swapped ? first << 16 | second : second << 16 | first;
}

void CaptureFrame::assert_whole() const {
  if (bytes.size() < original) place.fail(cat("was cut to ", bytes.size(), " of ", original, " bytes when it was captured"));
}

bool looks_like_pcap(View file) {
  if (file.size() < 4) return false;
  return is_magic(capture_u32(file, 0, false)) || is_magic(capture_u32(file, 0, true)) || is_pcapng(file);
}

std::unique_ptr<CaptureFrames> open_capture(CaptureSource& source, std::string_view what) {
  if (is_pcapng(source.peek(4))) return open_pcapng(source, what);
  return std::make_unique<ClassicFrames>(source, what);
}

std::optional<std::string> why_not_read(std::uint32_t link_type) {
  if (std::find(kRead.begin(), kRead.end(), link_type) != kRead.end()) return std::nullopt;
  return cat("link type ", link_type,
             " is neither MCTP (291), PCI DOE (292), Linux cooked capture (113, 276), Ethernet (1), IP (101, 228, 229), loopback (0, 108) "
             "nor exported PDU (252)");
}

}  // namespace spdm
