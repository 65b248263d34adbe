#include "core/evidence/capture_tcp.h"

#include <algorithm>

#include "core/text.h"

namespace spdm {

void TcpStream::start(std::uint32_t sequence) {
  started_ = true;
  first_ = sequence;
}

void TcpStream::add(const TcpSegment& segment) {
  if (segment.is_fragment)
    segment.place.fail("is a fragment of IP, and fragments are not put together",
                       "capture where packets are whole: at one of the two ends");
  if (segment.missing != 0)
    segment.place.fail(cat("lacks ", segment.missing, " bytes: it was cut when it was captured"), "capture whole packets: tcpdump -s 0");
  if (segment.payload.empty()) return;
  const std::uint32_t sequence = segment.sequence + (segment.begins ? 1 : 0);  // SYN counts as a byte
  if (!started_) start(sequence);
  // The difference of sequence numbers is taken modulo 2^32 (RFC 9293 3.4).
  const auto ahead = static_cast<std::int32_t>(sequence - (first_ + static_cast<std::uint32_t>(end_)));
  if (ahead == -1 && segment.payload.size() == 1) return;  // asks whether the peer is alive; what the byte is does not matter (RFC 1122)
  const std::int64_t at = static_cast<std::int64_t>(end_) + ahead;
  View bytes = segment.payload;
  if (at < 0) {  // before the capture began
    if (static_cast<std::uint64_t>(-at) >= bytes.size()) return;
    bytes = bytes.subspan(static_cast<std::size_t>(-at));
  }
  const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0));
  if (from > end_) {
    if (from - end_ > kMaxTcpAhead || waiting_.size() == kMaxTcpWaiting)
      segment.place.fail(cat("comes after ", from - end_, " bytes of its TCP connection that are missing"),
                         "capture again, with a larger buffer: tcpdump -B 8192");
    waiting_.emplace(from, Waiting{segment.place, to_bytes(bytes)});
    return;
  }
  put(from, bytes, segment.place);
  while (!waiting_.empty() && waiting_.begin()->first <= end_) {
    const auto next = waiting_.extract(waiting_.begin());
    put(next.key(), next.mapped().bytes, next.mapped().place);
  }
}

// What was there before must be the same again: nobody can tell which of the two the receiver took.
void TcpStream::put(std::uint64_t at, View bytes, const PacketPlace& place) {
  const std::uint64_t remembered = end_ - bytes_.size();  // the place of bytes_[0]
  const std::uint64_t to = std::min(end_, at + bytes.size());
  for (std::uint64_t i = std::max(at, remembered); i < to; ++i)
    if (bytes_[static_cast<std::size_t>(i - remembered)] != bytes[static_cast<std::size_t>(i - at)])
      place.fail(cat("sends byte ", i, " of its TCP connection again, and it is another"));
  if (at + bytes.size() <= end_) return;
  const View fresh = bytes.subspan(static_cast<std::size_t>(end_ - at));
  append(bytes_, fresh);
  end_ += fresh.size();
}

void TcpStream::take(std::size_t size) {
  taken_ += size;
  if (taken_ < 2 * kTcpRemembered) return;
  const std::size_t old = taken_ - kTcpRemembered;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(old));
  taken_ -= old;
}

std::optional<TcpStream::Gap> TcpStream::gap() const {
  if (waiting_.empty()) return std::nullopt;
  const auto& [at, first] = *waiting_.begin();
  return Gap{first.place, at - end_};
}

}  // namespace spdm
