// Captures of MCTP as tests want them.
#pragma once

#include <algorithm>
#include <vector>

#include "core/bytes.h"

namespace capture {

using spdm::Bytes;
using spdm::View;

inline constexpr std::uint32_t kCooked = 113, kCooked2 = 276, kMctp = 291;

struct Way {
  std::uint8_t from = 8, to = 9, tag = 0;
  bool owner = true;
  std::uint32_t interface = 3;
  bool outgoing = true;

  Way back() const { return {to, from, tag, !owner, interface, !outgoing}; }
};

// Flags of the fourth byte of a packet.
inline constexpr std::uint8_t kBegin = 0x80, kEnd = 0x40;

inline Bytes packet(const Way& way, std::uint8_t flags, unsigned sequence, View payload) {
  Bytes out{1, way.to, way.from, static_cast<std::uint8_t>(flags | (sequence & 3) << 4 | (way.owner ? 8 : 0) | way.tag)};
  spdm::append(out, payload);
  return out;
}

// A message of this type in packets of `unit` bytes.
inline std::vector<Bytes> packets(const Way& way, std::uint8_t type, View message, std::size_t unit = 64, unsigned sequence = 0) {
  Bytes body{type};
  spdm::append(body, message);
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < body.size(); at += unit) {
    const std::size_t size = std::min(unit, body.size() - at);
    const auto flags = static_cast<std::uint8_t>((at == 0 ? kBegin : 0) | (at + size == body.size() ? kEnd : 0));
    out.push_back(packet(way, flags, sequence++, View(body).subspan(at, size)));
  }
  return out;
}

struct File {
  std::uint32_t link;
  Bytes bytes;
  std::uint32_t seconds = 0;

  explicit File(std::uint32_t type) : link(type) {
    bytes = spdm::Writer().u32(0xA1B2C3D4).u16(2).u16(4).u32(0).u32(0).u32(0x40000).u32(type).take();
  }
  // `protocol`: of a cooked packet.
  File& add(const Way& way, View data, unsigned protocol = 0xFA) {
    const auto high = [](std::uint64_t value) { return static_cast<std::uint8_t>(value >> 8); };
    spdm::Writer out;
    if (link == kCooked)
      out.u8(0).u8(way.outgoing ? 4 : 0).u8(1).u8(0x22).zeros(10).u8(high(protocol)).u8(protocol);
    else if (link == kCooked2)
      out.u8(high(protocol))
          .u8(protocol)
          .u16(0)
          .u16(0)
          .u8(high(way.interface))
          .u8(way.interface)
          .u8(1)
          .u8(0x22)
          .u8(way.outgoing ? 4 : 0)
          .zeros(9);
    out.bytes(data);
    return frame(out.take());
  }
  File& frame(View data) {
    spdm::append(bytes, spdm::Writer().u32(seconds).u32(0).u32(data.size()).u32(data.size()).bytes(data).take());
    return *this;
  }
  File& send(const Way& way, std::uint8_t type, View message, std::size_t unit = 64) {
    for (const Bytes& one : packets(way, type, message, unit)) add(way, one);
    return *this;
  }
};

}  // namespace capture
