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
  // Where it begins, as its SYN has said: the sequence number of its first byte. Without it, it begins with the first segment that has
  // bytes, and what comes before these may be of before the capture.
  void start(std::uint32_t sequence);
  bool is_started() const { return started_; }
  std::uint32_t first_sequence() const { return first_; }

  // Throws Error{bad_input} naming the packet: bytes that are sent again and differ, or nobody remembers them; bytes before the first one;
  // a fragment of IP, a segment that is cut or too far ahead.
  void add(const TcpSegment& segment);
  // Bytes in order that nobody has taken.
  View ready() const { return View(bytes_).subspan(taken_); }
  void take(std::size_t size);
  // How many bytes were taken, and came in order, since it began.
  std::uint64_t taken() const { return end_ - bytes_.size() + taken_; }
  std::uint64_t end() const { return end_; }
  // Whether it has bytes behind those that came in order.
  bool goes_on_with(const TcpSegment& segment) const;
  // Whether the segment begins in the stream, or where it ends.
  bool has_place_of(const TcpSegment& segment) const;
  bool ends_at(std::uint32_t sequence) const { return started_ && ahead(sequence) == 0; }
  // Its receiver expects this byte next.
  void note_acknowledged(std::uint32_t sequence);
  // Its sender has said that nothing follows (FIN). What is before that may still be missing.
  bool has_ended() const { return fin_ && end_ <= *fin_; }
  // Forgets all bytes, and knows where it ended.
  void release();
  // Keeps those that what is sent again is compared with.
  void keep_last();

  // The segment with which this byte came.
  struct Arrival {
    PacketPlace place;                          // when it was there, and all before it
    std::optional<std::uint32_t> acknowledged;  // what its sender had received of the other stream
  };
  const Arrival& arrival(std::uint64_t byte) const { return arrivals_.upper_bound(byte)->second; }
  // The place in this stream of a sequence number, where it is one that its receiver may acknowledge. Before its first byte: 0. Nothing
  // as long as that is not known, or where the number is far from all that was seen.
  std::optional<std::uint64_t> place_of(std::uint32_t acknowledged) const;

  // The first segment in front of which bytes are missing, and how many.
  struct Gap {
    PacketPlace place;
    std::uint64_t missing = 0;
  };
  std::optional<Gap> gap() const;
  // How many bytes are missing at its end, by what its sender and its receiver have said.
  std::uint64_t missing_at_end() const;
  // Memory that it takes, roughly.
  std::size_t memory() const { return bytes_.size() + waiting_bytes_ + kEntry * (waiting_.size() + arrivals_.size()); }

 private:
  static constexpr std::size_t kEntry = 128;  // of what takes memory beside its bytes
  struct Waiting {
    Arrival arrival;
    Bytes bytes;
  };
  std::int32_t ahead(std::uint32_t sequence) const;
  void put(std::uint64_t at, View bytes, const PacketPlace& place, Arrival arrival);

  bool started_ = false, has_syn_ = false;
  std::uint32_t first_ = 0;                        // sequence number of byte 0
  std::uint64_t end_ = 0;                          // bytes that came in order
  std::optional<std::uint64_t> fin_;               // where its sender has ended it
  std::optional<std::uint32_t> acknowledged_;      // sequence number that its receiver expects
  Bytes bytes_;                                    // the last of them
  std::size_t taken_ = 0;                          // of bytes_
  std::multimap<std::uint64_t, Waiting> waiting_;  // by the place of their first byte
  std::size_t waiting_bytes_ = 0;
  std::map<std::uint64_t, Arrival> arrivals_;  // of the bytes that nobody has taken, by the place behind the last one
};

}  // namespace spdm
