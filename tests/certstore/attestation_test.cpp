// The attestation extensions: each field, each flag, and each way in which one can be malformed.
#include "certstore/attestation.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/appraisal/report.h"
#include "support/der.h"
#include "validated.h"

using namespace test;
using spdm::ExtensionInfo;
using spdm::TcbFlag;
using spdm::unhex;
using spdm::certstore::read_extension;

namespace {

constexpr const char* kTcbInfo = "2.23.133.5.4.1";
constexpr const char* kMulti = "2.23.133.5.4.5";
constexpr const char* kUeid = "2.23.133.5.4.4";
constexpr const char* kWrapper = "2.23.133.5.4.9";
constexpr const char* kRiot = "1.3.6.1.4.1.311.89.3.1";
constexpr const char* kOpenDice = "1.3.6.1.4.1.11129.2.1.24";

ExtensionInfo read(const char* oid, const Bytes& value) { return read_extension(oid, true, value); }
std::string fault(const char* oid, const Bytes& value) {
  const ExtensionInfo info = read(oid, value);
  CHECK(info.processed == info.fault.empty());
  CHECK(info.tcb_infos.empty());
  return info.fault;
}
Bytes bits(std::uint8_t tag, const char* digits) { return der::element(tag, {unhex(digits, "bits")}); }

Bytes full_tcb_info() {
  return der::sequence({der::text(0x80, "ACME"), der::text(0x81, "Widget"), der::text(0x82, "1.2"), bits(0x83, "0107"), bits(0x84, "00"),
                        bits(0x85, "03"), der::element(0xA6, {der::fwid(der::kSha384, 48, 0xAB), der::fwid(der::kSha256, 32, 0xCD)}),
                        bits(0x87, "03A8"), bits(0x88, "0102"), bits(0x89, "444d4348"), bits(0x8A, "00F0"),
                        der::element(0xAB, {der::sequence({der::text(0x80, "pcr"), bits(0x81, "09"),
                                                           der::element(0xA2, {der::fwid(der::kSha256, 32, 1)})})})});
}

Bytes spki() { return pki::sample().leaf.key.spki(); }
Bytes composite() { return der::sequence({bits(0x02, "01"), spki(), der::fwid(der::kSha384, 48, 0x77)}); }

// A sample leaf with this extension.
ChainResult with_extension(const std::string& oid, const std::string& value) {
  pki::Profile profile = plain_leaf();
  profile.extensions.emplace_back(oid, value);
  return validated(with_leaf(profile));
}

}  // namespace

TEST_CASE("attestation: all fields of a DiceTcbInfo") {
  for (const char* oid : {kTcbInfo, "2.23.133.5.4.1.1"}) {
    const ExtensionInfo info = read(oid, full_tcb_info());
    REQUIRE_MESSAGE(info.processed, info.fault);
    CHECK(info.name == "tcg-dice-TcbInfo");
    REQUIRE(info.tcb_infos.size() == 1);
    const spdm::TcbInfo& tcb = info.tcb_infos[0];
    CHECK(tcb.vendor == "ACME");
    CHECK(tcb.model == "Widget");
    CHECK(tcb.version == "1.2");
    CHECK(tcb.svn == 0x107);
    CHECK(tcb.layer == 0);
    CHECK(tcb.index == 3);
    CHECK(tcb.fwids == std::vector<spdm::Fwid>{{"SHA-384", Bytes(48, 0xAB)}, {"SHA-256", Bytes(32, 0xCD)}});
    CHECK(spdm::names_of(tcb.flags.value_or(0)) == std::vector<std::string>{"notConfigured", "recovery", "notReplayProtected"});
    CHECK(tcb.vendor_info == Bytes{1, 2});
    CHECK(tcb.type == unhex("444d4348", "type"));
    CHECK(spdm::names_of(tcb.flags_mask.value_or(0)) == std::vector<std::string>{"notConfigured", "notSecure", "recovery", "debug"});
    // notReplayProtected is set, and the mask does not have it.
    CHECK(spdm::names_of(tcb.states()) == std::vector<std::string>{"notConfigured", "recovery"});
    CHECK(tcb.denies(TcbFlag::debug));
    CHECK_FALSE(tcb.denies(TcbFlag::recovery));
    CHECK_FALSE(tcb.denies(TcbFlag::not_tcb));
    REQUIRE(tcb.integrity_registers.size() == 1);
    CHECK(tcb.integrity_registers[0].name == "pcr");
    CHECK(tcb.integrity_registers[0].number == 9);
    CHECK(tcb.integrity_registers[0].digests == std::vector<spdm::Fwid>{{"SHA-256", Bytes(32, 1)}});
  }
}

