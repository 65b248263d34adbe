// One direction of a TCP connection (RFC 9293) in a capture: its bytes in order.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "core/evidence/capture_ip.h"

namespace spdm {

inline constexpr std::size_t kMaxTcpAhead = std::size_t{1} << 20;     // bytes that may be missing in front of a segment
inline constexpr std::size_t kMaxTcpWaiting = 1'024;                  // segments that wait for what is missing
inline constexpr std::size_t kTcpRemembered = std::size_t{64} << 10;  // bytes that what is sent again is compared with

class TcpStream {
 public:
  // Where it begins: the sequence number of its first byte. Without it, it begins with the first segment that has bytes.
  void start(std::uint32_t sequence);
  bool is_started() const { return started_; }
  std::uint32_t first_sequence() const { return first_; }

  // Throws Error{bad_input} naming the packet: bytes that are sent again and differ, a fragment of IP, a segment that is cut or too far
  // ahead.
  void add(const TcpSegment& segment);
  // Bytes in order that nobody has taken.
  View ready() const { return View(bytes_).subspan(taken_); }
  void take(std::size_t size);
  // The first segment in front of which bytes are missing, and how many.
  struct Gap {
    PacketPlace place;
    std::uint64_t missing = 0;
  };
  std::optional<Gap> gap() const;

 private:
  struct Waiting {
    PacketPlace place;
    Bytes bytes;
  };
  void put(std::uint64_t at, View bytes, const PacketPlace& place);

  bool started_ = false;
  std::uint32_t first_ = 0;                        // sequence number of byte 0
  std::uint64_t end_ = 0;                          // bytes that came in order
  Bytes bytes_;                                    // the last of them
  std::size_t taken_ = 0;                          // of bytes_
  std::multimap<std::uint64_t, Waiting> waiting_;  // by the place of their first byte
};

}  // namespace spdm
