#include "core/evidence/capture_sockets.h"

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

bool is_spdm_port(std::uint16_t port) { return port == kSpdmTcpPort || port == kEmulatorPort; }

}  // namespace

bool SocketCapture::Connection::is_known_port() const { return is_spdm_port(ends[0].port) || is_spdm_port(ends[1].port); }

// The end that was connected to: by who has opened it, or else by its port.
std::size_t SocketCapture::Connection::server() const {
  if (opener) return 1 - *opener;
  return is_spdm_port(ends[0].port) && !is_spdm_port(ends[1].port) ? 0 : 1;
}

// The connection that the segment is of. A SYN with another sequence number opens another one between the same ends.
std::unique_ptr<SocketCapture::Connection>& SocketCapture::connection_of(const TcpSegment& segment, const Ends& ends, std::size_t sender) {
  const auto [entry, is_new] = connections_.try_emplace(ends);
  std::unique_ptr<Connection>& out = entry->second;
  const bool opens = segment.begins && !segment.answers;
  const bool again =
      opens && !is_new && (!out || (out->streams[sender].is_started() && out->streams[sender].first_sequence() != segment.sequence + 1));
  if (!is_new && !again) return out;
  if (count_++ == kMaxTcpConnections)
    segment.place.fail(cat("exceeds the limit of ", kMaxTcpConnections, " TCP connections in one capture"),
                       "take those of SPDM: tshark -r IN -w OUT -Y 'tcp.port == 4194 or tcp.port == 2323'");
  if (out) end(*out);
  out = std::make_unique<Connection>();
  out->ends = ends;
  out->first = segment.place;
  return out;
}

void SocketCapture::add(const TcpSegment& segment) {
  const std::size_t sender = segment.source < segment.destination ? 0 : 1;
  const Ends ends = sender == 0 ? Ends{segment.source, segment.destination} : Ends{segment.destination, segment.source};
  std::unique_ptr<Connection>& connection = connection_of(segment, ends, sender);
  if (!connection) return;
  if (segment.begins) {
    if (!connection->opener) connection->opener = segment.answers ? 1 - sender : sender;
    if (!connection->streams[sender].is_started()) connection->streams[sender].start(segment.sequence + 1);
  }
  const bool goes_on = take(*connection, segment, sender) &&
                       (!connection->framing || (read(*connection, sender, segment.place) && read(*connection, 1 - sender, segment.place)));
  if (!goes_on) connection.reset();
}

// Whether the connection is still of use.
bool SocketCapture::take(Connection& connection, const TcpSegment& segment, std::size_t sender) try {
  connection.streams[sender].add(segment);
  return connection.framing || decide(connection, segment.place);
} catch (const Error& error) {
  if (connection.framing || connection.is_known_port()) fail(connection, segment.place, error);
  return false;
}

// Whether it may be of SPDM. What one end says cannot hide what the other one asks: a device could leave the capture in that way.
bool SocketCapture::decide(Connection& connection, const PacketPlace& place) {
  bool open = false, strange = false;
  for (const TcpStream& stream : connection.streams) {
    const View bytes = stream.ready();
    bool may_fit = bytes.empty();
    for (const Framing framing : {Framing::emulator, Framing::tcp}) {
      const FramingFit fit = bytes.empty() ? FramingFit::undecided : fits(framing, bytes, connection.is_known_port());
      if (fit == FramingFit::yes) {
        connection.framing = framing;
        return true;
      }
      may_fit = may_fit || fit == FramingFit::undecided;
    }
    open = open || (may_fit && bytes.size() < kMaxUndecided);
    strange = strange || !may_fit;
  }
  // These ports are of SPDM.
  if (strange && connection.is_known_port())
    place.fail(connection.opener ? "its TCP connection does not begin with a message of SPDM"
                                 : "its TCP connection is in the middle of a message, or carries no SPDM",
               "capture from the beginning of the connection on");
  return open;
}

// Hands on what is whole. Whether the connection is still of use.
bool SocketCapture::read(Connection& connection, std::size_t sender, const PacketPlace& place) {
  TcpStream& stream = connection.streams[sender];
  for (;;) {
    std::optional<FramedMessage> framed;
    try {
      framed = first_message(*connection.framing, stream.ready(), connection.transport, place);
    } catch (const Error& error) {
      fail(connection, place, error);
      return false;
    }
    if (!framed) return true;
    hear(connection, sender, *framed, place);
    stream.take(framed->size);
  }
}

void SocketCapture::hear(Connection& connection, std::size_t sender, const FramedMessage& framed, const PacketPlace& place) {
  if (!framed.message) return;
  const auto& [secured, bytes] = *framed.message;
  // Either end may open a connection (DSP0287). Who asks is told by the first message; from then on by who sends.
  if (!connection.requester) {
    if (!secured && bytes.size() >= 2)
      connection.requester = (bytes[1] & 0x80) != 0 ? sender : 1 - sender;
    else
      connection.requester = 1 - connection.server();
  }
  devices_.hear(device_of(connection, framed.binding, place), sender == *connection.requester, secured, bytes, place);
}

std::size_t SocketCapture::device_of(Connection& connection, Binding binding, const PacketPlace& place) {
  if (!connection.device) {
    std::string name = label(connection);
    if (const std::size_t before = names_[name]++; before != 0) name += cat(", connection ", before + 1);
    connection.device = devices_.add(cat("[", name, "]"), binding, place);
  }
  return *connection.device;
}

// "127.0.0.1:2323 from :41234": the responder, and the requester with its address where that is another.
std::string SocketCapture::label(const Connection& connection) {
  const std::size_t responder = connection.requester ? 1 - *connection.requester : connection.server();
  const IpEndpoint &asked = connection.ends[responder], &asks = connection.ends[1 - responder];
  return cat(to_string(asked), " from ", asks.address == asked.address ? cat(":", asks.port) : to_string(asks));
}

void SocketCapture::fail(Connection& connection, const PacketPlace& place, const Error& error) {
  devices_.fail(device_of(connection, connection.framing == Framing::tcp ? Binding::tcp : Binding::none, place), error);
}

void SocketCapture::assert_ended(const Connection& connection) {
  constexpr std::string_view kAgain = "capture again, with a larger buffer: tcpdump -B 8192";
  for (const TcpStream& stream : connection.streams) {
    if (const std::optional<TcpStream::Gap> gap = stream.gap())
      gap->place.fail(cat("comes after ", gap->missing, " bytes of its TCP connection that are missing"), std::string(kAgain));
    if (!stream.ready().empty())
      connection.first.fail(cat("begins a TCP connection that ends inside of a message, after ", stream.ready().size(), " bytes of it"),
                            std::string(kAgain));
  }
}

void SocketCapture::end(Connection& connection) {
  if (!connection.framing && !connection.is_known_port()) return;
  try {
    assert_ended(connection);
  } catch (const Error& error) {
    fail(connection, connection.first, error);
  }
}

std::vector<EvidencePart> SocketCapture::finish() {
  for (const auto& [ends, connection] : connections_)
    if (connection) end(*connection);
  return devices_.finish();
}

}  // namespace spdm