TEST_CASE("attestation: a number whose first bit is set has a zero byte before it") {
  const ExtensionInfo info = read(kTcbInfo, der::sequence({bits(0x83, "0080")}));
  REQUIRE_MESSAGE(info.processed, info.fault);
  CHECK(info.tcb_infos.at(0).svn == 128);
}

TEST_CASE("attestation: each flag is a bit of its own") {
  constexpr std::array kNames{"notConfigured",         "notSecure",          "recovery",     "debug", "notReplayProtected",
                              "notIntegrityProtected", "notRuntimeMeasured", "notImmutable", "notTcb"};
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    Bytes value(3, 0);
    value[1 + i / 8] = static_cast<std::uint8_t>(0x80 >> i % 8);
    const ExtensionInfo info = read(kTcbInfo, der::sequence({der::element(0x87, {value})}));
    REQUIRE(info.tcb_infos.size() == 1);
    CHECK(spdm::names_of(info.tcb_infos[0].states()) == std::vector<std::string>{kNames[i]});
  }
  // fixedWidth says nothing; a bit without a name is shown.
  const ExtensionInfo wide = read(kTcbInfo, der::sequence({bits(0x87, "0000200001")}));
  REQUIRE(wide.tcb_infos.size() == 1);
  CHECK(spdm::names_of(wide.tcb_infos[0].states()) == std::vector<std::string>{"bit 10"});
}

TEST_CASE("attestation: what is no DiceTcbInfo") {
  using der::sequence;
  CHECK(fault(kTcbInfo, {}) == "DiceTcbInfo: is missing");
  CHECK(fault(kTcbInfo, {0x30}) == "DiceTcbInfo: 1 bytes are too few for a DER element");
  CHECK(contains(fault(kTcbInfo, {0x30, 0x80, 0x00, 0x00}), "indefinite length"));
  CHECK(contains(fault(kTcbInfo, {0x30, 0x81, 0x02, 0x87, 0x00}), "in more bytes than it needs"));
  CHECK(contains(fault(kTcbInfo, {0x30, 0x05, 0x83, 0x01, 0x07}), "length 5 where 3 bytes are left"));
  CHECK(fault(kTcbInfo, sequence({})) == "DiceTcbInfo: says nothing");
  CHECK(contains(fault(kTcbInfo, der::joined({full_tcb_info(), {0x00}})), "the tag 0x00 follows"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x84, "00"), bits(0x83, "01")})), "the tag 0x83 follows"));  // out of order
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x83, "01"), bits(0x83, "01")})), "the tag 0x83 follows"));  // twice
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x8C, "01")})), "the tag 0x8c follows"));                    // not defined
  CHECK(contains(fault(kTcbInfo, sequence({bits(0xA3, "020107")})), "the tag 0xa3 follows"));                // an explicit tag
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x83, "")})), "svn: is not a number"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x83, "FF")})), "svn: is negative"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x83, "0007")})), "svn: is written with more bytes than it needs"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x83, "010000000000000000")})), "svn: has more than 64 bits"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x80, "C0AF")})), "vendor: is not UTF-8"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x80, "EDA080")})), "vendor: is not UTF-8"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x80, "F4908080")})), "vendor: is not UTF-8"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x80, "F0808080")})), "vendor: is not UTF-8"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x80, "E282")})), "vendor: is not UTF-8"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x87, "")})), "flags: is not a BIT STRING"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x87, "08FF")})), "flags: is not a BIT STRING: 8 bits are unused"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x87, "01")})), "flags: is not a BIT STRING: 1 bits are unused"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x87, "04FF")})), "flags: has bits set that are unused"));
  CHECK(contains(fault(kTcbInfo, sequence({bits(0x8A, "00000000000000000000")})), "flagsMask: has more than 64 bits"));
  CHECK(contains(fault(kTcbInfo, sequence({der::element(0xA6, {})})), "the list is empty"));
  CHECK(
      contains(fault(kTcbInfo, sequence({der::element(0xA6, {der::fwid(der::kSha384, 47, 1)})})), "digest: has 47 bytes, SHA-384 has 48"));
  CHECK(contains(fault(kTcbInfo, sequence({der::element(0xA6, {sequence({der::kSha384})})})), "digest: is missing"));
  CHECK(contains(fault(kTcbInfo, sequence({der::element(0xA6, {sequence({{0x06, 0x00}, {0x04, 0x01, 0x00}})})})),
                 "hashAlg: is not an object identifier"));
  CHECK(
      contains(fault(kTcbInfo, sequence({der::element(0xA6, {sequence({{0x06, 0x02, 0x2A, 0x03}, {0x04, 0x00}})})})), "digest: is empty"));
  CHECK(contains(fault(kTcbInfo, sequence({der::element(0xAB, {sequence({bits(0x81, "01")})})})), "registerDigests: is missing"));
  CHECK(contains(
      fault(kTcbInfo, sequence({der::element(0xAB, {sequence({bits(0x80, "E2"), der::element(0xA2, {der::fwid(der::kSha256, 32, 1)})})})})),
      "registerName: is not ASCII"));
}

