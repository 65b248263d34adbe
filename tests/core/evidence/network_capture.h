// Captures of a network as tests want them: blocks of pcapng, and TCP in frames of any link type.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture.h"
#include "core/evidence/capture_frames.h"
#include "core/evidence/capture_sockets.h"
#include "core/evidence/capture_source.h"
#include "core/evidence/pcap.h"

namespace capture {

// pcapng, in either byte order.
struct NgFile {
  bool big_endian = false;
  Bytes bytes;

  Bytes number(std::uint64_t value, std::size_t size) const {
    Bytes out;
    for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * (big_endian ? size - 1 - i : i)));
    return out;
  }
  static Bytes join(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts) spdm::append(out, part);
    return out;
  }
  NgFile& block(std::uint32_t type, Bytes body) {
    body.resize((body.size() + 3) / 4 * 4);
    const Bytes length = number(12 + body.size(), 4);
    spdm::append(bytes, join({number(type, 4), length, body, length}));
    return *this;
  }
  NgFile& section() { return block(0x0A0D0D0A, join({number(0x1A2B3C4D, 4), number(1, 2), number(0, 2), Bytes(8, 0xFF)})); }
  Bytes option(unsigned code, Bytes value) const {
    const Bytes head = join({number(code, 2), number(value.size(), 2)});
    value.resize((value.size() + 3) / 4 * 4);
    return join({head, value});
  }
  NgFile& interface(std::uint32_t link, std::uint32_t snap_length = 0, const Bytes& options = {}) {
    return block(1, join({number(link, 2), number(0, 2), number(snap_length, 4), options}));
  }
  NgFile& enhanced(unsigned interface, std::uint64_t time, View data, std::size_t original = 0) {
    return block(6, join({number(interface, 4), number(time >> 32, 4), number(time & 0xFFFFFFFF, 4), number(data.size(), 4),
                          number(std::max(original, data.size()), 4), spdm::to_bytes(data)}));
  }
  NgFile& simple(View data, std::size_t original = 0) {
    return block(3, join({number(std::max(original, data.size()), 4), spdm::to_bytes(data)}));
  }
  NgFile& obsolete(unsigned interface, std::uint64_t time, View data) {
    return block(2, join({number(interface, 2), number(0, 2), number(time >> 32, 4), number(time & 0xFFFFFFFF, 4), number(data.size(), 4),
                          number(data.size(), 4), spdm::to_bytes(data)}));
  }
};

