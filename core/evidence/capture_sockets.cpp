#include "core/evidence/capture_sockets.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

// One more that is idle may have to be known again later, without its beginning. One that is under way is never forgotten.
void SocketCapture::list(Table::value_type& entry) {
  if (entry.second.is_listed) return;
  entry.second.is_listed = true;
  idle_.push_back(entry.first);
}

void SocketCapture::make_room(const PacketPlace& place) {
  while (!idle_.empty()) {
    const auto found = connections_.find(idle_.front());
    idle_.pop_front();
    found->second.is_listed = false;
    const TcpConnection* const connection = found->second.connection.get();
    if (connection != nullptr && !connection->is_idle()) continue;
    connections_.erase(found);
    return;
  }
  place.fail(cat("exceeds the limit of ", kMaxTcpConnections, " open TCP connections in one capture"),
             "take those of SPDM: tshark -r IN -w OUT -Y 'tcp.port == 4194 or tcp.port == 2323'");
}

SocketCapture::Table::iterator SocketCapture::entry_of(const TcpSegment& segment, const TcpEnds& ends) {
  const auto known = connections_.find(ends);
  if (known != connections_.end()) return known;
  if (connections_.size() == kMaxTcpConnections) make_room(segment.place);
  const auto added = connections_.emplace(ends, Entry{made(ends, segment.place)}).first;
  list(*added);
  return added;
}

std::unique_ptr<TcpConnection> SocketCapture::made(const TcpEnds& ends, const PacketPlace& first) {
  return std::make_unique<TcpConnection>(ends, first, hold_, undecided_);
}

// Another connection between the same ends.
std::unique_ptr<TcpConnection> SocketCapture::renewed(const TcpConnection& old) {
  const TcpConnection::Renewal& renewal = *old.renewal;
  auto out = made(old.ends, renewal.place);
  out->opener = renewal.opener;
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
  if (!connection || connection->is_idle()) list(*entry);
}

// Whether the connection is still of use.
bool SocketCapture::goes_on(TcpConnection& connection, const TcpSegment& segment, std::size_t sender) {
  if (segment.begins) open(connection, segment, sender);
  if (connection.has_ended) {
    if (!connection.streams[sender].goes_on_with(segment)) return true;
    try {
      segment.place.fail("goes on with a TCP connection that both ends had ended, and that was judged without this",
                         "take the packets of that connection into a capture of their own");
    } catch (const Error& error) {
      fail(connection, segment.place, error);
    }
    return false;
  }
  if (!take(connection, segment, sender) || !keep(connection, segment.place)) return false;
  if (connection.framing && !read(connection, segment.place, false)) return false;
  note_end(connection, segment);
  return true;
}

bool SocketCapture::take(TcpConnection& connection, const TcpSegment& segment, std::size_t sender) try {
  if (!connection.dropped[sender]) connection.streams[sender].add(segment);
  if (connection.framing) return true;
  if (!connection.decide(segment.place)) return false;
  if (!connection.dropped[0] && !connection.dropped[1]) return true;
  if (!connection.framing) return true;
  connection.requester = connection.dropped[0] ? 1 : 0;
  segment.place.fail(cat("is of a TCP connection with more than ", kMaxUndecided, " bytes that are no SPDM in front of it"));
} catch (const Error& error) {
  if (connection.framing || connection.is_known_port()) fail(connection, segment.place, error);
  return false;
}

// Of one that is mostly no SPDM. What is strange is forgotten first. Segments in front of which the first bytes are missing are no use.
bool SocketCapture::keep_undecided(TcpConnection& connection) {
  if (connection.held_undecided.resize(connection.memory())) return true;
  connection.drop_strange();
  return connection.held_undecided.resize(connection.memory());
}

// Whether there is memory for what waits. What cannot be read any more, and may have been of SPDM, is told.
bool SocketCapture::keep(TcpConnection& connection, const PacketPlace& place) try {
  if (!connection.framing && !connection.is_known_port()) {
    if (keep_undecided(connection)) return true;
    if (connection.streams[0].ready().empty() && connection.streams[1].ready().empty()) return false;
  } else {
    connection.held_undecided.resize(0);
    if (connection.held.resize(connection.memory())) return true;
  }
  place.fail(cat("is of a TCP connection that waits for bytes, and all that wait take more than ", kMaxCaptureHeld, " bytes of memory"),
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
    connection.device = devices_.add(new_label(connection), binding, place);
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
    end(*connection);
    if (!connection->has_ended) connection.reset();
    list(*entry);
  }
}

void SocketCapture::end(TcpConnection& connection) {
  if (!connection.framing && !connection.is_known_port()) return;
  try {
    if (connection.framing && !read(connection, connection.first, true)) return;
    connection.assert_ended();
  } catch (const Error& error) {
    return fail(connection, connection.first, error);
  }
  if (!delivers_) return;
  if (std::optional<EvidencePart> part = connection.device ? devices_.take(*connection.device) : std::nullopt)
    done_.push_back(*std::move(part));
  for (TcpStream& stream : connection.streams) stream.release();
  connection.held.resize(0);
  connection.has_ended = true;
}

std::vector<EvidencePart> SocketCapture::finish() {
  delivers_ = false;
  for (const auto& [ends, entry] : connections_)
    if (entry.connection && !entry.connection->has_ended) end(*entry.connection);
  connections_.clear();
  std::vector<EvidencePart> out = take();
  for (EvidencePart& part : devices_.finish()) out.push_back(std::move(part));
  return out;
}

}  // namespace spdm