TEST_CASE("attestation: lists are no larger than their bytes allow") {
  Bytes many;
  for (int i = 0; i < 64; ++i) spdm::append(many, der::sequence({bits(0x83, "05")}));
  CHECK(contains(fault(kMulti, der::element(0x30, {many})), "has more than 12 of DiceTcbInfo in 324 bytes"));
  Bytes large;
  for (int i = 0; i < 64; ++i) spdm::append(large, der::sequence({der::element(0xA6, {der::fwid(der::kSha384, 48, 1)})}));
  CHECK(read(kMulti, der::element(0x30, {large})).tcb_infos.size() == 64);
  spdm::append(large, der::sequence({bits(0x83, "05")}));
  CHECK(contains(fault(kMulti, der::element(0x30, {large})), "has more than 64"));
  CHECK(contains(fault(kMulti, der::sequence({})), "the list is empty"));
  CHECK(contains(fault(kMulti, full_tcb_info()), "DiceTcbInfo 1: has the tag 0x80"));
  const ExtensionInfo two = read(kMulti, der::sequence({full_tcb_info(), der::sequence({bits(0x83, "05")})}));
  REQUIRE(two.tcb_infos.size() == 2);
  CHECK(two.tcb_infos[1].svn == 5);
}

TEST_CASE("attestation: the CompositeDeviceID of RIoT, in each of its places") {
  const Bytes oid = unhex("0606678105050401", "OID");
  const Bytes named = der::sequence({oid, composite()}), other_name = der::sequence({der::element(0xA0, {oid, composite()})});
  for (const char* id : {kTcbInfo, "2.23.133.5.4.1.1", kRiot})
    for (const Bytes& value : {composite(), named, other_name}) {
      const ExtensionInfo info = read(id, value);
      REQUIRE_MESSAGE(info.composite, info.fault);
      CHECK(info.composite->version == 1);
      CHECK(info.composite->fwid == spdm::Fwid{"SHA-384", Bytes(48, 0x77)});
      CHECK(info.composite->key_sha256 == spdm::hex(spdm::crypto::hash(sha("SHA-256"), spki())));
      CHECK(info.tcb_infos.empty());
    }
  CHECK(contains(fault(kRiot, full_tcb_info()), "identifier: has the tag 0x80"));
  CHECK(contains(fault(kRiot, der::sequence({bits(0x02, "01"), spki()})), "fwid: is missing"));
  CHECK(contains(fault(kRiot, der::sequence({bits(0x02, "01"), spki(), der::fwid(der::kSha384, 48, 1), {0x05, 0x00}})),
                 "the tag 0x05 follows"));
  CHECK(contains(fault(kRiot, der::sequence({der::element(0xA0, {named, {0x05, 0x00}})})), "identifier"));
}

