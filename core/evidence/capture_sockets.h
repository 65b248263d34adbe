// The devices of a capture that are spoken with over TCP: each connection that carries SPDM is one.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/evidence/capture_devices.h"
#include "core/evidence/capture_framing.h"
#include "core/evidence/capture_tcp.h"

namespace spdm {

inline constexpr std::size_t kMaxTcpConnections = 16'384;            // of a capture, those that are left out among them
inline constexpr std::size_t kMaxUndecided = std::size_t{64} << 10;  // bytes of one end, while the other says nothing

// A connection is of SPDM where its first bytes fit a framing: any message on the ports that are of SPDM (4194, 2323), one that opens a
// conversation on any other, whichever end says it. On the ports of SPDM anything else is an error of the connection; on any other it is
// left out.
class SocketCapture {
 public:
  explicit SocketCapture(Intake& intake) : devices_(intake) {}

  // What is wrong with a connection is an error of its device alone. Throws Error{bad_input} where the capture as a whole is too much.
  void add(const TcpSegment& segment);
  // In the order in which SPDM was first seen on them. What has not ended is an error of its device.
  std::vector<EvidencePart> finish();

 private:
  using Ends = std::array<IpEndpoint, 2>;  // the lesser one first
  struct Connection {
    Ends ends;
    PacketPlace first;
    std::array<TcpStream, 2> streams;              // by who sends
    std::optional<std::size_t> opener, requester;  // which end has connected, and which one asks
    std::optional<Framing> framing;                // nothing: not decided
    std::optional<std::uint32_t> transport;        // of the emulator's framing
    std::optional<std::size_t> device;
    std::size_t server() const;
    bool is_known_port() const;
  };
  using Table = std::map<Ends, std::unique_ptr<Connection>>;

  std::unique_ptr<Connection>& connection_of(const TcpSegment& segment, const Ends& ends, std::size_t sender);
  bool take(Connection& connection, const TcpSegment& segment, std::size_t sender);
  static bool decide(Connection& connection, const PacketPlace& place);
  bool read(Connection& connection, std::size_t sender, const PacketPlace& place);
  void hear(Connection& connection, std::size_t sender, const FramedMessage& framed, const PacketPlace& place);
  std::size_t device_of(Connection& connection, Binding binding, const PacketPlace& place);
  void fail(Connection& connection, const PacketPlace& place, const Error& error);
  static void assert_ended(const Connection& connection);
  void end(Connection& connection);
  static std::string label(const Connection& connection);

  Table connections_;  // without a connection: it is left out, or has failed
  std::size_t count_ = 0;
  std::map<std::string, std::size_t> names_;  // how many have this label
  CaptureDevices devices_;
};

}  // namespace spdm
