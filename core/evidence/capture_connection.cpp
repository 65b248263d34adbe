#include "core/evidence/capture_connection.h"

#include <string_view>

#include "core/text.h"

namespace spdm {

bool is_spdm_port(std::uint16_t port) { return port == kSpdmTcpPort || port == kEmulatorPort; }

std::size_t TcpConnection::server() const {
  if (opener) return 1 - *opener;
  return is_spdm_port(ends[0].port) && !is_spdm_port(ends[1].port) ? 0 : 1;
}

std::string TcpConnection::label() const {
  const std::size_t responder = requester ? 1 - *requester : server();
  const IpEndpoint &asked = ends[responder], &asks = ends[1 - responder];
  return cat(to_string(asked), " from ", asks.address == asked.address ? cat(":", asks.port) : to_string(asks));
}

// What one end says cannot hide what the other one asks: a device could leave the capture in that way.
bool TcpConnection::decide(const PacketPlace& place) {
  for (std::size_t sender = 0; sender < 2; ++sender) {
    const View bytes = streams[sender].ready();
    if (bytes.empty() || dropped[sender]) continue;
    bool may_fit = false;
    for (const Framing one : {Framing::emulator, Framing::tcp}) {
      const FramingFit fit = fits(one, bytes, has_to_be_spdm());
      if (fit == FramingFit::yes) {
        framing = one;
        return true;
      }
      may_fit = may_fit || fit == FramingFit::undecided;
    }
    strange[sender] = !may_fit;
  }
  if ((strange[0] || strange[1]) && has_to_be_spdm())
    place.fail(opener ? "its TCP connection does not begin with a message of SPDM"
                      : "its TCP connection is in the middle of a message, or carries no SPDM",
               "capture from the beginning of the connection on");
  if (memory() > kMaxUndecided) drop_strange();
  return !strange[0] || !strange[1];
}

void TcpConnection::drop_strange() {
  for (std::size_t sender = 0; sender < 2; ++sender) {
    if (!strange[sender] || dropped[sender]) continue;
    streams[sender].release();
    dropped[sender] = true;
  }
}

void TcpConnection::lose(std::size_t sender, const Error& error) {
  streams[sender].release();
  dropped[sender] = true;
  lost[sender] = error;
}

void TcpConnection::lose_waiting() {
  stop_waiting();
  for (std::size_t sender = 0; sender < 2; ++sender) {
    if (!waits(sender)) continue;
    try {
      streams[sender].gap()->place.fail("waits for the first bytes of its TCP connection, and too many do",
                                        "take the packets of that connection into a capture of their own");
    } catch (const Error& error) {
      lose(sender, error);
    }
  }
}

void TcpConnection::stop_waiting() {
  if (turn) waiting.erase(*turn);
  turn.reset();
}

// How many bytes of the other end the sender had when it began its next message. Nothing as long as nobody knows.
std::optional<std::uint64_t> TcpConnection::needed_before(std::size_t sender) const {
  const std::optional<std::uint32_t> acknowledged = streams[sender].arrival(streams[sender].taken()).acknowledged;
  if (!acknowledged) return 0;
  const TcpStream& other = streams[1 - sender];
  if (!other.is_started()) return std::nullopt;
  return other.place_of(*acknowledged).value_or(0);
}

bool TcpConnection::may_be_next(std::size_t sender, const Firsts& firsts, bool is_over) const {
  const TcpStream& other = streams[1 - sender];
  const std::optional<FramedMessage>& before = firsts[1 - sender];
  const std::optional<std::uint64_t> needed = needed_before(sender);
  if (!needed) return is_over;
  if (before && other.taken() + before->size <= *needed) return false;
  return is_over || other.end() >= *needed;
}

const PacketPlace& TcpConnection::completed(std::size_t sender, const Firsts& firsts) const {
  return streams[sender].arrival(streams[sender].taken() + firsts[sender]->size - 1).place;
}

std::optional<TcpConnection::Heard> TcpConnection::next(const PacketPlace& place, bool is_over) {
  Firsts firsts;
  for (std::size_t sender = 0; sender < 2; ++sender) {
    firsts[sender] = first_message(*framing, streams[sender].ready(), transport, place);
    // So much does not come before what it answers.
    if (streams[sender].ready().size() > 2 * kMaxTcpAhead) is_over = true;
  }
  if (!firsts[0] && !firsts[1]) return std::nullopt;
  std::array<bool, 2> may{};
  for (std::size_t sender = 0; sender < 2; ++sender) may[sender] = firsts[sender] && may_be_next(sender, firsts, is_over);
  if (!may[0] && !may[1]) {
    if (!is_over) return std::nullopt;
    may = {firsts[0].has_value(), firsts[1].has_value()};
  }
  std::size_t sender = may[0] ? 0 : 1;
  if (may[0] && may[1] && completed(1, firsts).number < completed(0, firsts).number) sender = 1;
  return Heard{sender, *firsts[sender], completed(sender, firsts)};
}

void TcpConnection::assert_ended() const {
  constexpr std::string_view kAgain = "capture again, with a larger buffer: tcpdump -B 8192";
  for (const TcpStream& stream : streams) {
    if (const std::optional<TcpStream::Gap> gap = stream.gap())
      gap->place.fail(cat("comes after ", gap->missing, " bytes of its TCP connection that are missing"), std::string(kAgain));
    if (!stream.ready().empty())
      first.fail(cat("begins a TCP connection that ends inside of a message, after ", stream.ready().size(), " bytes of it"),
                 std::string(kAgain));
    if (const std::uint64_t missing = stream.missing_at_end(); missing != 0)
      first.fail(cat("begins a TCP connection of which ", missing, " bytes before the end are missing"), std::string(kAgain));
  }
}

bool TcpConnection::renews(const TcpSegment& segment, std::size_t sender) {
  if (segment.begins && !segment.answers) {
    const bool is_other = streams[sender].is_started() && streams[sender].first_sequence() != segment.sequence + 1;
    const bool is_over = closing || has_ended;
    if (is_other || is_over) renewal = Renewal{segment.place, sender, segment.sequence + 1, std::nullopt};
    return is_over;
  }
  if (!renewal || segment.resets) return false;
  if (segment.begins) {
    if (sender != renewal->opener && segment.acknowledged == renewal->sequence) renewal->answer = segment.sequence + 1;
    return false;
  }
  const TcpStream& old = streams[sender];
  if (old.ends_at(segment.sequence) && !segment.payload.empty()) renewal.reset();  // it goes on: the SYN was false
  if (!renewal || !renewal->answer || old.has_place_of(segment)) return false;
  const std::uint32_t begin = sender == renewal->opener ? renewal->sequence : *renewal->answer;
  return segment.sequence - begin <= kMaxTcpAhead;
}

}  // namespace spdm
