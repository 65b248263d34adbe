// The frames of a capture file, one after the other: classic pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "core/bytes.h"
#include "core/evidence/capture_source.h"
#include "core/evidence/mctp_packet.h"

namespace spdm {

// Link types (https://www.tcpdump.org/linktypes.html).
inline constexpr std::uint32_t kLinkNull = 0, kLinkEthernet = 1, kLinkRaw = 101, kLinkLoop = 108, kLinkCooked = 113, kLinkIpv4 = 228,
                               kLinkIpv6 = 229, kLinkExportedPdu = 252, kLinkCooked2 = 276, kLinkMctp = 291, kLinkDoe = 292;

struct CaptureFrame {
  PacketPlace place;  // its number, and where it begins in the file: with its header, or its block
  std::uint32_t link_type = 0;
  std::optional<std::uint32_t> interface;  // of pcapng, counted through all its sections
  std::size_t original = 0;                // bytes that it had; fewer may be captured
  View bytes;                              // until the next frame is taken

  // A truncated message is refused: later it would only look like a bad signature.
  void assert_whole() const;
};

class CaptureFrames {
 public:
  virtual ~CaptureFrames() = default;
  // Nothing at the end. Throws Error{bad_input} naming the file, the number of the packet and its offset.
  virtual std::optional<CaptureFrame> next() = 0;
};

bool is_pcapng(View file);
// The capture is read as far as frames are taken. `source` and `what` must outlive them. Throws Error{bad_input} naming `what`.
std::unique_ptr<CaptureFrames> open_capture(CaptureSource& source, std::string_view what);

// Why a capture with nothing but this link type is of no use. Nothing where the link type is read.
std::optional<std::string> why_not_read(std::uint32_t link_type);

// Numbers in the byte order of whoever wrote the capture: little-endian, or swapped.
std::uint16_t capture_u16(View file, std::size_t at, bool swapped);
std::uint32_t capture_u32(View file, std::size_t at, bool swapped);

}  // namespace spdm
