#include "transport/mctp/kernel_socket.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "core/descriptor.h"
#include "core/error.h"
#include "core/text.h"
#include "transport/base/wait.h"
#include "transport/mctp/kernel_tags.h"

namespace spdm::transport {

namespace {

// linux/mctp.h: names of our own, for the headers of a distribution are older than its kernel, and they cannot be included beside those
// of the C library for interfaces.
constexpr int kFamily = 45;
constexpr std::uint8_t kAnyEid = 0xFF;

struct SocketAddress {
  std::uint16_t family = kFamily, pad = 0;
  std::uint32_t network = 0;  // 0: the default one; to bind: all
  std::uint8_t eid = 0, type = 0, tag = 0, pad2 = 0;
};
static_assert(sizeof(SocketAddress) == 12);

Descriptor make_socket() {
  Descriptor out(::socket(kFamily, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (out.get() >= 0) return out;
  if (errno == EAFNOSUPPORT) fail_without_mctp();
  throw Error(ErrorId::io, cat("MCTP: socket: ", std::strerror(errno)));
}

[[noreturn]] void fail_send(const MctpHeader& to, std::size_t size, int error) {
  const std::string what = cat("MCTP: a message to endpoint ", to_string(to.peer));
  switch (error) {
    case EACCES:
    case EPERM:
      throw Error(ErrorId::permission, cat(what, ": the kernel refuses it: ", std::strerror(error)),
                  "run it as root, and not in a container: each message needs CAP_NET_RAW");
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENODEV:
    case ENXIO:
    case ENETDOWN:
      throw Error(ErrorId::no_device, cat(what, ": ", std::strerror(error)), "see the routes: spdmctl list");
    case ENOENT:
      throw Error(ErrorId::no_spdm, cat(what, ": it is an address of this host, and no program receives messages of type ",
                                        static_cast<unsigned>(to.type), " there"));
    case EMSGSIZE:
    case ENOBUFS:
      throw Error(ErrorId::io, cat(what, ": ", size, " bytes cannot be sent: ", std::strerror(error)));
    default:
      throw Error(ErrorId::io, cat(what, ": ", std::strerror(error)));
  }
}

class KernelSocket final : public MctpSocket {
 public:
  explicit KernelSocket(std::vector<Descriptor> sockets) : sockets_(std::move(sockets)) {}

  void send(const MctpHeader& to, View message) override;
  std::optional<MctpMessage> receive(Clock::time_point deadline) override;
  std::uint8_t take_tag(const MctpAddress& peer) override { return take_kernel_tag(kernel_ioctl, any(), peer); }
  void give_back_tag(const MctpAddress& peer, std::uint8_t tag) override { give_back_kernel_tag(kernel_ioctl, any(), peer, tag); }

 private:
  int any() const { return sockets_.front().get(); }  // the type is part of an address, not of a socket that is not bound

  std::vector<Descriptor> sockets_;  // one at least; of an endpoint, one for each type
};

void KernelSocket::send(const MctpHeader& to, View message) {
  const SocketAddress address{.network = to.peer.network, .eid = to.peer.eid, .type = to.type, .tag = to.tag};
  ssize_t sent = 0;
  do {
    sent = ::sendto(any(), message.data(), message.size(), MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) fail_send(to, message.size(), errno);
  if (static_cast<std::size_t>(sent) != message.size())
    throw Error(ErrorId::io, cat("MCTP: ", sent, " of ", message.size(), " bytes were sent"));
}

// A message that waits there. Nothing when there is none, and when it is none that can be.
std::optional<MctpMessage> take(int socket) {
  const ssize_t size = ::recv(socket, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  if (size < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (size < 0) throw Error(ErrorId::io, cat("MCTP: receiving: ", std::strerror(errno)));
  Bytes bytes(std::min<std::size_t>(static_cast<std::size_t>(size), kMostMctpMessage + 1));
  SocketAddress from;
  socklen_t length = sizeof from;
  const ssize_t got = ::recvfrom(socket, bytes.data(), bytes.size(), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &length);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return std::nullopt;
  if (got < 0) throw Error(ErrorId::io, cat("MCTP: receiving: ", std::strerror(errno)));
  if (length != sizeof from || static_cast<std::size_t>(got) > kMostMctpMessage) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(got));
  return MctpMessage{{{from.network, from.eid}, from.type, from.tag}, std::move(bytes)};
}

std::optional<MctpMessage> KernelSocket::receive(Clock::time_point deadline) {
  std::vector<pollfd> all;
  all.reserve(sockets_.size());
  for (const Descriptor& one : sockets_) all.push_back({one.get(), POLLIN, 0});
  while (wait_for(all, deadline))
    for (const Descriptor& one : sockets_)
      if (std::optional<MctpMessage> message = take(one.get())) return message;
  return std::nullopt;
}

}  // namespace

bool kernel_has_mctp() { return Descriptor(::socket(kFamily, SOCK_DGRAM | SOCK_CLOEXEC, 0)).get() >= 0 || errno != EAFNOSUPPORT; }

void fail_without_mctp() {
  throw Error(ErrorId::unsupported, "this kernel has no MCTP: it was built without CONFIG_MCTP, like Debian kernels",
              "use a kernel with CONFIG_MCTP, such as that of a BMC");
}

std::unique_ptr<MctpSocket> open_mctp_socket() {
  std::vector<Descriptor> sockets;
  sockets.push_back(make_socket());
  return std::make_unique<KernelSocket>(std::move(sockets));
}

std::unique_ptr<MctpSocket> bind_mctp_socket(const MctpAddress& local, std::initializer_list<std::uint8_t> types) {
  std::vector<Descriptor> sockets;
  for (const std::uint8_t type : types) {
    const SocketAddress address{.network = local.network, .eid = local.eid == 0 ? kAnyEid : local.eid, .type = type};
    sockets.push_back(make_socket());
    if (::bind(sockets.back().get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) continue;
    const std::string what = cat("MCTP: binding type ", static_cast<unsigned>(type));
    if (errno == EACCES || errno == EPERM)
      throw Error(ErrorId::permission, cat(what, ": ", std::strerror(errno)), "run it as root: it needs CAP_NET_BIND_SERVICE");
    if (errno == EADDRINUSE) throw Error(ErrorId::busy, cat(what, ": another process on this host already serves it"));
    throw Error(ErrorId::io, cat(what, ": ", std::strerror(errno)));
  }
  return std::make_unique<KernelSocket>(std::move(sockets));
}

}  // namespace spdm::transport
