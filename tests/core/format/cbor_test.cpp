// CBOR as in RFC 8949: its examples (appendix A), what is not well-formed (appendix F), and the bounds.
#include "core/format/cbor.h"

#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/evidence/expect_error.h"

using namespace spdm;

namespace {

std::string json_of(const std::string& digits) { return cbor::to_json(cbor::read(unhex(digits, "test"))).dump(); }

void refuse(const std::string& digits, const std::string& why = "CBOR: byte ") {
  CAPTURE(digits);
  expect_error(ErrorId::bad_input, why, [&] { cbor::read(unhex(digits, "test")); });
}

}  // namespace

TEST_CASE("CBOR: the examples of RFC 8949 appendix A") {
  const std::vector<std::pair<const char*, const char*>> examples{
      {"00", "0"},
      {"01", "1"},
      {"0a", "10"},
      {"17", "23"},
      {"1818", "24"},
      {"1819", "25"},
      {"1864", "100"},
      {"1903e8", "1000"},
      {"1a000f4240", "1000000"},
      {"1b000000e8d4a51000", "1000000000000"},
      {"1bffffffffffffffff", "18446744073709551615"},
      {"c249010000000000000000", R"({"tag":2,"value":"h'010000000000000000'"})"},
      {"3bffffffffffffffff", R"("-18446744073709551616")"},
      {"c349010000000000000000", R"({"tag":3,"value":"h'010000000000000000'"})"},
      {"20", "-1"},
      {"29", "-10"},
      {"3863", "-100"},
      {"3903e7", "-1000"},
      {"f90000", "0.0"},
      {"f98000", "-0.0"},
      {"f93c00", "1.0"},
      {"fb3ff199999999999a", "1.1"},
      {"f93e00", "1.5"},
      {"f97bff", "65504.0"},
      {"fa47c35000", "100000.0"},
      {"fa7f7fffff", "3.4028234663852886e+38"},
      {"fb7e37e43c8800759c", "1e+300"},
      {"f90001", "5.960464477539063e-08"},
      {"f90400", "6.103515625e-05"},
      {"f9c400", "-4.0"},
      {"fbc010666666666666", "-4.1"},
      {"f97c00", R"("Infinity")"},
      {"f97e00", R"("NaN")"},
      {"f9fc00", R"("-Infinity")"},
      {"fa7f800000", R"("Infinity")"},
      {"fbfff0000000000000", R"("-Infinity")"},
      {"f4", "false"},
      {"f5", "true"},
      {"f6", "null"},
      {"f7", R"("undefined")"},
      {"f0", "\"simple(16)\""},
      {"f8ff", "\"simple(255)\""},
      {"c074323031332d30332d32315432303a30343a30305a", R"({"tag":0,"value":"2013-03-21T20:04:00Z"})"},
      {"c11a514b67b0", R"({"tag":1,"value":1363896240})"},
      {"d74401020304", R"({"tag":23,"value":"h'01020304'"})"},
      {"d818456449455446", R"({"tag":24,"value":"h'6449455446'"})"},
      {"40", R"("h''")"},
      {"4401020304", R"("h'01020304'")"},
      {"60", R"("")"},
      {"6161", R"("a")"},
      {"6449455446", R"("IETF")"},
      {"62225c", R"("\"\\\\")"},  // the backslash is escaped for terminals, and once more for JSON
      {"62c3bc", "\"\u00fc\""},
      {"80", "[]"},
      {"83010203", "[1,2,3]"},
      {"8301820203820405", "[1,[2,3],[4,5]]"},
      {"98190102030405060708090a0b0c0d0e0f101112131415161718181819", "[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25]"},
      {"a0", "{}"},
      {"a201020304", R"({"1":2,"3":4})"},
      {"a26161016162820203", R"({"a":1,"b":[2,3]})"},
      {"826161a161626163", R"(["a",{"b":"c"}])"},
      {"5f42010243030405ff", R"("h'0102030405'")"},
      {"7f657374726561646d696e67ff", R"("streaming")"},
      {"9fff", "[]"},
      {"9f018202039f0405ffff", "[1,[2,3],[4,5]]"},
      {"83018202039f0405ff", "[1,[2,3],[4,5]]"},
      {"bf61610161629f0203ffff", R"({"a":1,"b":[2,3]})"},
      {"bf6346756ef563416d7421ff", R"({"Fun":true,"Amt":-2})"},
  };
  for (const auto& example : examples) {
    const auto& digits = example.first;
    const auto& json = example.second;
    CAPTURE(digits);
    CHECK(json_of(digits) == json);
  }
}

