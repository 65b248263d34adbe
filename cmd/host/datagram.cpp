#include "cmd/host/datagram.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kWho = "broker of drives: ";

// A message of one part. The kernel's structure has no pointer to constant bytes.
msghdr message_of(iovec& part) {
  msghdr out{};
  out.msg_iov = &part;
  out.msg_iovlen = 1;
  return out;
}

// The number of bytes that came; nothing at the end of the other.
std::optional<std::size_t> receive(int socket, msghdr& message, int flags) {
  ssize_t size = -1;
  do {
    size = ::recvmsg(socket, &message, flags);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && errno != ECONNRESET) throw Error(ErrorId::io, cat(kWho, "recvmsg: ", std::strerror(errno)));
  if (size <= 0) return std::nullopt;
  return static_cast<std::size_t>(size);
}

}  // namespace

void send_datagram(int socket, View datagram, int descriptor) {
  Bytes bytes = to_bytes(datagram);
  iovec part{bytes.data(), bytes.size()};
  msghdr message = message_of(part);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  if (descriptor >= 0) {
    message.msg_control = room.data();
    message.msg_controllen = room.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  }
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  if (sent != static_cast<ssize_t>(bytes.size())) throw Error(ErrorId::io, cat(kWho, "sendmsg: ", std::strerror(errno)));
}

std::optional<Bytes> receive_datagram(int socket, std::size_t most) {
  Bytes out(most);
  iovec part{out.data(), out.size()};
  msghdr message = message_of(part);  // without room for descriptors: the kernel closes those that come
  const std::optional<std::size_t> size = receive(socket, message, 0);
  if (!size) return std::nullopt;
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    throw Error(ErrorId::peer, cat(kWho, "a datagram is too long, or has descriptors"));
  out.resize(*size);
  return out;
}

std::optional<Datagram> receive_with_descriptor(int socket, std::size_t most) {
  Datagram out{.bytes = Bytes(most), .descriptor = {}};
  iovec part{out.bytes.data(), out.bytes.size()};
  msghdr message = message_of(part);
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> room{};
  message.msg_control = room.data();
  message.msg_controllen = room.size();
  const std::optional<std::size_t> size = receive(socket, message, MSG_CMSG_CLOEXEC);
  if (!size) return std::nullopt;
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_RIGHTS || at->cmsg_len != CMSG_LEN(sizeof(int))) continue;
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(at), sizeof fd);
    out.descriptor = Descriptor(fd);
  }
  if ((message.msg_flags & MSG_TRUNC) != 0) throw Error(ErrorId::peer, cat(kWho, "a datagram is too long"));
  out.bytes.resize(*size);
  return out;
}

}  // namespace spdm::cmd
