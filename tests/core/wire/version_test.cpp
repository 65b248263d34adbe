#include "core/wire/version.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

constexpr std::array<std::uint8_t, 5> kOurs{k10, k11, k12, k13, k14};

VersionResponse read(View message) { return decode<VersionResponse>(message); }

}  // namespace

TEST_CASE("N46 VERSION with entry count 0") {
  malformed("VersionNumberEntryCount", [] { read(Bytes{0x10, 0x04, 0, 0, 0, 0}); });
}

TEST_CASE("N47 VERSION with more entries than data") {
  malformed("VersionNumberEntry", [] { read(Bytes{0x10, 0x04, 0, 0, 0, 2, 0x00, 0x12}); });
  malformed("VersionNumberEntry", [] { read(Bytes{0x10, 0x04, 0, 0, 0, 255, 0x00, 0x12, 0x00}); });
}

TEST_CASE("N48 VERSION with 255 entries") {
  VersionResponse out;
  for (unsigned i = 0; i < 255; ++i) out.entries.push_back(static_cast<std::uint16_t>(0x1200 + i));
  CHECK(read(out.encode()).entries == out.entries);
}

TEST_CASE("N49 VERSION with another header version") {
  for (const std::uint8_t version : Octets{0x11, 0x12, 0x00})
    malformed("SPDMVersion", [&] { read(Bytes{version, 0x04, 0, 0, 0, 1, 0x00, 0x12}); });
}

TEST_CASE("N50 VERSION with the code of the request") {
  malformed("RequestResponseCode", [] { read(Bytes{0x10, 0x84, 0, 0, 0, 1, 0x00, 0x12}); });
}

TEST_CASE("version: the highest common version") {
  struct Case {
    std::string_view rule;  // empty: what every version list is read for
    std::vector<std::uint16_t> entries;
    std::optional<std::uint8_t> chosen;
  };
  const std::vector<Case> cases{
      {"N51", {0x2000, 0x0900}, std::nullopt},
      {"N52", {0x1210}, k12},  // update
      {"N52", {0x1203}, k12},  // alpha
      {"N53", {0x1300, 0x1000, 0x1300, 0x1100}, k13},
      {"N54", {0x1000}, k10},  // as far as the caller allows it
      {"", {0x1000, 0x1100, 0x1200, 0x1400}, k14},
      {"", {0x1500, 0x1100}, k11},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    CAPTURE(c.entries.front());
    CHECK(highest_common({c.entries}, kOurs) == c.chosen);
  }
}

TEST_CASE("N54 no version but one below the minimum") { CHECK_FALSE(highest_common({{0x1000}}, std::array{k12, k13})); }

TEST_CASE("N55 what follows the announced entries is not part of VERSION") {
  const Bytes message{0x10, 0x04, 0, 0, 0, 1, 0x00, 0x12, 0x00, 0x13};
  Reader reader(message, "VERSION");
  CHECK(VersionResponse::decode(reader).entries.size() == 1);
  CHECK(reader.offset() == 8);  // what a transcript takes
}

TEST_CASE("N12 reserved fields of VERSION") {
  const Bytes message{0x10, 0x04, 0xAA, 0xBB, 0xCC, 1, 0x00, 0x13};
  CHECK(highest_common(read(message), kOurs) == k13);
}

TEST_CASE("A3 VERSION with unknown versions and alphas") {
  const Bytes message{0x10, 0x04, 0, 0, 0, 3, 0x51, 0x12, 0x00, 0x20, 0x07, 0x13};
  CHECK(highest_common(read(message), kOurs) == k13);
}
