// CoRIM as vendors publish it, and what of it becomes a reference value.
#include "core/appraisal/corim.h"

#include <doctest/doctest.h>

#include "core/appraisal/reference_writer.h"
#include "core/evidence/expect_error.h"
#include "core/file_kinds.h"
#include "core/text.h"
#include "support/pki.h"

using namespace spdm;

namespace {

Bytes head(unsigned major, std::size_t argument) {
  const unsigned first = major << 5;
  if (argument < 24) return Writer().u8(first | argument).take();
  if (argument < 256) return Writer().u8(first | 24).u8(argument).take();
  if (argument < 0x10000) return Writer().u8(first | 25).u8(argument >> 8).u8(argument & 0xFF).take();
  return Writer().u8(first | 26).u8(argument >> 24).u8(argument >> 16 & 0xFF).u8(argument >> 8 & 0xFF).u8(argument & 0xFF).take();
}

Bytes string_of(unsigned major, View value) {
  Bytes out = head(major, value.size());
  append(out, value);
  return out;
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

Bytes h(const std::string& digits) { return unhex(digits, "test"); }

const std::string k48(96, 'a'), k32(64, 'b');
// {0: {1: "ACME", 2: "Disk"}} and {0: {1: "1b36", 2: "0010"}}
const Bytes kAcme = h("a1 00 a2 01 6441434d45 02 644469736b"), kPci = h("a1 00 a2 01 6431623336 02 6430303130");

Bytes measurement(const std::string& key, const std::string& values) { return joined({h("a2 00"), h(key), h("01"), h(values)}); }

// 501({0: "x", 1: [506(h'{1: {0: "t"}, 4: {0: [[environment, measurements]...]}}')]})
Bytes corim(std::vector<std::pair<Bytes, std::vector<Bytes>>> triples) {
  Bytes comid = joined({h("a2 01 a1 00 6174 04 a1 00"), head(4, triples.size())});
  for (const auto& [environment, measurements] : triples) {
    append(comid, joined({h("82"), environment, head(4, measurements.size())}));
    for (const Bytes& one : measurements) append(comid, one);
  }
  return joined({h("d901f5 a2 00 6178 01 81 d901fa"), string_of(2, comid)});
}

Bytes signed_corim(const Bytes& contents, const pki::Key& key, std::string_view asym, std::string_view hash, const std::string& header) {
  const Bytes protected_header = h(header);
  const Bytes message = joined({h("84 6a 5369676e617475726531"), string_of(2, protected_header), h("40"), string_of(2, contents)});
  const HashAlgorithm& digest = *find_hash(hash);
  const Bytes signature = crypto::sign(key.private_key(), *find_asym(asym), digest, k11, "", crypto::hash(digest, message));
  return joined({h("d2 84"), string_of(2, protected_header), h("a0"), string_of(2, contents), string_of(2, signature)});
}

DeviceMatch any_match() {
  DeviceMatch out;
  out.vendor = 0x1B36;
  return out;
}

Corim read(const Bytes& file) { return read_corim(file, {any_match(), {}, false}); }
Corim read_unmatched(const Bytes& file) { return read_corim(file, {}); }
Corim read_signed(const Bytes& file, const crypto::PublicKey& signer) {
  return read_corim(file, {any_match(), [&](const std::vector<Bytes>&) { return signer; }, false});
}

}  // namespace

TEST_CASE("CoRIM: every kind of value that SPDM measurements can be compared with") {
  const Bytes file =
      corim({{kAcme,
              {measurement("01", "a1 02 82 82 07 5830" + k48 + " 82 2f 5820" + k32), measurement("06", "a1 00 a2 00 63322e33 01 1903e8"),
               measurement("07", "a1 01 d90229 05"), measurement("08", "a1 01 d90228 06"), measurement("09", "a1 01 07"),
               measurement("18fd", "a1 04 d90230 42 beef")}}});
  const Corim read_back = read(file);
  CHECK(read_back.id == "x");
  CHECK_FALSE(read_back.is_signed);
  CHECK(read_back.notes.empty());
  REQUIRE(read_back.devices.size() == 1);
  CHECK(read_back.devices[0].source == "vendor ACME, model Disk");
  CHECK(read_back.devices[0].match.vendor == 0x1B36);
  const std::vector<ReferenceMeasurement>& all = read_back.devices[0].measurements;
  REQUIRE(all.size() == 6);
  REQUIRE(all[0].allowed.size() == 2);
  CHECK(all[0].index == 1);
  CHECK(to_string(all[0].allowed[0]) == k48);
  CHECK(all[0].allowed[0].hash == find_hash("SHA-384"));
  CHECK(all[0].allowed[1].hash == find_hash("SHA-256"));  // -16 of COSE
  CHECK(to_string(all[1].allowed[0]) == "2.3");
  CHECK(all[2].min_svn == 5);
  CHECK(all[2].allowed.empty());
  CHECK(to_string(all[3].allowed[0]) == "svn 6");
  CHECK(to_string(all[4].allowed[0]) == "svn 7");
  CHECK(all[5].index == 0xFD);
  CHECK(to_string(all[5].allowed[0]) == "beef");

  // What is written from it is read again as the same.
  References again;
  add_references(again, "refs.yaml", write_references(read_back.devices, "test"));
  REQUIRE(again.devices.size() == 1);
  CHECK(again.devices[0].match == any_match());
  REQUIRE(again.devices[0].measurements.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(again.devices[0].measurements[i].min_svn == all[i].min_svn);
    REQUIRE(again.devices[0].measurements[i].allowed.size() == all[i].allowed.size());
    for (std::size_t j = 0; j < all[i].allowed.size(); ++j)
      CHECK(again.devices[0].measurements[i].allowed[j].bytes == all[i].allowed[j].bytes);
  }
}

TEST_CASE("CoRIM: environments") {
  const Bytes one = measurement("01", "a1 01 01"), other = measurement("01", "a1 01 02"), second = measurement("02", "a1 01 d90229 03");
  const Corim two = read(corim({{kAcme, {one}}, {kPci, {second}}, {kAcme, {other, second}}}));
  REQUIRE(two.devices.size() == 2);
  REQUIRE(two.devices[0].measurements.size() == 2);
  CHECK(two.devices[0].measurements[0].allowed.size() == 2);  // said twice: either will do
  // PCI ids where the environment has them, else they must be given.
  const Corim pci = read_unmatched(corim({{kPci, {one}}}));
  CHECK(pci.devices[0].match.vendor == 0x1B36);
  CHECK(pci.devices[0].match.device == 0x0010);
  expect_error(ErrorId::bad_input, "it does not say which PCI devices vendor ACME, model Disk is", [&] {
    read_unmatched(corim({{kAcme, {one}}}));
  });
  const Bytes half = h("a1 00 a2 01 6431623336 02 6430303167");  // the device is "001g"
  expect_error(ErrorId::bad_input, "it does not say which PCI devices", [&] { read_unmatched(corim({{half, {one}}})); });
}

TEST_CASE("CoRIM: what is left out is told") {
  const Bytes good = measurement("01", "a1 01 01");
  const auto notes = [&](const Bytes& measured) { return read(corim({{kAcme, {good, measured}}})).notes; };
  const auto note = [&](const Bytes& measured) {
    const std::vector<std::string> all = notes(measured);
    REQUIRE(!all.empty());
    return all.front();
  };
  // Of concise evidence: neither flags nor raw values are compared.
  CHECK(note(measurement("6162", "a2 01 01 03 a0")) == "vendor ACME, model Disk, measurement b: what it says of 3 is not compared");
  CHECK(note(measurement("00", "a2 01 01 04 d90230 41ff")).ends_with("what it says of 4 is not compared"));
  CHECK(note(measurement("18ff", "a1 0b 6161")).find("measurement 255: what it says of 11") != std::string::npos);
  CHECK(note(h("a1 01 a1 0b 6161")).find("without a key") != std::string::npos);
  CHECK(note(measurement("6162", "a1 02 81 82 07 41ff")).ends_with("1 of its digests are by algorithms, or of sizes, that are not known"));
  CHECK(note(measurement("02", "a1 0b 6161")).ends_with("what it says of 11 is not compared"));
  CHECK(note(measurement("02", "a2 04 d90230 41ff 05 41ff")).find("5 is not compared") != std::string::npos);
  CHECK(notes(measurement("02", "a1 04 d90233 82 41ff 41ff")).front().ends_with("raw values with a mask are not compared"));
  CHECK(note(measurement("02", "a1 02 81 82 07 41ff")).find("a digest of 1 bytes by the algorithm 7") != std::string::npos);
  CHECK(note(measurement("02", "a2 01 01 04 d90230 41ff")).ends_with("only the first is compared"));
  // Once each, and what has no value is no reference value.
  const Bytes odd = measurement("02", "a2 01 01 0b 6161"), empty = measurement("02", "a1 0b 6161");
  CHECK(read(corim({{kAcme, {good, odd, odd}}})).notes.size() == 1);
  const Corim one = read(corim({{kAcme, {good, empty}}}));
  CHECK(one.devices.front().measurements.size() == 1);
  CHECK(one.notes.back().ends_with("has no value that SPDM measurements can be compared with"));
}

TEST_CASE("CoRIM: values for concise evidence") {
  const Bytes file =
      corim({{kAcme,
              {measurement("01", "a1 02 81 82 07 5830" + k48), measurement("6162", "a1 02 82 82 01 5820" + k32 + " 82 07 5830" + k48),
               measurement("6162", "a2 00 a1 00 63322e33 01 05"), h("a1 01 a1 01 d90229 07")}}});
  const auto words = [](const DeviceReferences& device) {
    std::string out;
    for (const ReferenceEnvironment& one : device.environments)
      out += cat(environment_name(one.claim), " = ", value_words(one.claim), "\n");
    return out;
  };
  const Corim corim = read(file);
  REQUIRE(corim.devices.size() == 1);
  CHECK(corim.devices[0].measurements.size() == 1);
  const std::string expected = cat("vendor ACME, model Disk: b = SHA-256 ", k32, " and SHA-384 ", k48,
                                   "\nvendor ACME, model Disk: b = version 2.3 and svn 5\nvendor ACME, model Disk = svn >= 7\n");
  CHECK(words(corim.devices[0]) == expected);
  // It is written, and read again.
  References again;
  add_references(again, "refs.yaml", write_references(corim.devices, "test"));
  REQUIRE(again.devices.size() == 1);
  CHECK(words(again.devices[0]) == expected);
  CHECK_FALSE(again.devices[0].complete);
  // Numbers can be keys of concise evidence, too.
  const Corim all = read_corim(file, {any_match(), {}, true});
  CHECK(all.devices[0].measurements.empty());
  CHECK(all.devices[0].environments.size() == 4);
}

TEST_CASE("CoRIM: several digests by one algorithm are of several versions, and each is allowed") {
  const std::string other = "bb" + k48.substr(2);
  const Bytes file = corim({{kAcme,
                             {measurement("6162", "a2 01 05 02 82 82 07 5830" + k48 + " 82 07 5830" + other),
                              measurement("6163", "a1 02 83 82 01 5820" + k32 + " 82 07 5830" + k48 + " 82 07 5830" + other)}}});
  const Corim corim = read(file);
  REQUIRE(corim.devices.size() == 1);
  const std::vector<ReferenceEnvironment>& all = corim.devices[0].environments;
  REQUIRE(all.size() == 2);
  CHECK(value_words(all[0].claim).find(k48) != std::string::npos);
  CHECK(value_words(all[1].claim).find(other) != std::string::npos);
  for (const ReferenceEnvironment& one : all) CHECK(value_words(one.claim).find("svn 5") != std::string::npos);
  CHECK(corim.notes.size() == 1);
  CHECK(corim.notes.back().ends_with(
      "measurement c: has several digests by one algorithm beside others, and does not say which belong together"));
  References again;
  add_references(again, "refs.yaml", write_references(corim.devices, "test"));
  CHECK(again.devices[0].environments.size() == 2);
}

TEST_CASE("CoRIM: the forms that signers write") {
  const Bytes good = corim({{kAcme, {measurement("01", "a1 01 01")}}});
  const Bytes map(good.begin() + 3, good.end());  // without tag 501
  CHECK(read(map).devices.size() == 1);
  CHECK(read(joined({h("d9d9f7"), good})).devices.size() == 1);  // 55799: this is CBOR
  const pki::Key& key = pki::Key::shared(*find_asym("ECDSA-P384"));
  const crypto::PublicKey signer = key.public_key();
  // corim-meta says who and until when: {0: {0: "ACME"}, 1: {1: 1(86400)}}
  const Bytes meta = h("a2 00 a1 00 6441434d45 01 a1 01 c1 1a00015180");
  for (const Bytes& header : {joined({h("a2 01 3822 08"), string_of(2, meta)}), joined({h("a2 01 3822 08"), meta})}) {
    const Corim corim = read_signed(joined({h("d901f4 d901f6"), signed_corim(map, key, "ECDSA-P384", "SHA-384", hex(header))}), signer);
    CHECK(corim.devices.size() == 1);
    CHECK(corim.signer == "ACME");
    CHECK(corim.signature_not_after == "1970-01-02T00:00:00Z");
  }
  // A CoMID stands in tag 506 as bytes, as a map, or the tag within bytes.
  const Bytes comid = joined({h("a2 01 a1 00 6174 04 a1 00 81 82"), kAcme, h("81"), measurement("01", "a1 01 01")});
  const Bytes tagged = joined({h("d901fa"), comid}), within = joined({h("d901fa"), string_of(2, comid)});
  for (const Bytes& tag : {tagged, string_of(2, tagged), string_of(2, within)}) {
    CAPTURE(hex(tag));
    CHECK(read(joined({h("d901f5 a2 00 6178 01 81"), tag})).devices.size() == 1);
  }
  const Corim others = read(joined({h("d901f5 a3 00 6178 01 83"), tagged, h("44 d901f9a0 d901fc 80 02 80")}));
  CHECK(others.notes == std::vector<std::string>{"it depends on other documents (dependent-rims), which were not read",
                                                 "an element of the kind unknown is not a CoMID",
                                                 "an element of the kind list of tags (508) is not a CoMID"});
}

TEST_CASE("CoRIM: numbers below zero are other keys, and names that are no text are shown") {
  const Bytes comid = joined({h("a2 01 a1 00 6174 04 a2 00 81 82"), kPci, h("81"), measurement("01", "a1 01 01"), h("20 80")});
  CHECK(read(joined({h("d901f5 a2 00 6178 01 81 d901fa"), string_of(2, comid)})).notes ==
        std::vector<std::string>{"triples of the kind -1 are not reference values"});
  CHECK(read(joined({h("d901f5 a2 00 d825 42beef 01 81 d901fa"), string_of(2, comid)})).id == "h'beef'");
}

TEST_CASE("CoRIM: signed") {
  const Bytes contents = corim({{kPci, {measurement("01", "a1 01 01")}}});
  struct Row {
    std::string_view asym, hash;
    std::string header;
  };
  for (const Row& row :
       {Row{"ECDSA-P256", "SHA-256", "a1 01 26"}, Row{"ECDSA-P384", "SHA-384", "a1 01 3822"}, Row{"ECDSA-P521", "SHA-512", "a1 01 3823"}}) {
    CAPTURE(row.asym);
    const pki::Key& key = pki::Key::shared(*find_asym(row.asym));
    const crypto::PublicKey signer = key.public_key();
    Bytes file = signed_corim(contents, key, row.asym, row.hash, row.header);
    CHECK(read_unmatched(file).is_signed);
    CHECK(read_signed(file, signer).devices.size() == 1);
    CHECK(read_signed(joined({h("d901f4 d901f6"), file}), signer).is_signed);  // in the wrappers of earlier drafts
    const pki::Key& other = pki::Key::shared(*find_asym(row.asym == "ECDSA-P256" ? "ECDSA-P384" : "ECDSA-P256"));
    const crypto::PublicKey stranger = other.public_key();
    expect_error(ErrorId::bad_input, "does not verify", [&] { read_signed(file, stranger); });
    for (const std::size_t at : {std::size_t{40}, file.size() - 1}) {
      Bytes changed = file;
      changed[at] ^= 1;
      CHECK_THROWS_AS(read_signed(changed, signer), Error);
    }
  }
  const pki::Key& key = pki::Key::shared(*find_asym("ECDSA-P256"));
  const crypto::PublicKey signer = key.public_key();
  // The length of the contents is signed, too: in as few bytes as it takes.
  for (const std::size_t size : {std::size_t{0x100}, std::size_t{0x10000}}) {
    Bytes sized;
    for (std::size_t n = size; n > 0 && sized.size() != size; --n)
      sized = corim({{kPci, {measurement("01", cat("a1 04 ", hex(string_of(2, Bytes(n, 1)))))}}});
    REQUIRE(sized.size() == size);
    CHECK(read_signed(signed_corim(sized, key, "ECDSA-P256", "SHA-256", "a1 01 26"), signer).is_signed);
  }
  expect_error(ErrorId::unsupported, "algorithm -8",
               [&] { read_signed(signed_corim(contents, key, "ECDSA-P256", "SHA-256", "a1 01 27"), signer); });
  expect_error(ErrorId::bad_input, "critical headers",
               [&] { read_signed(signed_corim(contents, key, "ECDSA-P256", "SHA-256", "a2 01 26 02 81 03"), signer); });
  expect_error(ErrorId::bad_input, "it is not signed", [&] { read_signed(contents, signer); });
  expect_error(ErrorId::bad_input, "detached", [&] { read(h("d2 84 40 a0 f6 40")); });
}

TEST_CASE("CoRIM: what is none, or of no use") {
  const auto refuse = [](const std::string& why, const Bytes& file) { expect_error(ErrorId::bad_input, why, [&] { read(file); }); };
  refuse("is empty", {});
  refuse("CBOR: byte 3", h("d901f5"));
  refuse("this is not a CoRIM", h("a0"));
  refuse("this is not a CoRIM", h("d901f5 01"));
  refuse("this is not a CoRIM", h("d901f5 a1 00 6178"));
  refuse("no reference value for an SPDM measurement is in it", h("d901f5 a2 00 6178 01 80"));
  refuse("(an element of the kind CoSWID (tag 505) is not a CoMID)", h("d901f5 a2 00 6178 01 81 d901f9 40"));
  refuse("a CoMID, at byte 12: CBOR", h("d901f5 a2 00 6178 01 81 d901fa 41ff"));
  refuse("the triples of a CoMID is missing", h("d901f5 a2 00 6178 01 81 d901fa 41a0"));
  refuse("mval of a measurement is missing", corim({{kAcme, {h("a1 00 01")}}}));
  refuse("is not an algorithm and bytes", corim({{kAcme, {measurement("01", "a1 02 81 01")}}}));
  refuse("a reference triple is not an environment", corim({{h("01"), {measurement("01", "a1 01 01")}}}));
  refuse("no reference value for an SPDM measurement", corim({{h("a1 01 d90226 42beef"), {measurement("6162", "a1 01 01")}}}));
  refuse("vendor ACME, model Disk, measurement b: concise evidence: svn", corim({{kAcme, {measurement("6162", "a1 01 6161")}}}));
  Bytes good = corim({{kAcme, {measurement("01", "a1 01 01")}}});
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_THROWS_AS(read(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))), Error);
}

