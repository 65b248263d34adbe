// Evidence that begins in the middle: what is assumed of the connection.
#include "core/protocol/detached.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"

using namespace spdm;

namespace {

Evidence beginning(const Bytes& request) {
  Evidence out;
  out.log.push_back({.from_requester = true, .secured = false, .bytes = request});
  return out;
}

}  // namespace

TEST_CASE("in the middle begins what has a request before GET_VERSION") {
  CHECK_FALSE(begins_in_the_middle({}));
  CHECK_FALSE(begins_in_the_middle(beginning({0x10, 0x84, 0, 0})));
  CHECK(begins_in_the_middle(beginning({0x12, 0xE0, 0, 0xFF})));
}

TEST_CASE("hashes of the strength of the key are tried first") {
  struct Case {
    std::string_view asym, hash;
  };
  for (const Case& c : {Case{"ECDSA-P256", "SHA-256"}, Case{"ECDSA-P384", "SHA-384"}, Case{"ECDSA-P521", "SHA-512"}}) {
    CAPTURE(c.asym);
    Evidence part = beginning({0x11, 0xE0, 0, 0xFF});
    part.detached.emplace().asym = c.asym;
    const Connection connection = connection_in_the_middle(part);
    CHECK(connection.parameters().asym->name == c.asym);
    CHECK(connection.parameters().hash->name == c.hash);
    CHECK(connection.candidates().size() > 3);
  }
}

TEST_CASE("the version of a message in the middle is one that there is") {
  for (const std::uint8_t version : std::initializer_list<std::uint8_t>{0x00, 0x0F, 0x15, 0x20})
    expect_error(ErrorId::peer, "SPDMVersion", [&] { connection_in_the_middle(beginning({version, 0xE0, 0, 0xFF})); });
  CHECK(connection_in_the_middle(beginning({0x14, 0xE0, 0, 0xFF})).version() == k14);
}
