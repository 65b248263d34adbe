#include "transport/socket/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/wait.h"
#include "transport/socket/resolve.h"

namespace spdm::transport {

namespace {

std::string reason(int number) { return std::generic_category().message(number); }

[[noreturn]] void fail(std::string_view what, int number) {
  switch (number) {
    case ECONNREFUSED:
      throw Error(ErrorId::no_device, cat(what, ": ", reason(number)), "start the responder, or check host and port");
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL:
    case ENETDOWN:
    case EHOSTDOWN:
      throw Error(ErrorId::no_device, cat(what, ": ", reason(number)), "check host and network");
    case ETIMEDOUT:
      throw Error(ErrorId::timeout, cat(what, ": ", reason(number)));
    case EACCES:
    case EPERM:
      throw Error(ErrorId::permission, cat(what, ": ", reason(number)));
    case EADDRINUSE:
      throw Error(ErrorId::busy, cat(what, ": ", reason(number)), "choose another port");
    case EMFILE:
    case ENFILE:
      throw Error(ErrorId::io, cat(what, ": ", reason(number)), "raise the limit of open files, or name fewer targets at a time");
    default:
      throw Error(ErrorId::io, cat(what, ": ", reason(number)));
  }
}

// Waits until the socket can do what `events` asks for; false when the deadline came first, and then nothing is looked at: a peer that
// sends a byte at a time must not go on for ever.
bool can(int fd, short events, Clock::time_point deadline) {
  std::array wanted{pollfd{fd, events, 0}};
  return Clock::now() < deadline && wait_for(wanted, deadline);
}

void set_option(int fd, int level, int option) {
  // Best effort: a socket of another family (a socketpair) has no such option and needs none.
  const int on = 1;
  (void)::setsockopt(fd, level, option, &on, sizeof on);
}

// A connect that does not block the others; 0, or the errno value that says why not.
int try_connect(int fd, const Address& address, Clock::time_point deadline) {
  if (::connect(fd, address.get(), address.size) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR) return errno;  // after EINTR it goes on in the background, too
  if (!can(fd, POLLOUT, deadline)) return ETIMEDOUT;
  int result = 0;
  socklen_t size = sizeof result;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &size) == 0 ? result : errno;
}

constexpr std::size_t kMaxAddresses = 4;  // of one host that are tried: each takes a descriptor

}  // namespace

Stream::Stream(int fd) : fd_(fd) { set_option(fd, IPPROTO_TCP, TCP_NODELAY); }

Stream Stream::connect(const std::string& host, std::uint16_t port, Clock::time_point deadline) {
  return Dial(host, port, deadline).connect(deadline);
}

Dial::Dial(const std::string& host, std::uint16_t port, Clock::time_point deadline)
    : what_(cat("cannot connect to ", printable(host), " port ", port)) {
  std::vector<Address> addresses = resolve(host, port, deadline);
  if (addresses.size() > kMaxAddresses) addresses.resize(kMaxAddresses);
  int why = EADDRNOTAVAIL;
  for (const Address& address : addresses) {
    Descriptor fd(::socket(address.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (fd.get() < 0)
      why = errno;
    else
      attempts_.push_back({address, std::move(fd)});
  }
  if (attempts_.empty()) fail(what_, why);
}

Stream Dial::connect(Clock::time_point deadline) {
  int why = EADDRNOTAVAIL;
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    // An address that swallows packets must not use up the time of those after it.
    const auto left = static_cast<Clock::rep>(attempts_.size() - i);
    const auto now = Clock::now();
    why = try_connect(attempts_[i].fd.get(), attempts_[i].address, now + (deadline - now) / left);
    if (why == 0) return Stream(attempts_[i].fd.release());
  }
  fail(what_, why);
}

std::optional<Bytes> Stream::read_or_end(std::size_t size, Clock::time_point deadline) {
  Bytes out(size);
  std::size_t done = 0;
  while (done < size) {
    // Set for each read: the kernel resets TCP_QUICKACK after a while. Without it a peer that sends a frame in several
    // small writes (the reference emulator does) waits 40 ms for each delayed acknowledgement.
    set_option(fd_.get(), IPPROTO_TCP, TCP_QUICKACK);
    const ssize_t got = ::recv(fd_.get(), out.data() + done, size - done, MSG_DONTWAIT);
    if (got > 0) {
      done += static_cast<std::size_t>(got);
    } else if (got == 0 || errno == ECONNRESET) {
      if (done == 0) return std::nullopt;
      throw Error(ErrorId::io, cat("the peer closed the connection after ", done, " of ", size, " bytes"));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!can(fd_.get(), POLLIN, deadline))
        throw Error(ErrorId::timeout, cat("the peer did not answer in time (", done, " of ", size, " bytes came)"),
                    "allow more time with --timeout");
    } else if (errno != EINTR) {
      fail("reading from the peer", errno);
    }
  }
  return out;
}

Bytes Stream::read(std::size_t size, Clock::time_point deadline) {
  std::optional<Bytes> out = read_or_end(size, deadline);
  if (!out) throw Error(ErrorId::io, "the peer closed the connection");
  return *std::move(out);
}

void Stream::write(View bytes, Clock::time_point deadline) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!can(fd_.get(), POLLOUT, deadline))
        throw Error(ErrorId::timeout, cat("the peer did not take the request in time (", done, " of ", bytes.size(), " bytes were sent)"),
                    "allow more time with --timeout");
    } else if (errno == EPIPE || errno == ECONNRESET) {
      throw Error(ErrorId::io, "the peer closed the connection");
    } else if (errno != EINTR) {
      fail("writing to the peer", errno);
    }
  }
}

Listener::Listener(const std::string& host, std::uint16_t port) {
  const std::string what = cat("cannot listen on ", printable(host), " port ", port);
  const std::vector<Address> addresses = resolve(host, port, Clock::now() + std::chrono::seconds(10));
  const Address& address = addresses.front();
  fd_ = Descriptor(::socket(address.get()->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd_.get() < 0) fail(what, errno);
  set_option(fd_.get(), SOL_SOCKET, SO_REUSEADDR);
  if (::bind(fd_.get(), address.get(), address.size) != 0 || ::listen(fd_.get(), 16) != 0) fail(what, errno);
}

std::uint16_t Listener::port() const {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) fail("asking for the port", errno);
  const bool v6 = address.ss_family == AF_INET6;
  return ntohs(v6 ? reinterpret_cast<const sockaddr_in6&>(address).sin6_port : reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

Stream Listener::accept(Clock::time_point deadline) {
  for (;;) {
    const int fd = ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) return Stream(fd);
    // A client may go away between poll() and accept(): the listener goes on.
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN && errno != EWOULDBLOCK) fail("accepting a connection", errno);
    if (!can(fd_.get(), POLLIN, deadline)) throw Error(ErrorId::timeout, "nobody connected in time");
  }
}

}  // namespace spdm::transport
