#include "core/evidence/capture_sockets.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

// One more that is idle may have to be known again later, without its beginning. One that is under way is never forgotten.
void SocketCapture::list(Table::value_type& entry) {
  if (entry.second.is_listed || entry.second.is_mark) return;
  entry.second.is_listed = true;
  idle_.push_back(entry.first);
}

void SocketCapture::make_room(const PacketPlace& place) {
  while (!idle_.empty()) {
    const auto found = connections_.find(idle_.front());
    idle_.pop_front();
    if (found == connections_.end()) continue;
    found->second.is_listed = false;
    if (forget(found, place)) return;
  }
  place.fail(cat("exceeds the limit of ", kMaxTcpConnections, " open TCP connections in one capture"),
             "take those of SPDM: tshark -r IN -w OUT -Y 'tcp.port == 4194 or tcp.port == 2323'");
}

// Whether there is room for another. What would be of use later stays as a mark.
bool SocketCapture::forget(Table::iterator entry, const PacketPlace& place) {
  TcpConnection* const connection = entry->second.connection.get();
  const bool is_mark = connection != nullptr && connection->is_mark();
  if (connection != nullptr && !connection->is_idle() && !is_mark) return false;
  if (is_mark && marks_ < kMaxTcpMarks) {
    connection->drop_strange();
    connection->held_undecided.resize(0);
    entry->second.is_mark = true;
    ++marks_;
    return true;
  }
  if (is_mark && !std::exchange(is_full_of_marks_, true)) {
    try {
      place.fail(cat("exceeds the limit of ", kMaxTcpMarks,
                     " TCP connections that have ended or are odd: what goes on with older ones is not seen"),
                 "take parts of the capture: editcap -c 1000000 IN OUT");
    } catch (const Error& error) {
      done_.push_back({.label = "[other TCP connections]", .evidence = {}, .error = error});
    }
  }
  connections_.erase(entry);
  return true;
}

SocketCapture::Table::iterator SocketCapture::entry_of(const TcpSegment& segment, const TcpEnds& ends) {
  const auto known = connections_.find(ends);
  if (known != connections_.end()) return known;
  while (connections_.size() - marks_ >= kMaxTcpConnections) make_room(segment.place);
  const auto added = connections_.emplace(ends, Entry{made(ends, segment.place)}).first;
  list(*added);
  return added;
}

std::unique_ptr<TcpConnection> SocketCapture::made(const TcpEnds& ends, const PacketPlace& first) {
  return std::make_unique<TcpConnection>(ends, first, holds_);
}

// Another connection between the same ends.
std::unique_ptr<TcpConnection> SocketCapture::renewed(const TcpConnection& old) {
  const TcpConnection::Renewal& renewal = *old.renewal;
  auto out = made(old.ends, renewal.place);
  out->opener = renewal.opener;
  const bool both_ended = old.streams[0].has_ended() && old.streams[1].has_ended();
  out->follows_spdm = !both_ended && (old.framing || old.follows_spdm);
  out->streams[renewal.opener].start(renewal.sequence);
  if (renewal.answer) out->streams[1 - renewal.opener].start(*renewal.answer);
  return out;
}

void SocketCapture::open(TcpConnection& connection, const TcpSegment& segment, std::size_t sender) {
  if (!connection.opener) connection.opener = segment.answers ? 1 - sender : sender;
  if (!connection.streams[sender].is_started()) connection.streams[sender].start(segment.sequence + 1);
}

void SocketCapture::add(const TcpSegment& segment) {
  if (delivers_) deliver_closed(segment.place.number);
  const std::size_t sender = segment.source < segment.destination ? 0 : 1;
  const TcpEnds ends = sender == 0 ? TcpEnds{segment.source, segment.destination} : TcpEnds{segment.destination, segment.source};
  const auto entry = entry_of(segment, ends);
  std::unique_ptr<TcpConnection>& connection = entry->second.connection;
  if (!connection) {
    if (!segment.begins || segment.answers) return;
    connection = made(ends, segment.place);
  } else if (connection->renews(segment, sender)) {
    if (!connection->has_ended) end(*connection);
    connection = renewed(*connection);
  } else if (connection->renewal && segment.begins) {
    return;  // nobody knows yet of which connection it is
  }
  if (!goes_on(*connection, segment, sender)) connection.reset();
  const bool is_mark = connection && connection->is_mark();
  if (entry->second.is_mark && !is_mark) {
    entry->second.is_mark = false;
    --marks_;
  }
  if (!connection || connection->is_idle() || is_mark) list(*entry);
}

// It was handed on: what is sent again must be the same, and nothing may follow.
bool SocketCapture::goes_on_after_end(TcpConnection& connection, const TcpSegment& segment, std::size_t sender) try {
  TcpStream& stream = connection.streams[sender];
  if (stream.goes_on_with(segment))
    segment.place.fail("goes on with a TCP connection that both ends had ended",
                       "take the packets of that connection into a capture of their own");
  stream.add(segment);
  return true;
} catch (const Error& error) {
  fail(connection, segment.place, error);
  return false;
}

