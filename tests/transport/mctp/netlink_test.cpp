#include "transport/mctp/netlink.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/evidence/expect_error.h"
#include "transport/mctp/netlink_messages.h"

using namespace spdm;
using namespace spdm::transport;
using fake::attribute;
using fake::joined;
using fake::message;
using fake::raw;

namespace {

struct Taken {
  std::vector<std::pair<std::uint16_t, Bytes>> messages;
  bool done = false;
};

Taken read(const Bytes& datagram) {
  Taken out;
  out.done = read_datagram(datagram, 1, [&](std::uint16_t type, View body) { out.messages.emplace_back(type, to_bytes(body)); });
  return out;
}

Bytes error_of(int error) {
  nlmsgerr head{};
  head.error = -error;
  return message(NLMSG_ERROR, raw(head));
}

}  // namespace

TEST_CASE("netlink: the messages of a datagram, up to the end of the answer") {
  const Taken first = read(joined({message(16, {1, 2, 3}), message(24, {}), message(NLMSG_NOOP, {9})}));
  CHECK_FALSE(first.done);
  CHECK(first.messages == std::vector<std::pair<std::uint16_t, Bytes>>{{16, {1, 2, 3}}, {24, {}}});
  CHECK(read(joined({message(NLMSG_DONE, raw(std::int32_t{0})), message(16, {})})).messages.empty());
  CHECK(read(message(NLMSG_DONE, raw(std::int32_t{0}))).done);
  CHECK(read(message(NLMSG_DONE, {})).done);
  CHECK(read(error_of(0)).done);  // an acknowledgement
  CHECK_FALSE(read({}).done);
}

TEST_CASE("netlink: what answers another request is left out") {
  const Taken taken = read(joined({message(16, {1}, 7), message(NLMSG_DONE, raw(std::int32_t{0}), 7), message(16, {2}, 1)}));
  CHECK_FALSE(taken.done);
  CHECK(taken.messages == std::vector<std::pair<std::uint16_t, Bytes>>{{16, {2}}});
}

TEST_CASE("netlink: errors of the kernel") {
  expect_error(ErrorId::unsupported, "netlink: the kernel does not tell of MCTP", [] { read(error_of(EOPNOTSUPP)); });
  expect_error(ErrorId::unsupported, "netlink", [] { read(error_of(EAFNOSUPPORT)); });
  expect_error(ErrorId::permission, "netlink", [] { read(error_of(EPERM)); });
  expect_error(ErrorId::io, "No buffer space", [] { read(error_of(ENOBUFS)); });
  expect_error(ErrorId::io, "No buffer space", [] { read(message(NLMSG_DONE, raw(std::int32_t{-ENOBUFS}))); });
  expect_error(ErrorId::io, "messages were lost", [] { read(message(NLMSG_OVERRUN, {})); });
  expect_error(ErrorId::busy, "change while they are listed", [] { read(message(16, {}, 1, NLM_F_MULTI | NLM_F_DUMP_INTR)); });
}

TEST_CASE("netlink: messages and attributes that do not fit are refused") {
  const Bytes whole = message(16, {1, 2, 3, 4});
  for (std::size_t size = 1; size < whole.size(); ++size)
    expect_error(ErrorId::io, "netlink: the kernel's answer about MCTP", [&] {
      read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    });
  for (const std::uint32_t length : {0U, 15U, 21U, 0xFFFFFFFFU}) {
    nlmsghdr header{length, 16, NLM_F_MULTI, 1, 0};
    expect_error(ErrorId::io, "a length that does not fit", [&] { read(joined({raw(header), {1, 2, 3, 4}})); });
  }
  expect_error(ErrorId::io, "its error is cut off", [] { read(message(NLMSG_ERROR, {1, 2, 3})); });
  expect_error(ErrorId::io, "its error is cut off", [] { read(message(NLMSG_DONE, {1})); });

  const auto attributes = [](const Bytes& bytes) {
    std::vector<std::pair<std::uint16_t, Bytes>> out;
    read_attributes(bytes, [&](std::uint16_t type, View value) { out.emplace_back(type, to_bytes(value)); });
    return out;
  };
  CHECK(attributes(joined({attribute(1 | NLA_F_NESTED, {7}), attribute(2, {})})) ==
        std::vector<std::pair<std::uint16_t, Bytes>>{{1, {7}}, {2, {}}});
  CHECK(attributes({5, 0, 1, 0, 7}) == std::vector<std::pair<std::uint16_t, Bytes>>{{1, {7}}});  // the last one is not filled up
  expect_error(ErrorId::io, "the header of an attribute is cut off", [&] { attributes({8, 0, 1}); });
  for (const std::uint8_t length : Bytes{0, 3, 9})
    expect_error(ErrorId::io, "an attribute has a length", [&] { attributes({length, 0, 1, 0, 1, 2, 3, 4}); });
}

TEST_CASE("netlink: the interfaces of this kernel") {
  std::vector<std::string> names;
  try {
    ifinfomsg head{};
    const TakeMessage take = [&](std::uint16_t type, View body) {
      REQUIRE(type == RTM_NEWLINK);
      read_attributes(body.subspan(NLMSG_ALIGN(sizeof head)), [&](std::uint16_t of, View value) {
        if (of == IFLA_IFNAME) names.emplace_back(as_text(value).substr(0, value.size() - 1));
      });
    };
    Netlink().dump(RTM_GETLINK, raw(head), Clock::now() + std::chrono::seconds(10), take);
  } catch (const Error& error) {
    MESSAGE("no netlink here: " << error.what());
    return;
  }
  CHECK(std::find(names.begin(), names.end(), "lo") != names.end());
}