TEST_CASE("CoRIM: as many digests as a vendor may publish are written, and read again") {
  // 12 models, 1000 digests each.
  std::vector<std::pair<Bytes, std::vector<Bytes>>> triples;
  for (std::size_t model = 0; model < 12; ++model) {
    std::vector<Bytes> measurements;
    for (std::size_t i = 0; i < 1000; ++i)
      measurements.push_back(
          measurement(hex(head(0, 1 + i % 250)), cat("a1 02 81 82 07 5830", hex(Bytes(46, 0xAB)), hex(model, 2), hex(i / 250, 2))));
    triples.emplace_back(joined({h("a1 00 a2 01 6441434d45 02"), string_of(3, as_bytes(cat("Disk ", model)))}), measurements);
  }
  const Corim published = read(corim(triples));
  const std::string yaml = write_references(published.devices, "test");
  CHECK(yaml.size() > kMiB);
  References again;
  add_references(again, "refs.yaml", yaml);
  REQUIRE(again.devices.size() == 12);
  for (const DeviceReferences& device : again.devices) {
    REQUIRE(device.measurements.size() == 250);
    for (const ReferenceMeasurement& one : device.measurements) CHECK(one.allowed.size() == 4);
  }
}

TEST_CASE("references: more than is read again is not written") {
  DeviceReferences device;
  device.match.vendor = 0x1b36;
  ReferenceMeasurement one;
  one.allowed.push_back({ReferenceValue::Form::raw, Bytes(65000, 1), nullptr});
  for (std::size_t i = 1; i <= 254; ++i) {
    one.index = static_cast<std::uint8_t>(i);
    device.measurements.push_back(one);
  }
  CHECK_NOTHROW(write_references({device}, "test"));
  DeviceReferences other = device;
  other.match.vendor = 0x1b37;
  expect_error(ErrorId::bad_input, "the limit is 33554432 (file of reference values)", [&] { write_references({device, other}, "test"); });

  device.measurements.clear();
  one.allowed.assign(999, {ReferenceValue::Form::text, Bytes{'x'}, nullptr});
  for (std::size_t i = 1; i <= 201; ++i) {
    one.index = static_cast<std::uint8_t>(i);
    device.measurements.push_back(one);
  }
  expect_error(ErrorId::bad_input, "these would be 201000 reference values; no more than 200000 are read",
               [&] { write_references({device}, "test"); });
}
