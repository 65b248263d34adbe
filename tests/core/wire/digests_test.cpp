#include "core/wire/digests.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

DigestsResponse slots(std::initializer_list<std::uint8_t> list, CertModel model = CertModel::device) {
  DigestsResponse out;
  for (const std::uint8_t slot : list) {
    out.provisioned_slots = static_cast<std::uint8_t>(out.provisioned_slots | 1 << slot);
    out.slots.push_back(
        {slot, Bytes(48, static_cast<std::uint8_t>(slot + 1)), static_cast<std::uint8_t>(slot + 1), model, key_usage::challenge});
  }
  out.supported_slots = out.provisioned_slots;
  return out;
}

DigestsResponse read(View message, const Parameters& parameters) { return decode<DigestsResponse>(message, parameters); }

}  // namespace

TEST_CASE("N119 DIGESTS without a slot") {
  for (const std::uint8_t version : kAllVersions)
    malformed("ProvisionedSlotMask", [&] { read(slots({}).encode(parameters(version)), parameters(version)); });
}

TEST_CASE("N120 fewer digests than slots") {
  for (const std::uint8_t version : kAllVersions) {
    const Parameters p = parameters(version);
    refused_when_cut(slots({0, 3}).encode(p), [&](View cut) { read(cut, p); });
  }
}

TEST_CASE("N121 more digests than slots") {
  for (const std::uint8_t version : kAllVersions) {
    const Parameters p = parameters(version);
    Bytes message = slots({0, 3}).encode(p);
    message.resize(message.size() + 48);
    malformed("left over", [&] { read(message, p); });
  }
}

TEST_CASE("N122 provisioned slots that are not supported") {
  DigestsResponse out = slots({0, 2});
  out.supported_slots = 0x01;
  for (const std::uint8_t version : {k13, k14})
    malformed("SupportedSlotMask", [&] { read(out.encode(parameters(version)), parameters(version)); });
  CHECK(read(out.encode(parameters(k12)), parameters(k12)).provisioned_slots == 0x05);  // Param1 is reserved there
}

TEST_CASE("N123 multi-key arrays cut off") {
  const Bytes message = slots({0, 1}).encode(multi_key());
  CHECK(message.size() == 4 + 2 * 48 + 2 * 4);
  refused_when_cut(message, [](View cut) { read(cut, multi_key()); });
}

TEST_CASE("what a slot of a multi-key connection can be and what not") {
  const std::size_t info = 4 + 48 + 1, usage = info + 1;
  const Bytes good = slots({0}).encode(multi_key());
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes message = good;
    message[at] = value;
    return message;
  };
  struct Case {
    std::string_view rule;
    std::size_t at;
    std::uint8_t value;
    const char* why;
  };
  const Case cases[] = {
      {"N124", info, 4, "CertificateInfo"},
      {"N124", info, 5, "CertificateInfo"},
      {"N124", info, 6, "CertificateInfo"},
      {"N124", info, 7, "CertificateInfo"},
      {"N125", info, 3, "GenericCert"},
      {"N126", usage, 0, "has no usage"},
      {"N127", info, 0, "no certificate but a digest"},
      {"N128", usage, 0x14, "reserved bits"},
      {"N128", usage + 1, 0x20, "reserved bits"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    malformed(c.why, [&] { read(with(c.at, c.value), multi_key()); });
  }
  CHECK(read(with(usage + 1, 0xC0), multi_key()).slots[0].key_usage == 0xC002);
  CHECK(read(with(info, 0xF9), multi_key()).slots[0].model == CertModel::device);  // reserved bits
  CHECK(read(slots({1}, CertModel::generic).encode(multi_key()), multi_key()).slots[0].model == CertModel::generic);
}

TEST_CASE("N129 KeyPairID 0 is taken") {
  DigestsResponse out = slots({0, 1});
  out.slots[1].key_pair_id = 0;
  CHECK(read(out.encode(multi_key()), multi_key()).slots[1].key_pair_id == 0);
}

TEST_CASE("A5 slots 0, 1 and 3") {
  for (const std::uint8_t version : kAllVersions) {
    const Parameters p = parameters(version);
    const DigestsResponse out = read(slots({0, 1, 3}).encode(p), p);
    REQUIRE(out.slots.size() == 3);
    CHECK(out.find(3)->digest == Bytes(48, 4));
    CHECK(out.find(2) == nullptr);
  }
}

TEST_CASE("N12 reserved fields of DIGESTS") {
  for (const std::uint8_t version : kAllVersions) {
    const Parameters p = parameters(version);
    Bytes message = slots({0, 1, 3}).encode(p);
    message[2] = version >= k13 ? 0xFF : 0xF0;
    const DigestsResponse out = read(message, p);
    REQUIRE(out.slots.size() == 3);
    CHECK(out.supported_slots == (version >= k13 ? 0xFF : 0x0B));
  }
}

TEST_CASE("digests: a slot with a key and no certificate yet") {
  DigestsResponse out = slots({0, 1});
  out.slots[1].model = CertModel::none;
  out.slots[1].digest = Bytes(48, 0);
  CHECK(read(out.encode(multi_key()), multi_key()).find(1)->model == CertModel::none);
}
