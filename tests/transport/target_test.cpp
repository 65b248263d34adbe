#include "transport/target.h"
#include "transport/socket/tcp.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/socket/address.h"
#include "transport/socket/emu.h"
#include "transport/socket/peer.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

void refused(std::string_view target, const std::string& why) {
  CAPTURE(target);
  expect_error(ErrorId::usage, why, [&] { spdm::transport::open(target, {}); });
  try {
    spdm::transport::open(target, {});
  } catch (const Error& error) {
    CHECK(error.device == target);
    CHECK(!error.hint.empty());
  }
}

}  // namespace

TEST_CASE("host, port and options of a socket target") {
  SocketTarget parts = parse_socket_target("emu://host.example:2324?binding=mctp&max=42", kEmuUsage, {"binding", "max"});
  CHECK(parts.host == "host.example");
  CHECK(parts.port == 2324);
  CHECK(parts.value("binding", "doe") == "mctp");
  CHECK(parts.number("max", 4600, 42, 100'000) == 42);
  parts = parse_socket_target("tcp://[fe80::1%eth0]:1", kTcpUsage, {});
  CHECK(parts.host == "fe80::1%eth0");
  CHECK(parts.port == 1);
  parts = parse_socket_target("tcp://[::1]", kTcpUsage, {});
  CHECK(parts.host == "::1");
  CHECK(!parts.port);
  CHECK(parts.value("binding", "doe") == "doe");
  CHECK(parts.number("max", 4600, 42, 100'000) == 4600);
}

TEST_CASE("names that are wrong are usage errors that show the form") {
  refused("emu:", "'//' is missing");
  refused("emu:host", "'//' is missing");
  refused("emu://", "host is missing");
  refused("emu://:2323", "host is missing");
  refused("emu://[]:2323", "host is missing");
  refused("emu://[::1", "']' is missing");
  refused("emu://[::1]2323", "only a port may follow");
  refused("emu://[a b]", "not an IPv6 address");
  refused("emu://::1:2323", "in brackets");
  refused("emu://ho st", "characters that no host name has");
  refused("emu://user@host", "characters that no host name has");
  refused("emu://host/", "characters that no host name has");
  refused("emu://host:", "port ''");
  refused("emu://host:0", "port '0'");
  refused("emu://host:65536", "port '65536'");
  refused("emu://host:99999999999999999999999", "is not a number from 1 to 65535");
  refused("emu://host:-1", "port '-1'");
  refused("emu://host:23x", "port '23x'");
  refused("emu://host?bindings=doe", "unknown option 'bindings'");
  refused("emu://host?binding", "option 'binding' has no value");
  refused("emu://host?binding=pci", "unknown binding 'pci'");
  refused("emu://host?binding=doe&binding=doe", "given twice");
  refused("emu://host?max=41", "max '41' is not a number from 42");
  refused("emu://host?binding=tcp&max=65534", "from 42 to 65533");
  refused("tcp://host?binding=tcp", "unknown option 'binding'");
}

TEST_CASE("a kind of target that does not exist lists those that do") {
  for (const std::string_view target : {"", "foo", "foo:bar", "emu", "EMU://host", ":"}) refused(target, "nor a target");
  try {
    kind_of("foo:bar");
  } catch (const Error& error) {
    for (const Kind& kind : kinds()) CHECK(std::string_view(error.hint).find(kind.usage) != std::string_view::npos);
  }
}

TEST_CASE("open over a real connection fills in the target") {
  Listener listener("127.0.0.1", 0);
  std::thread server([&] {
    Stream stream = listener.accept(soon());
    while (const std::optional<Frame> frame = next_frame(stream, Binding::doe, soon()))
      stream.write(encode_frame(Binding::doe, frame->command, frame->command == Command::test ? server_hello() : View(frame->payload)),
                   soon());
  });
  const std::string target = cat("emu://127.0.0.1:", listener.port(), "?max=42");
  {
    const Opened opened = spdm::transport::open(target, {});
    CHECK(opened.host.target == target);
    CHECK(opened.link->binding() == Binding::doe);
    CHECK(opened.link->max_receive() == 42);
    const Bytes echo{1, 2, 3, 4};
    CHECK(opened.link->exchange(echo, soon()) == echo);
  }
  server.join();
}
