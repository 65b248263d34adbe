#include "transport/mctp/netlink.h"

#include <linux/netlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>

#include "core/error.h"
#include "transport/base/wait.h"

namespace spdm::transport {

namespace {

// The kernel puts no more than 32 KiB into a datagram of a dump (netlink_dump()).
constexpr std::size_t kMostDatagram = std::size_t{64} << 10;
// Of one answer: far beyond what hosts have in interfaces and in routes of MCTP.
constexpr std::size_t kMostMessages = 65536;
constexpr std::size_t kAlignment = 4;  // of messages and attributes

std::size_t aligned(std::size_t size) { return (size + kAlignment - 1) / kAlignment * kAlignment; }

// What lies behind the first of them: the last one need not be filled up.
View behind(View bytes, std::size_t size) { return bytes.subspan(std::min(aligned(size), bytes.size())); }

[[noreturn]] void fail_netlink(int error) {
  const ErrorId id = error == EOPNOTSUPP || error == EAFNOSUPPORT ? ErrorId::unsupported
                     : error == EPERM || error == EACCES          ? ErrorId::permission
                                                                  : ErrorId::io;
  throw Error(id, cat("netlink: the kernel gives no data about MCTP: ", std::strerror(error)));
}

// An error stands at the beginning of the body, below zero.
void assert_no_error(View body) {
  const std::int64_t error = read_head<std::int32_t>(body, "its error");
  if (error != 0) fail_netlink(static_cast<int>(error < 0 ? -error : error));
}

}  // namespace

void fail_netlink(std::string_view why) { throw Error(ErrorId::io, cat("netlink: the kernel's answer about MCTP: ", why)); }

bool read_datagram(View datagram, std::uint32_t sequence, const TakeMessage& take) {
  while (!datagram.empty()) {
    const auto header = read_head<nlmsghdr>(datagram, "the header of a message");
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > datagram.size()) fail_netlink("a message has a length that does not fit");
    const View body = datagram.subspan(sizeof header, header.nlmsg_len - sizeof header);
    datagram = behind(datagram, header.nlmsg_len);
    if (header.nlmsg_seq != sequence || header.nlmsg_type == NLMSG_NOOP) continue;
    if ((header.nlmsg_flags & NLM_F_DUMP_INTR) != 0)
      throw Error(ErrorId::busy, "netlink: interfaces or routes change while they are listed", "try again");
    if (header.nlmsg_type == NLMSG_OVERRUN) fail_netlink("messages were lost");
    if (header.nlmsg_type == NLMSG_ERROR) {
      assert_no_error(body);
      return true;
    }
    if (header.nlmsg_type == NLMSG_DONE) {
      if (!body.empty()) assert_no_error(body);
      return true;
    }
    take(header.nlmsg_type, body);
  }
  return false;
}

void read_attributes(View attributes, const TakeAttribute& take) {
  while (!attributes.empty()) {
    const auto header = read_head<nlattr>(attributes, "the header of an attribute");
    if (header.nla_len < sizeof header || header.nla_len > attributes.size()) fail_netlink("an attribute has a length that does not fit");
    const View value = attributes.subspan(sizeof header, header.nla_len - sizeof header);
    take(static_cast<std::uint16_t>(header.nla_type & NLA_TYPE_MASK), value);
    attributes = behind(attributes, header.nla_len);
  }
}

Netlink::Netlink() : fd_(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)) {
  if (fd_.get() < 0) throw Error(ErrorId::io, cat("netlink: socket: ", std::strerror(errno)));
}

void Netlink::dump(std::uint16_t request, View body, Clock::time_point deadline, const TakeMessage& take) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + body.size());
  header.nlmsg_type = request;
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  header.nlmsg_seq = ++sequence_;
  Bytes message(sizeof header);
  std::memcpy(message.data(), &header, sizeof header);
  append(message, body);
  // Without an address it goes to the kernel.
  if (::send(fd_.get(), message.data(), message.size(), MSG_NOSIGNAL) < 0) fail_netlink(errno);
  std::size_t count = 0;
  const TakeMessage counted = [&](std::uint16_t type, View one) {
    if (++count > kMostMessages) fail_netlink(cat("it has more than ", kMostMessages, " messages"));
    take(type, one);
  };
  while (!read_datagram(receive(deadline), sequence_, counted)) {
  }
}

Bytes Netlink::receive(Clock::time_point deadline) {
  Bytes out(kMostDatagram);
  for (;;) {
    std::array wanted{pollfd{fd_.get(), POLLIN, 0}};
    if (!wait_for(wanted, deadline)) throw Error(ErrorId::timeout, "netlink: the kernel does not answer in time");
    sockaddr_nl from{};
    socklen_t size = sizeof from;
    const ssize_t got = ::recvfrom(fd_.get(), out.data(), out.size(), MSG_DONTWAIT | MSG_TRUNC, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0 && errno != EINTR && errno != EAGAIN) fail_netlink(errno);
    if (got < 0 || from.nl_pid != 0) continue;  // other processes can send to this socket, too
    if (static_cast<std::size_t>(got) > out.size()) fail_netlink("a datagram is too large");
    out.resize(static_cast<std::size_t>(got));
    return out;
  }
}

}  // namespace spdm::transport