TEST_CASE("CBOR: not well-formed (RFC 8949 appendix F)") {
  for (const char* const digits : {"",
                                   "18",
                                   "19",
                                   "1a",
                                   "1b",
                                   "1901",
                                   "1a0102",
                                   "1b01020304050607",
                                   "38",
                                   "58",
                                   "78",
                                   "98",
                                   "9a01ff00",
                                   "b8",
                                   "d8",
                                   "f8",
                                   "f900",
                                   "fa0000",
                                   "fb000000",
                                   "41",
                                   "61",
                                   "5affffffff00",
                                   "5bffffffffffffffff010203",
                                   "7affffffff00",
                                   "7b7fffffffffffffff010203",
                                   "81",
                                   "818181818181818181",
                                   "8200",
                                   "a1",
                                   "a20102",
                                   "a100",
                                   "a2000000",
                                   "c0",
                                   "c1",
                                   "5f4100",
                                   "7f6100",
                                   "9f",
                                   "9f0102",
                                   "bf",
                                   "bf01020102",
                                   "819f",
                                   "9f8000",
                                   "9f9f9f9f9fffffffff",
                                   "9f819f819f9fffffff",
                                   "1c",
                                   "1d",
                                   "1e",
                                   "3c",
                                   "5c",
                                   "7d",
                                   "9e",
                                   "bc",
                                   "dd",
                                   "fc",
                                   "fd",
                                   "fe",
                                   "f800",
                                   "f818",
                                   "f81f",
                                   "5f00ff",
                                   "5f21ff",
                                   "5f6100ff",
                                   "5f80ff",
                                   "5fa0ff",
                                   "5fc000ff",
                                   "5fe0ff",
                                   "7f4100ff",
                                   "5f5f4100ffff",
                                   "7f7f6100ffff",
                                   "ff",
                                   "81ff",
                                   "8200ff",
                                   "a1ff",
                                   "a1ff00",
                                   "a100ff",
                                   "a20000ff",
                                   "9f81ff",
                                   "9f829f819f9fffffffff",
                                   "bf00ff",
                                   "bf000000ff",
                                   "1f",
                                   "3f",
                                   "df",
                                   "0000",
                                   "8000"})
    refuse(digits);
}

TEST_CASE("CBOR: bounds") {
  refuse("a2010201ff", "");
  refuse("a201020103", "the key 1 twice in a map");
  refuse("a26161016161ff", "");
  // The same key in another encoding: a longer head, a string in pieces.
  refuse("a20102180103", "the key 1 twice in a map");
  refuse("a2200239000003", "the key -1 twice in a map");
  refuse("a26161027f6161ff03", "twice in a map");
  CHECK(cbor::read(unhex("a2616102416103", "test")).items.size() == 4);  // text and bytes are two
  refuse("9bffffffffffffffff", "18446744073709551615 entries announced");
  refuse("bb800000000000000001", "entries announced");
  const Bytes deep(0xFFFC, 0x81);
  CHECK_THROWS_AS(cbor::read(deep), Error);
  CHECK_THROWS_AS(cbor::read(Bytes(0xFFFC, 0xC1)), Error);
  CHECK_THROWS_AS(cbor::read(Bytes(0xFFFC, 0x9F)), Error);
  Bytes nested(63, 0x81);
  nested.push_back(0x00);
  CHECK_NOTHROW(cbor::read(nested));
  nested.insert(nested.begin(), 0x81);
  CHECK_THROWS_AS(cbor::read(nested), Error);
  Bytes many{0x99, 0xFF, 0xFF};
  many.resize(3 + 0xFFFF, 0x00);
  CHECK(cbor::read(many).items.size() == 0xFFFF);
  CHECK_THROWS_AS(cbor::read(many, {.depth = 64, .items = 0xFFFF}), Error);
}

TEST_CASE("CBOR: members are found by their keys") {
  const cbor::Item map = cbor::read(unhex("a4006161206162616162636319010061 64", "test"));
  CHECK(map.find(std::int64_t{0})->text() == "a");
  CHECK(map.find(-1)->text() == "b");
  CHECK(map.find("a")->text() == "cc");
  CHECK(map.find(256)->text() == "d");
  CHECK(map.find(1) == nullptr);
  CHECK(map.find("b") == nullptr);
  CHECK(map.items.front().find(1) == nullptr);
  CHECK(cbor::to_json(map).dump() == R"({"0":"a","-1":"b","a":"cc","256":"d"})");
  CHECK(json_of("a3010261310361320a").starts_with(R"({"1":2,"1#1":3)"));  // 1 and "1" are two keys
}

TEST_CASE("CBOR: text of a device is escaped") {
  CHECK(json_of("621b41") == R"("\\x1bA")");
  CHECK(json_of("61ff") == R"("\\xff")");
}