// Whether the connection is still of use.
bool SocketCapture::goes_on(TcpConnection& connection, const TcpSegment& segment, std::size_t sender) {
  if (segment.begins) open(connection, segment, sender);
  if (connection.has_ended) return goes_on_after_end(connection, segment, sender);
  if (!take(connection, segment, sender) || !keep(connection, segment.place)) return false;
  if (connection.framing && !read(connection, segment.place, false)) return false;
  note_end(connection, segment);
  return true;
}

bool SocketCapture::take(TcpConnection& connection, const TcpSegment& segment, std::size_t sender) try {
  try {
    if (!connection.dropped[sender]) connection.streams[sender].add(segment);
  } catch (const Error& error) {
    if (connection.framing || connection.has_to_be_spdm()) throw;
    connection.lose(sender, error);
  }
  if (segment.answers && !segment.begins && !segment.resets) connection.streams[1 - sender].note_acknowledged(segment.acknowledged);
  if (connection.framing) return true;
  const bool is_of_use = connection.decide(segment.place);
  // What was wrong was not the device's, it seems: its peer, or somebody in its name, begins after that.
  if (connection.lost[sender] && opens_conversation(segment.payload)) throw Error(*connection.lost[sender]);
  if (!connection.framing) return is_of_use;
  if (!connection.dropped[0] && !connection.dropped[1]) return true;
  connection.requester = connection.dropped[0] ? 1 : 0;
  for (const std::optional<Error>& lost : connection.lost)
    if (lost) throw Error(*lost);
  segment.place.fail(cat("is of a TCP connection with more than ", kMaxUndecided, " bytes that are no SPDM in front of it"));
} catch (const Error& error) {
  fail(connection, segment.place, error);
  return false;
}

// Of one that is mostly no SPDM. What is strange is forgotten first, then what waits for the first bytes of any, the oldest first.
bool SocketCapture::keep_undecided(TcpConnection& connection) {
  if (!connection.waits(0) && !connection.waits(1))
    connection.stop_waiting();
  else if (!connection.turn)
    connection.turn = waiting_.insert(waiting_.end(), &connection);
  if (connection.held_undecided.resize(connection.memory())) return true;
  connection.drop_strange();
  while (!connection.held_undecided.resize(connection.memory())) {
    if (waiting_.empty()) return false;
    TcpConnection& oldest = *waiting_.front();
    oldest.lose_waiting();
    oldest.held_undecided.resize(oldest.memory());
  }
  return true;
}

// The last bytes of one that was handed on, in place of those of older ones.
void SocketCapture::keep_ended(TcpConnection& connection) {
  for (TcpStream& stream : connection.streams) stream.keep_last();
  while (!tails_.empty() && (tails_.size() == kMaxTcpMarks || !connection.held_ended.resize(connection.memory()))) {
    const auto oldest = connections_.find(tails_.front());
    tails_.pop_front();
    if (oldest == connections_.end() || !oldest->second.connection || !oldest->second.connection->has_ended) continue;
    for (TcpStream& stream : oldest->second.connection->streams) stream.release();
    oldest->second.connection->held_ended.resize(0);
  }
  if (connection.held_ended.resize(connection.memory())) tails_.push_back(connection.ends);
}

// Whether there is memory for what waits. What cannot be read any more, and may have been of SPDM, is told.
bool SocketCapture::keep(TcpConnection& connection, const PacketPlace& place) try {
  const bool is_undecided = !connection.framing && !connection.has_to_be_spdm();
  if (is_undecided && keep_undecided(connection)) return true;
  if (!is_undecided) {
    connection.stop_waiting();
    connection.held_undecided.resize(0);
    if (connection.held.resize(connection.memory())) return true;
  }
  place.fail(cat("is of a TCP connection that waits for bytes, and all that wait take more than ",
                 is_undecided ? kMaxUndecidedHeld : kMaxCaptureHeld, " bytes of memory"),
             "take the packets of that connection into a capture of their own");
} catch (const Error& error) {
  fail(connection, place, error);
  return false;
}

// Hands on what is whole. Whether the connection is still of use.
bool SocketCapture::read(TcpConnection& connection, const PacketPlace& place, bool is_over) try {
  while (const std::optional<TcpConnection::Heard> heard = connection.next(place, is_over)) {
    hear(connection, *heard);
    connection.take(*heard);
  }
  return true;
} catch (const Error& error) {
  fail(connection, place, error);
  return false;
}

void SocketCapture::hear(TcpConnection& connection, const TcpConnection::Heard& heard) {
  if (!heard.framed.message) return;
  const auto& [secured, bytes] = *heard.framed.message;
  // Either end may open a connection (DSP0287). Who asks is told by the first message; from then on by who sends.
  if (!connection.requester) {
    if (!secured && bytes.size() >= 2)
      connection.requester = (bytes[1] & 0x80) != 0 ? heard.sender : 1 - heard.sender;
    else
      connection.requester = 1 - connection.server();
  }
  devices_.hear(device_of(connection, heard.framed.binding, heard.place), heard.sender == *connection.requester, secured, bytes,
                heard.place);
}

