#include "core/evidence/capture_tcp.h"

#include <algorithm>
#include <utility>

#include "core/text.h"

namespace spdm {

void TcpStream::start(std::uint32_t sequence) {
  started_ = has_syn_ = true;
  first_ = sequence;
}

// The difference of sequence numbers is taken modulo 2^32 (RFC 9293 3.4).
std::int32_t TcpStream::ahead(std::uint32_t sequence) const {
  return static_cast<std::int32_t>(sequence - (first_ + static_cast<std::uint32_t>(end_)));
}

bool TcpStream::goes_on_with(const TcpSegment& segment) const {
  if (segment.payload.empty()) return false;
  if (!started_) return true;
  const std::int64_t from = ahead(segment.sequence + (segment.begins ? 1 : 0));
  return from + static_cast<std::int64_t>(segment.payload.size()) > 0;
}

bool TcpStream::has_place_of(const TcpSegment& segment) const {
  if (!started_) return false;
  const std::int64_t at = static_cast<std::int64_t>(end_) + ahead(segment.sequence);
  return at >= 0 && at <= static_cast<std::int64_t>(end_);
}

void TcpStream::note_acknowledged(std::uint32_t sequence) {
  if (!place_of(sequence)) return;
  if (!acknowledged_ || static_cast<std::int32_t>(sequence - *acknowledged_) > 0) acknowledged_ = sequence;
}

// One byte behind the end is a FIN that was not captured.
std::uint64_t TcpStream::missing_at_end() const {
  if (fin_ && *fin_ > end_) return *fin_ - end_;
  const std::uint64_t received = acknowledged_ ? place_of(*acknowledged_).value_or(0) : 0;
  return received > end_ + 1 ? received - end_ : 0;
}

std::optional<std::uint64_t> TcpStream::place_of(std::uint32_t acknowledged) const {
  if (!started_) return std::nullopt;
  std::int64_t at = static_cast<std::int64_t>(end_) + ahead(acknowledged);
  if (at > static_cast<std::int64_t>(end_ + kMaxTcpAhead)) return std::nullopt;
  if (fin_ && at == static_cast<std::int64_t>(*fin_) + 1) --at;  // FIN counts as a byte
  return static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0));
}

void TcpStream::add(const TcpSegment& segment) {
  if (segment.is_fragment)
    segment.place.fail("is a fragment of IP, and fragments are not put together",
                       "capture where packets are whole: at one of the two ends");
  if (segment.missing != 0)
    segment.place.fail(cat("lacks ", segment.missing, " bytes: it was cut when it was captured"), "capture whole packets: tcpdump -s 0");
  const std::uint32_t sequence = segment.sequence + (segment.begins ? 1 : 0);  // SYN counts as a byte
  if (segment.ends && started_) {
    const std::int64_t at = static_cast<std::int64_t>(end_) + ahead(sequence) + static_cast<std::int64_t>(segment.payload.size());
    if (at >= 0 && at <= static_cast<std::int64_t>(end_ + kMaxTcpAhead)) fin_ = std::max(fin_.value_or(0), static_cast<std::uint64_t>(at));
  }
  if (segment.payload.empty()) return;
  if (!started_) {
    started_ = true;
    first_ = sequence;
  }
  const std::int32_t before = ahead(sequence);
  if (before == -1 && segment.payload.size() == 1) return;  // asks whether the peer is alive; what the byte is does not matter (RFC 1122)
  const std::int64_t at = static_cast<std::int64_t>(end_) + before;
  View bytes = segment.payload;
  if (at < 0) {  // before the capture began
    if (has_syn_ || -at > static_cast<std::int64_t>(kMaxTcpAhead))
      segment.place.fail(cat("begins ", -at, " bytes before the first byte of its TCP connection"),
                         "where it is of another connection between the same ends, take that into a capture of its own");
    if (static_cast<std::uint64_t>(-at) >= bytes.size()) return;
    bytes = bytes.subspan(static_cast<std::size_t>(-at));
  }
  const auto from = static_cast<std::uint64_t>(std::max<std::int64_t>(at, 0));
  Arrival arrival{segment.place, segment.answers ? std::optional(segment.acknowledged) : std::nullopt};
  if (from > end_) {
    if (from - end_ > kMaxTcpAhead || waiting_.size() == kMaxTcpWaiting)
      segment.place.fail(cat("comes after ", from - end_, " bytes of its TCP connection that are missing"),
                         "capture again, with a larger buffer: tcpdump -B 8192");
    waiting_.emplace(from, Waiting{arrival, to_bytes(bytes)});
    waiting_bytes_ += bytes.size();
    return;
  }
  put(from, bytes, segment.place, arrival);
  while (!waiting_.empty() && waiting_.begin()->first <= end_) {
    const auto next = waiting_.extract(waiting_.begin());
    waiting_bytes_ -= next.mapped().bytes.size();
    const PacketPlace place = next.mapped().arrival.place;
    put(next.key(), next.mapped().bytes, place, {segment.place, next.mapped().arrival.acknowledged});
  }
}

// What was there before must be the same again: nobody can tell which of the two the receiver took.
void TcpStream::put(std::uint64_t at, View bytes, const PacketPlace& place, Arrival arrival) {
  const std::uint64_t remembered = end_ - bytes_.size();  // the place of bytes_[0]
  const std::uint64_t to = std::min(end_, at + bytes.size());
  if (at < remembered)
    place.fail(cat("sends byte ", at, " of its TCP connection again, after ", end_ - at, " bytes: too late to be compared"));
  for (std::uint64_t i = at; i < to; ++i)
    if (bytes_[static_cast<std::size_t>(i - remembered)] != bytes[static_cast<std::size_t>(i - at)])
      place.fail(cat("sends byte ", i, " of its TCP connection again, and it is another"));
  if (at + bytes.size() <= end_) return;
  const View fresh = bytes.subspan(static_cast<std::size_t>(end_ - at));
  append(bytes_, fresh);
  end_ += fresh.size();
  arrivals_.emplace(end_, std::move(arrival));
}

void TcpStream::take(std::size_t size) {
  taken_ += size;
  arrivals_.erase(arrivals_.begin(), arrivals_.upper_bound(taken()));
  if (taken_ < 2 * kTcpRemembered) return;
  const std::size_t old = taken_ - kTcpRemembered;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(old));
  taken_ -= old;
}

void TcpStream::release() {
  bytes_ = {};
  taken_ = waiting_bytes_ = 0;
  waiting_.clear();
  arrivals_.clear();
}

void TcpStream::keep_last() {
  const std::size_t kept = std::min(bytes_.size(), kTcpRemembered);
  bytes_ = Bytes(bytes_.end() - static_cast<std::ptrdiff_t>(kept), bytes_.end());
  taken_ = kept;
  waiting_bytes_ = 0;
  waiting_.clear();
  arrivals_.clear();
}

std::optional<TcpStream::Gap> TcpStream::gap() const {
  if (waiting_.empty()) return std::nullopt;
  const auto& [at, first] = *waiting_.begin();
  return Gap{first.arrival.place, at - end_};
}

}  // namespace spdm