TEST_CASE("attestation: UEID") {
  CHECK(read(kUeid, der::sequence({bits(0x04, "0102030405060708")})).ueid == unhex("0102030405060708", "ueid"));
  CHECK(fault(kUeid, der::sequence({bits(0x04, "")})) == "TcgUeid, ueid: is empty");
  CHECK(contains(fault(kUeid, bits(0x04, "01")), "has the tag 0x04"));
  CHECK(contains(fault(kUeid, der::sequence({bits(0x04, "01"), bits(0x04, "01")})), "the tag 0x04 follows"));
}

TEST_CASE("attestation: Open DICE") {
  const auto octets = [](std::uint8_t tag, std::uint8_t fill) { return der::element(tag, {der::element(0x04, {Bytes(64, fill)})}); };
  const auto with_mode = [&](const char* digits) { return der::sequence({bits(0xA6, digits)}); };
  const ExtensionInfo all =
      read(kOpenDice, der::sequence({octets(0xA0, 1), octets(0xA1, 2), octets(0xA2, 3), octets(0xA3, 4), octets(0xA4, 5), octets(0xA5, 6),
                                     bits(0xA6, "0A0101"), der::element(0xA7, {der::text(0x0C, "android.16")})}));
  REQUIRE_MESSAGE(all.open_dice, all.fault);
  CHECK(all.open_dice->code_hash == Bytes(64, 1));
  CHECK(all.open_dice->code_descriptor == Bytes(64, 2));
  CHECK(all.open_dice->configuration_hash == Bytes(64, 3));
  CHECK(all.open_dice->configuration_descriptor == Bytes(64, 4));
  CHECK(all.open_dice->authority_hash == Bytes(64, 5));
  CHECK(all.open_dice->authority_descriptor == Bytes(64, 6));
  CHECK(all.open_dice->mode == spdm::DiceMode::normal);
  CHECK(all.open_dice->profile_name == "android.16");
  for (const auto& [digits, mode] : {std::pair("020100", spdm::DiceMode::not_initialized), std::pair("0A0102", spdm::DiceMode::debug),
                                     std::pair("020103", spdm::DiceMode::recovery), std::pair("020104", spdm::DiceMode::not_initialized)}) {
    const ExtensionInfo info = read(kOpenDice, with_mode(digits));
    REQUIRE(info.open_dice);
    CHECK(info.open_dice->mode == mode);
  }
  CHECK(fault(kOpenDice, der::sequence({})) == "OpenDiceInput: says nothing");
  CHECK(contains(fault(kOpenDice, with_mode("040101")), "mode: has the tag 0x04"));
  CHECK(contains(fault(kOpenDice, with_mode("0A01010A0101")), "mode: the tag 0x0a follows"));
  CHECK(contains(fault(kOpenDice, with_mode("0A0181")), "is negative"));
  CHECK(contains(fault(kOpenDice, der::sequence({octets(0xA1, 1), octets(0xA0, 1)})), "the tag 0xa0 follows"));
  CHECK(contains(fault(kOpenDice, der::sequence({der::element(0xA0, {der::element(0x03, {Bytes(3, 0)})})})), "codeHash: has the tag 0x03"));
  CHECK(contains(fault(kOpenDice, der::sequence({octets(0xA8, 1)})), "the tag 0xa8 follows"));
}

