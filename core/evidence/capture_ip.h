// Segments of TCP (RFC 9293) over IPv4 (RFC 791) and IPv6 (RFC 8200) in the frames of a capture.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "core/bytes.h"
#include "core/evidence/capture_frames.h"

namespace spdm {

struct IpEndpoint {
  bool is_v6 = false;
  Block<16> address{};  // of IPv4 the first four bytes
  std::uint16_t port = 0;

  auto operator<=>(const IpEndpoint&) const = default;  // NOLINT(modernize-use-nullptr): the 0 is the compiler's
};

// "127.0.0.1:2323", "[::1]:2323".
std::string to_string(const IpEndpoint& endpoint);

struct TcpSegment {
  PacketPlace place;
  IpEndpoint source, destination;
  std::uint32_t sequence = 0;
  std::uint32_t acknowledged = 0;        // the byte that is expected next of the other end; of segments that answer
  bool begins = false, answers = false;  // SYN, ACK
  bool ends = false, resets = false;     // FIN, RST
  bool is_fragment = false;              // the first one of a packet of IP
  std::size_t missing = 0;               // bytes of the payload that were not captured
  View payload;
};

// Which bytes of the frame are a packet of IP, behind tags of VLAN. Nothing where they are something else.
std::optional<View> ip_packet(const CaptureFrame& frame);

// Nothing where it is not TCP, has no ports (a fragment that is not the first), or has headers that nobody accepts. One that was cut inside
// its header when it was captured lacks bytes; throws Error{bad_input} where not even its ports are there. Checksums are not looked at:
// where a network card makes them, the capture has wrong ones.
std::optional<TcpSegment> parse_tcp(View packet, const PacketPlace& place);

}  // namespace spdm
