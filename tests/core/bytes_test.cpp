#include "core/bytes.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace spdm;

TEST_CASE("bytes: little-endian both ways") {
  const Bytes bytes = Writer().u8(1).u16(0x0302).u24(0x060504).u32(0x0A090807).u64(0x1211100F0E0D0C0B).zeros(2).take();
  CHECK(hex(bytes) == "0102030405060708090a0b0c0d0e0f1011120000");
  Reader reader(bytes, "message");
  CHECK(reader.u8("a") == 1);
  CHECK(reader.u16("b") == 0x0302);
  CHECK(reader.u24("c") == 0x060504);
  CHECK(reader.u32("d") == 0x0A090807);
  CHECK(reader.u64("e") == 0x1211100F0E0D0C0B);
  CHECK(reader.remaining() == 2);
  CHECK_THROWS_AS(reader.assert_done(), Error);
  reader.skip(2, "reserved");
  reader.assert_done();
}

TEST_CASE("N6 a fixed field that does not fit is named and not read") {
  const Bytes bytes{1, 2, 3};
  Reader reader(bytes, "SOMETHING");
  reader.u16("a");
  expect_error(ErrorId::peer, "b: needs 4 bytes at offset 2, the message has 3", [&] { reader.u32("b"); });
  CHECK(reader.u8("c") == 3);
}

TEST_CASE("N7 a field of variable length that does not fit is named and not read") {
  const Bytes bytes{1, 2, 3};
  for (const std::size_t size : {std::size_t{4}, std::size_t{1} << 32, ~std::size_t{0}}) {
    Reader reader(bytes, "SOMETHING");
    expect_error(ErrorId::peer, "SOMETHING: Field: needs", [&] { reader.take(size, "Field"); });
    CHECK(reader.offset() == 0);
  }
}

TEST_CASE("bytes: hex") {
  CHECK(unhex("00 ff:1A\n", "nonce") == Bytes{0x00, 0xFF, 0x1A});
  CHECK(unhex("", "nonce").empty());
  for (const char* bad : {"0", "0g", "0 0", "0x00", "00 f"}) expect_error(ErrorId::usage, "nonce", [&] { unhex(bad, "nonce"); });
}

TEST_CASE("bytes: base64") {
  const std::vector<std::pair<std::string, std::string>> pairs{{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                                                               {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : pairs) {
    const Bytes bytes(plain.begin(), plain.end());
    CHECK(base64(bytes) == coded);
    CHECK(from_base64(coded, "file") == bytes);
  }
  for (const char* bad : {"A", "AA", "AAA", "A===", "AA=A", "A A=", "Zg==Zg==", "????"})
    expect_error(ErrorId::bad_input, "file", [&] { from_base64(bad, "file"); });
}

TEST_CASE("bytes: equality looks at the length too") {
  CHECK(equal(Bytes{1, 2}, Bytes{1, 2}));
  CHECK_FALSE(equal(Bytes{1, 2}, Bytes{1, 2, 3}));
  CHECK_FALSE(equal(Bytes{1, 2, 3}, Bytes{1, 2}));
}
