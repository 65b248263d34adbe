#include "core/appraisal/device_facts.h"

#include "core/appraisal/trial.h"

using namespace trial;

namespace {

const Bytes kRows{6, 0, 8, 0, 0, 0xA5, 0, 0x96, 1, 0, 0, 0, 3, 0, 4, 0, '5', '9', '\x1B', 0, 14, 0, 2, 0, 0x37, 4, 99, 0, 1, 0, 0xAB};

CertificateInfo leaf_of(std::string device_info, std::string subject) {
  CertificateInfo out;
  out.device_info = std::move(device_info);
  out.subject = std::move(subject);
  return out;
}

}  // namespace

TEST_CASE("rows of type, length and value fill the opaque data, or there are none") {
  const auto rows = read_rows(kRows);
  REQUIRE(rows);
  REQUIRE(rows->size() == 4);
  CHECK(rows->at(1).type == 3);
  CHECK(rows->at(1).text == "35391b00");
  CHECK(rows->at(3).value == Bytes{0xAB});
  for (std::size_t size = 0; size < kRows.size(); ++size) {
    const bool at_an_end = size == 12 || size == 20 || size == 26;
    CHECK(read_rows(View(kRows).first(size)).has_value() == at_an_end);
  }
  CHECK(read_rows(Bytes{1, 0, 0, 0})->front().value.empty());
}

TEST_CASE("rows have names where the leaf names a vendor that has published them") {
  for (const CertificateInfo& leaf : {leaf_of("NVIDIA:GH100:1", ""), leaf_of("", "CN=GH100,O=NVIDIA Corporation,C=US")}) {
    auto rows = *read_rows(kRows);
    name_facts(rows, leaf);
    CHECK(rows[0].name == "vbios-version");
    CHECK(rows[0].text == "96.00.A5.00.01");
    CHECK(rows[1].name == "driver-version");
    CHECK(rows[1].text == "35391b00");  // no text: a device may not write to a terminal
    CHECK(rows[2].text == "1079");
    CHECK(rows[3].name.empty());
    CHECK(rows[3].text == "ab");
  }
  auto text = *read_rows(Bytes{3, 0, 6, 0, '5', '9', '0', '.', '1', 0});
  name_facts(text, leaf_of("NVIDIA:GH100:1", ""));
  CHECK(text[0].text == "590.1");
  auto rows = *read_rows(kRows);
  name_facts(rows, leaf_of("Example:GH100:1", "CN=x"));
  CHECK(rows[0].name.empty());
  CHECK(rows[0].text == "00a5009601000000");
}

TEST_CASE("of what a device says the firmware id is compared with its leaf, and nothing else") {
  const auto judged = [](std::uint8_t firmware) {
    fake::Profile profile = in_version(k11);
    for (const auto& [type, value] : {std::pair{std::uint8_t{22}, std::uint8_t{7}}, std::pair{std::uint8_t{20}, firmware}}) {
      append(profile.opaque, Bytes{type, 0, 32, 0});
      append(profile.opaque, Bytes(32, value));
    }
    Trial trial(profile);
    trial.change_chain = [](ChainResult& chain) {
      CertificateInfo& leaf = chain.certificates.back();
      leaf.device_info = "NVIDIA:GH100:1";
      leaf.extensions.emplace_back().tcb_infos.emplace_back().fwids = {{"SHA-256", Bytes(32, 5)}};
    };
    return trial.collect().judge();
  };
  const Report good = judged(5);
  CHECK(good.verdict == Verdict::pass);
  CHECK(good.facts.size() == 2);
  CHECK_FALSE(found(good, FindingId::fwid_mismatch));
  CHECK(found(judged(6), FindingId::fwid_mismatch));
}
