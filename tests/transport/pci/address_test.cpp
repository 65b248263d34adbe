#include "transport/pci/address.h"

#include <doctest/doctest.h>

using spdm::transport::Bdf;
using spdm::transport::parse_bdf;

TEST_CASE("addresses of PCI functions are written as in /sys") {
  CHECK(to_string(Bdf{0, 3, 0, 0}) == "0000:03:00.0");
  CHECK(to_string(Bdf{0x10000, 0xE1, 0x1F, 7}) == "10000:e1:1f.7");
}

TEST_CASE("addresses are read with and without domain and leading zeros") {
  CHECK(parse_bdf("0000:03:00.0") == Bdf{0, 3, 0, 0});
  CHECK(parse_bdf("03:00.0") == Bdf{0, 3, 0, 0});
  CHECK(parse_bdf("3:0.0") == Bdf{0, 3, 0, 0});
  CHECK(parse_bdf("10000:E1:1f.7") == Bdf{0x10000, 0xE1, 0x1F, 7});
  CHECK(parse_bdf("ffffffff:ff:1f.7") == Bdf{0xFFFFFFFF, 0xFF, 0x1F, 7});
}

TEST_CASE("what is no address is none") {
  for (const char* text : {"",         ":",         "03",       "03:00",     "03:00.",      "03:00.8",           "03:20.0",
                           "100:00.0", "03:00.0 ",  " 03:00.0", "03:00.00",  "0:03:00.0.0", "100000000:03:00.0", "-3:00.0",
                           "03:-1.0",  "0x03:00.0", "03.00.0",  "::03:00.0", "all",         "emu://03:00.0"})
    CHECK_MESSAGE(!parse_bdf(text), text);
}
