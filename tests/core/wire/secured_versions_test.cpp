#include "core/wire/secured_versions.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

namespace {

constexpr std::string_view kMessage = "KEY_EXCHANGE_RSP";
const std::vector<std::uint16_t> kThree{0x1000, 0x1100, 0x1200};

std::vector<std::uint16_t> listed(std::string_view digits, const Parameters& p) {
  return decode_secured_versions(unhex(digits, "test"), p, kMessage);
}
std::optional<std::uint16_t> selected(std::string_view digits, const Parameters& p) {
  return decode_secured_selection(unhex(digits, "test"), p, kMessage);
}
std::uint8_t limit(std::string_view digits, const Parameters& p) { return decode_aead_limit(unhex(digits, "test"), p, kMessage); }

const Parameters k12Parameters = session_parameters(k12), k11Parameters = session_parameters(k11);

}  // namespace

TEST_CASE("secured versions: as they are on the wire") {
  const std::string list = "00000900010103001000110012000000", selection = "0000040001000012";
  CHECK(hex(encode_secured_versions(k12Parameters, kThree)) == "01000000" + list);
  CHECK(hex(encode_secured_selection(k12Parameters, 0x1200)) == "01000000" + selection);
  CHECK(hex(encode_secured_versions(k11Parameters, kThree)) == "46544d4401010000" + list);
  CHECK(hex(encode_secured_selection(k11Parameters, 0x1200)) == "46544d4401010000" + selection);
  Parameters vendor = k12Parameters;
  vendor.opaque_format = other_params::opaque_fmt0;
  CHECK(encode_secured_selection(vendor, 0x1200) == encode_secured_selection(k11Parameters, 0x1200));
  for (const Parameters& p : {k12Parameters, k11Parameters, vendor}) {
    CHECK(decode_secured_versions(encode_secured_versions(p, kThree), p, kMessage) == kThree);
    CHECK(decode_secured_selection(encode_secured_selection(p, 0x1300), p, kMessage) == std::uint16_t{0x1300});
  }
}

TEST_CASE("secured versions: absent, and beside others") {
  CHECK(listed("", k12Parameters).empty());
  CHECK_FALSE(selected("", k11Parameters));
  CHECK(limit("", k11Parameters) == kNoAeadLimit);
  CHECK_FALSE(selected("01000000 00000900 010103001000110012000000", k12Parameters));  // a list is no selection
  // An element of PCI-SIG, one of DMTF with another id, one with another SMDataVersion; then the selection, and a limit.
  const std::string_view many = "05000000 03020101 02000100 00000200 01090000 00000400 02000013 00000400 01000011 00000300 01020800";
  CHECK(selected(many, k12Parameters) == std::uint16_t{0x1100});
  CHECK(limit(many, k12Parameters) == 8);
  CHECK(listed(many, k12Parameters).empty());
}

TEST_CASE("secured versions: updates and drafts of one version are one") {
  CHECK(selected("01000000 00000400 01003512", k12Parameters) == std::uint16_t{0x1200});
  CHECK(listed("01000000 00000500 0101013511000000", k12Parameters) == std::vector<std::uint16_t>{0x1100});
  CHECK(secured_version_name(0x1100) == "1.1");
  CHECK(secured_version_name(0x1300) == "1.3");
}

TEST_CASE("N229 not exactly one selection, or a list that does not fit") {
  malformed("appears twice", [] { selected("02000000 00000400 01000012 00000400 01000012", k12Parameters); });
  malformed("appears twice", [] { listed("02000000 00000500 0101010010000000 00000500 0101010010000000", k12Parameters); });
  malformed("SelectedVersion", [] { selected("01000000 00000300 01000000", k12Parameters); });
  malformed("left over", [] { selected("01000000 00000500 0100001200000000", k12Parameters); });
  malformed("SMDataID", [] { selected("01000000 00000100 01000000", k12Parameters); });
  malformed("SMDataVersion", [] { selected("01000000 00000000", k12Parameters); });
  malformed("VersionCount", [] { listed("01000000 00000300 01010000", k12Parameters); });
  malformed("VersionsList", [] { listed("01000000 00000500 0101020010000000", k12Parameters); });
  malformed("left over", [] { listed("01000000 00000600 0101010010000000", k12Parameters); });
}

TEST_CASE("N231 an AEAD limit above what the sequence number has") {
  CHECK(limit("01000000 00000300 01024000", k12Parameters) == 64);
  CHECK(limit("01000000 00000300 01020000", k12Parameters) == 0);
  for (const std::string_view high : {"41", "ff"})
    malformed("AEADLimitExponent", [&] { limit(cat("01000000 00000300 0102", high, "00"), k12Parameters); });
  malformed("left over", [] { limit("01000000 00000400 01020800", k12Parameters); });
}

TEST_CASE("N321 opaque data of a session without the header of DSP0277") {
  const std::string_view element = "00000400 01000012";
  CHECK(selected(cat("46544d44 0101ffff", element), k11Parameters) == std::uint16_t{0x1200});  // reserved bytes
  malformed("SpecID", [&] { selected(cat("46544d45 01010000", element), k11Parameters); });
  malformed("SpecID", [&] { selected(cat("01000000 00000000", element), k11Parameters); });
  malformed("OpaqueVersion", [&] { selected(cat("46544d44 02010000", element), k11Parameters); });
  malformed("TotalElements", [&] { selected(cat("46544d44 01000000", element), k11Parameters); });
  malformed("OpaqueElement", [&] { selected(cat("46544d44 01020000", element), k11Parameters); });
  const auto cut = [](const Parameters& p, const Bytes& whole) {
    for (std::size_t size = 1; size < whole.size(); ++size) {
      CAPTURE(size);
      CHECK_THROWS_AS(decode_secured_versions(View(whole).first(size), p, kMessage), Error);
    }
  };
  for (const Parameters& p : {k11Parameters, k12Parameters}) cut(p, encode_secured_versions(p, kThree));
}
