// CBOR that is written: the vectors of RFC 8949 appendix A, the order of keys, and what the reader makes of it.
#include "core/format/cbor_writer.h"

#include <doctest/doctest.h>

#include <array>

#include "core/error.h"
#include "core/format/cbor.h"
#include "core/text.h"

using namespace spdm;

TEST_CASE("numbers have the shortest form (RFC 8949 appendix A)") {
  const auto encoded = [](std::uint64_t number) { return hex(cbor::encode_unsigned(number)); };
  CHECK(encoded(0) == "00");
  CHECK(encoded(23) == "17");
  CHECK(encoded(24) == "1818");
  CHECK(encoded(255) == "18ff");
  CHECK(encoded(256) == "190100");
  CHECK(encoded(65535) == "19ffff");
  CHECK(encoded(65536) == "1a00010000");
  CHECK(encoded(0xFFFFFFFF) == "1affffffff");
  CHECK(encoded(0x100000000) == "1b0000000100000000");
  CHECK(encoded(~std::uint64_t{0}) == "1bffffffffffffffff");
}

TEST_CASE("strings, arrays and tags (RFC 8949 appendix A)") {
  CHECK(hex(cbor::encode_bytes(Bytes{1, 2, 3, 4})) == "4401020304");
  CHECK(hex(cbor::encode_bytes({})) == "40");
  CHECK(hex(cbor::encode_text("IETF")) == "6449455446");
  CHECK(hex(cbor::encode_text("")) == "60");
  CHECK(hex(cbor::encode_array({})) == "80");
  CHECK(hex(cbor::encode_array({cbor::encode_unsigned(1), cbor::encode_unsigned(2)})) == "820102");
  CHECK(hex(cbor::encode_tag(1, cbor::encode_unsigned(1363896240))) == "c11a514b67b0");
  CHECK(hex(cbor::encode_tag(601, cbor::MapWriter().finish())) == "d90259a0");
}

TEST_CASE("keys of a map are sorted by their encoding (RFC 8949 section 4.2.1), and none comes twice") {
  cbor::MapWriter map;
  CHECK(map.empty());
  map.add("aa", cbor::encode_unsigned(7)).add("z", cbor::encode_unsigned(6)).add(100, cbor::encode_unsigned(5));
  map.add(10, cbor::encode_unsigned(4));
  CHECK_FALSE(map.empty());
  CHECK(hex(map.finish()) == "a40a04186405617a0662616107");
  map.add(10, cbor::encode_unsigned(1));
  CHECK_THROWS_AS(map.finish(), Error);
}

TEST_CASE("the reader reads back what was written") {
  for (const std::size_t size : std::array<std::size_t, 6>{0, 23, 24, 255, 256, 70'000}) {
    CAPTURE(size);
    const Bytes body(size, 0x5A);
    cbor::MapWriter map;
    map.add(3807, cbor::encode_bytes(body)).add("text", cbor::encode_text(std::string(size, 'x')));
    const Bytes written = map.finish();
    const cbor::Item read = cbor::read(written);
    REQUIRE(read.find(3807) != nullptr);
    CHECK(read.find(3807)->bytes == body);
    REQUIRE(read.find("text") != nullptr);
    CHECK(read.find("text")->text().size() == size);
  }
}