inline Bytes big(std::uint64_t value, std::size_t size) {
  Bytes out;
  for (std::size_t i = size; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  return out;
}

inline Bytes joined(std::initializer_list<Bytes> parts) { return NgFile::join(parts); }
inline Bytes text(std::string_view value) { return spdm::to_bytes(spdm::as_bytes(value)); }

inline constexpr unsigned kFin = 1, kSyn = 2, kRst = 4, kAck = 16;

struct Segment {
  unsigned from = 41'234, to = 2323;
  std::uint32_t sequence = 1;
  Bytes payload;
  unsigned flags = kAck;
  std::uint8_t host = 1, peer = 1;  // last byte of the addresses
  std::uint32_t acknowledged = 0;
};

inline Bytes tcp(const Segment& segment) {
  return joined({big(segment.from, 2), big(segment.to, 2), big(segment.sequence, 4), big(segment.acknowledged, 4),
                 big(0x5000 | segment.flags, 2), big(0xFFFF, 2), big(0, 4), segment.payload});
}

// `fragment`: the flags and the offset of a fragment.
inline Bytes ipv4(const Segment& segment, unsigned fragment = 0) {
  const Bytes inside = tcp(segment);
  return joined({{0x45, 0},
                 big(20 + inside.size(), 2),
                 big(0, 2),
                 big(fragment, 2),
                 {64, 6},
                 big(0, 2),
                 {127, 0, 0, segment.host},
                 {127, 0, 0, segment.peer},
                 inside});
}

inline Bytes ipv6(const Segment& segment, std::uint8_t next = 6, const Bytes& extensions = {}) {
  const Bytes inside = joined({extensions, tcp(segment)});
  Bytes address(15, 0);
  return joined({{0x60, 0, 0, 0}, big(inside.size(), 2), {next, 64}, address, {segment.host}, address, {segment.peer}, inside});
}

inline Bytes ethernet(const Bytes& packet, unsigned type = 0x0800) { return joined({Bytes(12, 2), big(type, 2), packet}); }

// A conversation of one connection as raw IP, with numbers that go on.
struct Talk {
  unsigned client = 41'234, server = 2323;
  std::map<bool, std::uint32_t> next{{true, 0xFFFFFFF0}, {false, 77}};  // sequence numbers by whether the client sends
  std::vector<Segment> sent{};

  Segment& add(bool client_sends, Bytes payload, unsigned flags = kAck) {
    const std::size_t size = payload.size() + ((flags & (kSyn | kFin)) != 0 ? 1 : 0);
    sent.push_back({client_sends ? client : server, client_sends ? server : client, next[client_sends], std::move(payload), flags, 1, 1,
                    next[!client_sends]});
    next[client_sends] += static_cast<std::uint32_t>(size);
    return sent.back();
  }
  Talk& open() {
    add(true, {}, kSyn);
    add(false, {}, kSyn | kAck);
    return *this;
  }
  // Numbers as those of another connection.
  Talk& shift(std::uint32_t by) {
    for (Segment& one : sent) {
      one.sequence += by;
      one.acknowledged += by;
    }
    return *this;
  }
  // In segments of `unit` bytes.
  Talk& say(bool client_sends, const Bytes& bytes, std::size_t unit = 1460) {
    for (std::size_t at = 0; at < bytes.size(); at += unit)
      add(client_sends, spdm::to_bytes(View(bytes).subspan(at, std::min(unit, bytes.size() - at))));
    return *this;
  }
  File file() const {
    File out(spdm::kLinkRaw);
    for (const Segment& segment : sent) out.frame(ipv4(segment));
    return out;
  }
};

// Frames of the emulator, and messages of DSP0287.
inline Bytes emulator(unsigned transport, const Bytes& payload, std::uint32_t command = 1) {
  return joined({big(command, 4), big(transport, 4), big(payload.size(), 4), payload});
}
inline Bytes over_tcp(const Bytes& message, std::uint8_t type = 5) {
  return joined({spdm::Writer().u16(message.size() + 2).u8(1).u8(type).take(), message});
}
inline Bytes doe(Bytes message, std::uint8_t type = 1) {
  message.resize((message.size() + 3) / 4 * 4);
  return joined({spdm::Writer().u16(1).u8(type).u8(0).u32(2 + message.size() / 4).take(), message});
}

inline const Bytes kGetVersion{0x10, 0x84, 0, 0}, kVersion{0x10, 0x04, 0, 0, 0, 1, 0, 0x12};

inline Talk conversation(unsigned client, unsigned server = 4194) {
  Talk out{.client = client, .server = server};
  return out.open().say(true, over_tcp(kGetVersion)).say(false, over_tcp(kVersion), 5);
}

inline Talk ended(Talk talk) {
  talk.add(true, {}, kFin | kAck);
  talk.add(false, {}, kFin | kAck);
  talk.add(true, {});
  return talk;
}

inline File& put(File& file, const Talk& talk) {
  for (const Segment& one : talk.sent) file.frame(ipv4(one));
  return file;
}

// Of other traffic: as many packets as are waited for segments that come late.
inline File& put_others(File& file) {
  for (std::size_t i = 0; i < spdm::kTcpGrace; ++i) file.frame(ipv4({.from = 1000, .to = 443, .payload = {}}));
  return file;
}

// A pipe gives little at once. `most_whole`: what is read as a whole.
inline spdm::CaptureParts parts_of(const File& file, std::size_t most_whole = 1) {
  return {[whole = spdm::pieces_of(file.bytes)](std::span<char> room) mutable {
            return whole(room.first(std::min<std::size_t>(room.size(), 97)));
          },
          "x", most_whole};
}

// Labels, with ! where there is an error.
inline std::vector<std::string> labels_of(spdm::CaptureParts parts) {
  std::vector<std::string> out;
  while (const std::optional<spdm::EvidencePart> part = parts.next()) {
    CHECK((part->error.has_value() || part->evidence.log.size() >= 2));
    out.push_back(part->label + (part->error ? "!" : ""));
  }
  return out;
}

}  // namespace capture
