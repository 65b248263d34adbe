#include "transport/socket/socket.h"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <optional>

#include "core/evidence/expect_error.h"
#include "transport/socket/peer.h"

using namespace spdm;
using namespace spdm::transport;

TEST_CASE("dialling only prepares: the peer hears of it when it is asked to connect") {
  Listener listener("127.0.0.1", 0);
  Dial dial("127.0.0.1", listener.port(), soon());
  expect_error(ErrorId::timeout, "nobody connected", [&] { listener.accept(in_ms(20)); });
  Stream stream = dial.connect(soon());
  Stream accepted = listener.accept(soon());
  stream.write(Bytes{7}, soon());
  CHECK(accepted.read(1, soon()) == Bytes{7});
}

TEST_CASE("where no more files may be open, that is told, and what to do about it") {
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  const int next = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)).get();  // free again
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  std::optional<Error> seen;
  try {
    Dial("127.0.0.1", 1, soon());
  } catch (const Error& error) {
    seen = error;
  }
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  REQUIRE(seen);
  CHECK(seen->id == ErrorId::io);
  CHECK(seen->hint == "raise the limit of open files, or name fewer targets at a time");
}

TEST_CASE("bytes go both ways over a real connection") {
  Listener listener("127.0.0.1", 0);
  std::thread server([&] {
    Stream stream = listener.accept(soon());
    stream.write(stream.read(3, soon()), soon());
  });
  Stream stream = Stream::connect("localhost", listener.port(), soon());
  stream.write(Bytes{1, 2, 3}, soon());
  CHECK(stream.read(3, soon()) == Bytes{1, 2, 3});
  CHECK(!stream.read_or_end(1, soon()));
  expect_error(ErrorId::io, "closed the connection", [&] { stream.read(1, soon()); });
  server.join();
}

TEST_CASE("much more than the buffers of the kernel goes through") {
  const Bytes much(8U << 20, 0x5A);
  Peer peer([&](Stream& stream) { stream.write(stream.read(much.size(), soon()), soon()); });
  Stream stream = peer.stream();
  stream.write(much, soon());
  CHECK(stream.read(much.size(), soon()) == much);
}

TEST_CASE("a port where nobody listens is no device") {
  // Bound but not listening: nobody else can take the port meanwhile.
  const Descriptor held(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(held.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::getsockname(held.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  const std::uint16_t port = ntohs(address.sin_port);
  expect_error(ErrorId::no_device, "cannot connect to 127.0.0.1 port", [&] { Stream::connect("127.0.0.1", port, soon()); });
  // Someone else's port.
  Listener listener("127.0.0.1", 0);
  expect_error(ErrorId::busy, "cannot listen", [&] { Listener("127.0.0.1", listener.port()); });
}

TEST_CASE("a name that is no host is no device") {
  expect_error(ErrorId::no_device, "looking up host", [] { Stream::connect("256.256.256.256.invalid", 1, in_ms(20'000)); });
}

TEST_CASE("a look-up that does not end in time is given up") {
  expect_error(ErrorId::timeout, "looking up host", [] { Stream::connect("name.invalid", 1, Clock::now()); });
}

TEST_CASE("silence ends at the deadline") {
  Peer peer(stay_silent);
  Stream stream = peer.stream();
  const auto begin = Clock::now();
  expect_error(ErrorId::timeout, "0 of 12 bytes came", [&] { stream.read(12, in_ms(50)); });
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(50));
  CHECK(Clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("a peer that reads nothing does not hold up a write") {
  Peer peer([](Stream& stream) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stream.read(1, soon());
  });
  Stream stream = peer.stream();
  expect_error(ErrorId::timeout, "did not take the request", [&] { stream.write(Bytes(8U << 20), in_ms(30)); });
}

TEST_CASE("a peer that drips single bytes does not extend the deadline") {
  Peer peer([](Stream& stream) {
    for (;;) {
      stream.write(Bytes{0}, soon());
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  Stream stream = peer.stream();
  const auto begin = Clock::now();
  expect_error(ErrorId::timeout, "of 1000000 bytes came", [&] { stream.read(1'000'000, in_ms(60)); });
  CHECK(Clock::now() - begin < std::chrono::seconds(2));
}

TEST_CASE("writing to a peer that is gone is an error, not a signal") {
  Peer peer([](Stream&) {});
  Stream stream = peer.stream();
  CHECK(!stream.read_or_end(1, soon()));
  expect_error(ErrorId::io, "closed the connection", [&] {
    for (int i = 0; i < 100; ++i) stream.write(Bytes(100'000), soon());
  });
}

TEST_CASE("nobody connects") {
  Listener listener("127.0.0.1", 0);
  expect_error(ErrorId::timeout, "nobody connected", [&] { listener.accept(in_ms(20)); });
}