TEST_CASE("attestation: conceptual message wrappers in each form") {
  const Bytes record = unhex("8278196170706c69636174696f6e2f766e642e6578616d706c652e6d43010203", "record");
  for (const Bytes& value : {der::sequence({der::element(0x04, {record})}), der::element(0x04, {record}), record}) {
    const ExtensionInfo info = read(kWrapper, value);
    REQUIRE_MESSAGE(info.wrapper, info.fault);
    CHECK(info.wrapper->form == "cbor-record");
    CHECK(info.wrapper->media_type == "application/vnd.example.m");
    CHECK(info.wrapper->size == 3);
    CHECK(info.wrapper->sha256 == spdm::hex(spdm::crypto::hash(sha("SHA-256"), Bytes{1, 2, 3})));
  }
  const ExtensionInfo json = read("1.3.6.1.5.5.7.1.35", der::text(0x0C, R"(["application/vnd.example.m", "AQID", 4])"));
  REQUIRE_MESSAGE(json.wrapper, json.fault);
  CHECK(json.wrapper->form == "json-record");
  CHECK(json.wrapper->indicator == 4);
  CHECK(json.wrapper->size == 3);
  CHECK(read(kWrapper, der::text(0x0C, R"({"a": ["b/c", "AQID"]})")).wrapper->form == "json-collection");
  CHECK(read(kWrapper, unhex("a16161820101", "map")).wrapper->form == "cbor-collection");
  const ExtensionInfo tag = read(kWrapper, unhex("d9ea6043010203", "tag 60000"));
  CHECK(tag.wrapper->form == "cbor-tag");
  CHECK(tag.wrapper->tag == 60'000);
  CHECK(tag.wrapper->size == 7);
  const ExtensionInfo format = read(kWrapper, unhex("da6374762643010203", "TN(30001)"));
  REQUIRE_MESSAGE(format.wrapper, format.fault);
  CHECK(format.wrapper->size == 3);
  for (const char* const wrong : {"", "00", "80", "8101", "820102", "8401024000", "83190100430102036161", "a0", "82010243", "d9ea60",
                                  "0400", "300404020102", "da6374762601", "5b5d", "5b22612f62222c2241513d225d", "7b22"})
    CHECK_FALSE(fault(kWrapper, unhex(wrong, "wrong")).empty());
}

TEST_CASE("attestation: concise evidence in a wrapper is read as DiceTcbInfo") {
  // {0: {0: [[{0: {0: 560(h'0102'), 1: "ACME", 2: "Widget", 3: 1}}, [{1: {1: 552(7), 2: [[7, h'...']], 3: {0: true, 3: true}}}]]]}}
  const Bytes evidence = unhex(
      "a100a1008182a100a400d90230420102016441434d4502665769646765740301"
      "81a101a301d90228070281820758"
      "30" +
          std::string(96, '5') + "03a200f503f5",
      "evidence");
  const Bytes size{static_cast<std::uint8_t>(evidence.size())};
  for (const Bytes& value : {der::joined({unhex("d9023b", "571"), evidence}), der::joined({unhex("8219294b58", "record"), size, evidence}),
                             der::joined({unhex("da63742a7558", "the tag of content format 10571"), size, evidence})}) {
    const ExtensionInfo info = read(kWrapper, value);
    REQUIRE_MESSAGE(info.wrapper, info.fault);
    CHECK(info.wrapper->content == "concise-evidence");
    REQUIRE(info.tcb_infos.size() == 1);
    const spdm::TcbInfo& tcb = info.tcb_infos[0];
    CHECK(tcb.vendor == "ACME");
    CHECK(tcb.model == "Widget");
    CHECK(tcb.layer == 1);
    CHECK(tcb.type == Bytes{1, 2});
    CHECK(tcb.svn == 7);
    CHECK(tcb.fwids == std::vector<spdm::Fwid>{{"SHA-384", Bytes(48, 0x55)}});
    // is-configured and is-debug are so: of DiceTcbInfo only the latter is a flag.
    CHECK(spdm::names_of(tcb.states()) == std::vector<std::string>{"debug"});
    CHECK(tcb.denies(TcbFlag::not_configured));
  }
  CHECK(contains(fault(kWrapper, unhex("d9023ba0", "no triples")), "concise evidence: it has no triples"));
  CHECK(contains(fault(kWrapper, unhex("d9023ba100a1008101", "no pair")), "not a pair of environment and measurements"));
}

TEST_CASE("attestation: a critical extension that is decoded is accepted") {
  for (const auto& [oid, value] :
       {std::pair(kTcbInfo, der::sequence({bits(0x83, "05")})), std::pair(kUeid, der::sequence({bits(0x04, "01")})),
        std::pair(kMulti, der::sequence({der::sequence({bits(0x83, "05")})})), std::pair(kRiot, composite()),
        std::pair(kOpenDice, der::sequence({bits(0xA6, "0A0101")})), std::pair(kWrapper, unhex("d9ea6001", "tag"))}) {
    const ChainResult result = with_extension(oid, der::extension(value));
    CHECK(ids(result) == "");
    CHECK(result.trust == Trust::trusted);
    REQUIRE(result.certificates.back().extensions.size() == 1);
    CHECK(result.certificates.back().extensions[0].critical);
    CHECK(spdm::to_json(result.certificates.back())["extensions"][0]["processed"] == true);
  }
}

TEST_CASE("attestation: one that cannot be decoded fails where it is critical, and warns elsewhere") {
  for (const char* oid : {kTcbInfo, kMulti, kUeid, kRiot, kOpenDice, kWrapper}) {
    const ChainResult critical = with_extension(oid, der::extension({0x30, 0x00}));
    CHECK(ids(critical) == "extension-malformed");
    CHECK(critical.trust == Trust::untrusted);
    CHECK(contains(critical.findings[0].where, oid));
    const ChainResult other = with_extension(oid, der::extension({0x30, 0x00}, false));
    CHECK(ids(other) == "extension-unreadable");
    CHECK(other.trust == Trust::trusted);
  }
}

TEST_CASE("attestation: of what is only named, and of what is not known, nothing is accepted") {
  for (const char* oid : {"2.23.133.5.4.8", "2.23.133.5.4.11", "1.3.6.1.4.1.42623.1.2", "1.2.3.4"}) {
    const ChainResult result = with_extension(oid, der::extension({0x05, 0x00}));
    CHECK(ids(result) == "critical-extension");
    REQUIRE(result.certificates.back().extensions.size() == 1);
    CHECK_FALSE(result.certificates.back().extensions[0].processed);
  }
}

TEST_CASE("attestation: an extension is there once") {
  pki::Profile profile = plain_leaf();
  for (int i = 0; i < 2; ++i) profile.extensions.emplace_back(kUeid, der::extension(der::sequence({bits(0x04, "01")}), false));
  const ChainResult result = validated(with_leaf(profile));
  CHECK(ids(result) == "certificate-malformed");
  CHECK(result.certificates.back().extensions.size() == 1);
  CHECK(result.certificates.back().more_extensions == 1);
}

TEST_CASE("attestation: unknown extensions are shown up to a number") {
  pki::Profile profile = plain_leaf();
  for (int i = 0; i < 7; ++i) profile.extensions.emplace_back(spdm::cat("1.2.3.", i), "DER:0500");
  const spdm::CertificateInfo info = validated(with_leaf(profile)).certificates.back();
  CHECK(info.extensions.size() == 4);
  CHECK(info.more_extensions == 3);
  CHECK(info.extensions[0].oid == "1.2.3.0");
  CHECK(info.extensions[0].name == "");
}

TEST_CASE("attestation: states of certified layers are findings, where the mask has them") {
  const auto flagged = [](const char* flags, const char* mask) {
    return der::sequence({bits(0x87, flags), std::string_view(mask).empty() ? Bytes() : bits(0x8A, mask)});
  };
  const auto found = [&](const char* flags, const char* mask = "") {
    return ids(with_extension(kTcbInfo, der::extension(flagged(flags, mask))));
  };
  CHECK(found("0780") == "tcb-not-configured");
  CHECK(found("0640") == "tcb-not-secure");
  CHECK(found("0520") == "tcb-recovery");
  CHECK(found("0410") == "tcb-debug");
  CHECK(found("0308") == "");  // notReplayProtected
  CHECK(found("0410", "0410") == "tcb-debug");
  CHECK(found("0410", "0640") == "");  // it has no meaning
  CHECK(found("04F0") == "tcb-not-configured,tcb-not-secure,tcb-recovery,tcb-debug");
  const auto mode = [&](const char* digits) { return ids(with_extension(kOpenDice, der::extension(der::sequence({bits(0xA6, digits)})))); };
  CHECK(mode("0A0100") == "tcb-not-configured");
  CHECK(mode("0A0101") == "");
  CHECK(mode("0A0102") == "tcb-debug");
  CHECK(mode("0A0103") == "tcb-recovery");
  CHECK(mode("0A0109") == "tcb-not-configured");
}

TEST_CASE("attestation: an issuer speaks for what it has certified, and nobody for a root") {
  const std::string debug = der::extension(der::sequence({bits(0x87, "0410")}));
  pki::Profile root = pki::root("layer root", pki::sample().root.key), middle = pki::intermediate("layer", pki::sample().intermediate.key);
  root.extensions.emplace_back(kTcbInfo, debug);
  middle.extensions.emplace_back(kTcbInfo, debug);
  const pki::Certificate top = pki::issue(root), between = pki::issue(middle, &top), leaf = pki::issue(plain_leaf(), &between);
  Setup setup;
  setup.certificates = {top.der, between.der, leaf.der};
  setup.root = top.der;
  setup.trusted = {top.der};
  const ChainResult below = validated(setup);
  CHECK(ids(below) == "tcb-debug");
  CHECK(contains(below.findings[0].where, "certificate 2 of 3"));
  setup.trusted = {between.der};
  setup.options.partial_chains = true;
  CHECK(ids(validated(setup)) == "partial-chain");  // the owner vouches for it: what its issuer says does not count
  setup.trusted = {pki::sample().root.der};
  CHECK(ids(validated(setup)) == "not-trusted,tcb-debug");
}

TEST_CASE("describe: policies, and where to ask") {
  pki::Profile profile = plain_leaf();
  profile.extensions.emplace_back("2.5.29.32", der::extension(der::sequence({der::sequence({unhex("06032A0304", "1.2.3.4")}),
                                                                             der::sequence({unhex("060767810505046406", "identityInit")})}),
                                                              false));
  profile.extensions.emplace_back("authorityInfoAccess",
                                  "OCSP;URI:http://ocsp.example.org,caIssuers;URI:http://ca.example.org/ca.der,caIssuers;DNS:example.org");
  profile.extensions.emplace_back("crlDistributionPoints", "URI:http://crl.example.org/a.crl,URI:http://crl.example.org/b.crl");
  profile.extensions.emplace_back("extendedKeyUsage", "2.23.133.5.4.100.9,2.23.133.5.4.100.12");
  const spdm::CertificateInfo info = validated(with_leaf(profile)).certificates.back();
  CHECK(info.policies == std::vector<std::string>{"1.2.3.4", "tcg-dice-kp-identityInit"});
  CHECK(info.ocsp == std::vector<std::string>{"http://ocsp.example.org"});
  CHECK(info.ca_issuers == std::vector<std::string>{"http://ca.example.org/ca.der"});
  CHECK(info.crl_distribution_points == std::vector<std::string>{"http://crl.example.org/a.crl", "http://crl.example.org/b.crl"});
  CHECK(info.extended_key_usage == std::vector<std::string>{"tcg-dice-kp-attestLoc", "tcg-dice-kp-eca"});
  const nlohmann::ordered_json json = spdm::to_json(info);
  CHECK(json["policies"].size() == 2);
  CHECK(json["ca_issuers"][0] == "http://ca.example.org/ca.der");
}