std::size_t SocketCapture::device_of(TcpConnection& connection, Binding binding, const PacketPlace& place) {
  if (!connection.device) {
    if (devices_.is_full())
      place.fail(cat("is of one SPDM connection more than the ", kMaxDevicesOfDocument, " of a capture that may be open at the same time"));
    connection.name = new_label(connection);
    connection.device = devices_.add(connection.name, binding, place);
  }
  return *connection.device;
}

std::string SocketCapture::new_label(const TcpConnection& connection) {
  std::string name = connection.label();
  const auto known = names_.find(name);
  if (known == names_.end() && names_.size() == kMaxTcpLabels) return cat("[", name, ", packet ", connection.first.number, "]");
  if (known == names_.end())
    names_.emplace(name, 1);
  else
    name += cat(", connection ", ++known->second);
  return cat("[", name, "]");
}

void SocketCapture::fail(TcpConnection& connection, const PacketPlace& place, const Error& error) {
  if (connection.has_ended && !connection.name.empty()) {
    const Error named(error.id, cat(error.what(), ": ", connection.name, " was judged without this"), error.hint);
    done_.push_back({.label = new_label(connection), .evidence = {}, .error = named});
    return;
  }
  if (connection.has_ended || (!connection.device && devices_.is_full())) {
    done_.push_back({.label = new_label(connection), .evidence = {}, .error = error});
    return;
  }
  devices_.fail(device_of(connection, connection.framing == Framing::tcp ? Binding::tcp : Binding::none, place), error);
  if (!delivers_) return;
  if (std::optional<EvidencePart> part = devices_.take(*connection.device)) done_.push_back(*std::move(part));
}

// A connection is done where both ends have said so, or one has reset it. Who disturbs it can say the same: what goes on, goes on.
void SocketCapture::note_end(TcpConnection& connection, const TcpSegment& segment) {
  const bool is_over = segment.resets || (connection.streams[0].has_ended() && connection.streams[1].has_ended());
  if (!is_over && !segment.payload.empty()) connection.closing.reset();
  if (!is_over || (connection.closing && segment.payload.empty())) return;
  connection.closing = segment.place.number;
  if (delivers_) closing_.emplace_back(segment.place.number, connection.ends);
}

void SocketCapture::begin_to_deliver() {
  delivers_ = true;
  for (const auto& [ends, entry] : connections_)
    if (entry.connection && entry.connection->closing) closing_.emplace_back(*entry.connection->closing, ends);
  std::sort(closing_.begin(), closing_.end());
}

void SocketCapture::deliver_closed(std::size_t packet) {
  while (!closing_.empty() && closing_.front().first + kTcpGrace <= packet) {
    const auto [closed, ends] = closing_.front();
    closing_.pop_front();
    const auto entry = connections_.find(ends);
    if (entry == connections_.end()) continue;
    std::unique_ptr<TcpConnection>& connection = entry->second.connection;
    if (!connection || connection->has_ended || connection->closing != closed) continue;
    if (!connection->framing) continue;  // what it is may still be said
    end(*connection);
    fail_renewal(*connection);
    if (!connection->has_ended) connection.reset();
    list(*entry);
  }
}

void SocketCapture::end(TcpConnection& connection) {
  if (!connection.framing && !connection.has_to_be_spdm()) return;
  try {
    if (connection.framing && !read(connection, connection.first, true)) return;
    connection.assert_ended();
  } catch (const Error& error) {
    return fail(connection, connection.first, error);
  }
  if (!delivers_) return;
  if (std::optional<EvidencePart> part = connection.device ? devices_.take(*connection.device) : std::nullopt)
    done_.push_back(*std::move(part));
  connection.held.resize(0);
  connection.has_ended = true;
  keep_ended(connection);
}

// Another connection has begun in place of one of SPDM, and nothing of it has come.
void SocketCapture::fail_renewal(const TcpConnection& connection) {
  if (!connection.renewal || !connection.renewal->answer || (!connection.framing && !connection.has_to_be_spdm())) return;
  const std::unique_ptr<TcpConnection> next = renewed(connection);
  try {
    next->first.fail("begins another TCP connection between the same ends, and nothing that follows is of it",
                     "capture again, with a larger buffer: tcpdump -B 8192");
  } catch (const Error& error) {
    fail(*next, next->first, error);
  }
}

std::vector<EvidencePart> SocketCapture::finish() {
  delivers_ = false;
  for (const auto& [ends, entry] : connections_)
    if (entry.connection && !entry.connection->has_ended) {
      end(*entry.connection);
      fail_renewal(*entry.connection);
    }
  connections_.clear();
  std::vector<EvidencePart> out = take();
  for (EvidencePart& part : devices_.finish()) out.push_back(std::move(part));
  return out;
}

}  // namespace spdm
