#include "transport/mctp/address.h"

#include <doctest/doctest.h>

#include <string>

#include "core/evidence/expect_error.h"
#include "transport/mctp/open.h"

using namespace spdm;
using namespace spdm::transport;

TEST_CASE("MCTP: how endpoints are written") {
  CHECK(parse_mctp_address("9") == MctpAddress{0, 9});
  CHECK(parse_mctp_address("1:9") == MctpAddress{1, 9});
  CHECK(parse_mctp_address("4294967295:254") == MctpAddress{0xFFFFFFFF, 254});
  for (const char* const wrong : {"",  ":",  "9:",   ":9", "0:9", "7",  "0",  "255",  "256",   "4294967296:9", "1:2:9",
                                  "x", "9x", "0x09", "+9", "-9",  " 9", "9 ", "1: 9", "1:255", "1:7"}) {
    CAPTURE(std::string(wrong));
    CHECK(!parse_mctp_address(wrong));
  }
  CHECK(to_string(MctpAddress{0, 9}) == "9");
  CHECK(to_string(MctpAddress{12, 254}) == "12:254");
}

TEST_CASE("MCTP: the address in a target") {
  CHECK(mctp_address_of("mctp:9") == MctpAddress{0, 9});
  CHECK(mctp_address_of("mctp:2:9?max=1024") == MctpAddress{2, 9});
  expect_error(ErrorId::usage, "invalid MCTP endpoint '300'", [] { mctp_address_of("mctp:300"); });
  expect_error(ErrorId::usage, "invalid MCTP endpoint ''", [] { mctp_address_of("mctp:?max=1024"); });
}
