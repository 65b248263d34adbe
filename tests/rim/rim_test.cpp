// What a TCG RIM says of measurements, and documents that contradict themselves.
#include "cmd/rim/rim.h"

#include <doctest/doctest.h>

#include "cmd/rim/xml.h"
#include "core/appraisal/reference_writer.h"
#include "core/evidence/expect_error.h"
#include "core/file_kinds.h"
#include "rim/signed.h"

using namespace spdm;
using namespace rim_test;

namespace {

rim::Rim read(const std::string& text, unsigned shift = rim::kIndexShift) { return rim::read_rim(as_bytes(text), {}, shift, nullptr); }

void refuse(const std::string& text, const std::string& part, unsigned shift = rim::kIndexShift) {
  expect_error(ErrorId::bad_input, part, [&] { read(text, shift); });
}

}  // namespace

TEST_CASE("rim: entries become reference values of the block after") {
  const std::string hashes = cat("h:Hash0=\"", digest('0'), "\" h:Hash1=\"", digest('A'), "\"");
  const rim::Rim out =
      read(document(entry(0, 'b') + entry("12", hashes, "True", "2") + entry("7", cat("h:Hash0=\"", digest('0'), "\""), "False")));
  CHECK(out.product == "X100");
  CHECK(out.version == "1.2");
  CHECK_FALSE(out.is_signed);
  CHECK(out.inactive == 1);
  CHECK(out.notes.empty());
  REQUIRE(out.devices.size() == 1);
  CHECK_FALSE(out.devices[0].complete);
  REQUIRE(out.devices[0].measurements.size() == 2);
  const ReferenceMeasurement& first = out.devices[0].measurements[0];
  CHECK(first.index == 1);
  REQUIRE(first.allowed.size() == 1);
  CHECK(first.allowed[0].form == ReferenceValue::Form::digest);
  CHECK(first.allowed[0].bytes == Bytes(48, 0xBB));
  CHECK(first.allowed[0].hash == find_hash("SHA-384"));
  CHECK(first.source == "Measurement_0, index 0 of the RIM");
  const ReferenceMeasurement& second = out.devices[0].measurements[1];
  CHECK(second.index == 13);
  REQUIRE(second.allowed.size() == 2);
  CHECK(second.allowed[0].bytes == Bytes(48, 0));
  CHECK(second.allowed[1].bytes == Bytes(48, 0xAA));
}

TEST_CASE("rim: the match and the shift are those of the user") {
  DeviceMatch match;
  match.vendor = std::uint16_t{0x10DE};
  const std::string text = document(entry(4, 'a'));
  CHECK(rim::read_rim(as_bytes(text), match, 0, nullptr).devices.at(0).match == match);
  CHECK(read(text, 0).devices.at(0).measurements.at(0).index == 4);
  CHECK(read(text, 2).devices.at(0).measurements.at(0).index == 6);
  refuse(document(entry(0, 'a')), "would be block 0", 0);
  CHECK(read(document(entry(253, 'a'))).devices.at(0).measurements.at(0).index == 254);
  refuse(document(entry(254, 'a')), "would be block 255; blocks of SPDM are 1 to 254 (the shift is 1: --index-shift)");
  refuse(document(entry("4294967295", cat("h:Hash0=\"", digest('0'), "\""))), "would be block 4294967296");
}

TEST_CASE("rim: digests of several algorithms stand apart") {
  const std::string both = cat("h:Hash0=\"", digest('1'), "\" k:Hash0=\"", digest('2', 32), "\"");
  const rim::Rim out = read(document(entry("1", both, "True", "1", "") + entry(2, 'c')));
  REQUIRE(out.devices.size() == 2);
  CHECK(out.devices[0].measurements.size() == 2);
  CHECK(out.devices[1].measurements.size() == 1);
  CHECK(out.devices[1].measurements[0].allowed[0].hash == find_hash("SHA-256"));
  const std::string yaml = write_references(out.devices, "test");
  References again;
  add_references(again, "out.yaml", yaml);
  REQUIRE(again.devices.size() == 2);
  CHECK(again.devices[1].measurements[0].allowed[0].hash == find_hash("SHA-256"));
}

TEST_CASE("rim: what is not compared is told") {
  const std::string unknown = cat("xmlns:x=\"urn:sm3\" x:Hash0=\"", digest('1', 32), "\"");
  const rim::Rim out = read(document(entry("1", unknown, "True", "1", "") + entry(2, 'c') + "<Resource type=\"Other\"></Resource>"));
  REQUIRE(out.notes.size() == 3);
  CHECK(out.notes[0] == "index 1: has no digest that can be compared");
  CHECK(out.notes[1] == "1 element of the payload that is not a measurement");
  CHECK(out.notes[2] == "digests in the namespace 'urn:sm3': the algorithm is not known here");
  CHECK(out.devices.at(0).measurements.size() == 1);
}

TEST_CASE("rim: entries that contradict themselves") {
  const std::string one = cat("h:Hash0=\"", digest('1'), "\"");
  refuse(document(entry(3, 'a') + entry(3, 'a')), "index 3 is there twice");
  refuse(document(entry(3, 'a') + entry("3", one, "False")), "index 3 is there twice");
  refuse(document(entry("3", one, "Maybe")), "active is 'Maybe'");
  refuse(document(cat("<Resource type=\"Measurement\" index=\"3\" ", one, "/>")), "does not say whether it is active");
  refuse(document(cat("<Resource type=\"Measurement\" active=\"True\" ", one, "/>")), "has no index");
  for (const char* index : {"x", "-1", "", "1 ", "0x1", "99999999999"}) refuse(document(entry(index, one)), "and no number");
  refuse(document(entry("3", one, "True", "2")), "has 1 digests of SHA-384, and says that there are 2 alternatives");
  refuse(document(entry("3", one, "True", "0")), "says that there are 0 alternatives");
  refuse(document(entry("3", cat("h:Hash1=\"", digest('1'), "\""))), "has no Hash0");
  refuse(document(entry("3", cat(one, " h:Hash2=\"", digest('1'), "\""), "True", "2")), "has no Hash1");
  refuse(document(entry("3", cat(one, " h:Hash00=\"", digest('2'), "\""), "True", "2")), "has no Hash1");
  refuse(document(entry("3", "h:Hash0=\"11\"")), "a digest of SHA-384 has 96 hex digits");
  refuse(document(entry("3", cat("h:Hash0=\"", digest('1', 32), "\""))), "a digest of SHA-384 has 96 hex digits");
  refuse(document(entry("3", cat("h:Hash0=\"", digest('g'), "\""))), "is not of hex digits");
  refuse(document(entry("3", one, "True", "1", " size=\"32\"")), "has the size 32");
  refuse(document(entry("3", "Hash0=\"" + digest('1') + "\"")), "has no digest");
  refuse(document(entry("3", one, "False")), "none of its 1 measurements is active");
  refuse(document(""), "has no measurement");
}

TEST_CASE("rim: documents that are none") {
  refuse("<a/>", "its root is a in the namespace ''");
  refuse("<SoftwareIdentity/>", "in the namespace ''");
  refuse(cat(kOpen, kEnd), "it has no Payload");
  refuse(cat(kOpen, "<Payload>", entry(1, 'a'), "</Payload><Payload></Payload>", kEnd), "more than one Payload");
  // What stands elsewhere than in the payload is none of it.
  refuse(cat(kOpen, "<Evidence>", entry(1, 'a'), "</Evidence><Payload></Payload>", kEnd), "has no measurement");
  refuse("", "is empty");
  refuse(" \n", "is empty");
  refuse("hello", "is not valid XML: line 1: ");
  refuse("{\"rim\": \"\"}", "is JSON");
  refuse("\xD9\x01\xF5\xA0", "is CBOR");
  refuse("<a>", "is not valid XML");
  refuse("<a></b>", "is not valid XML");
  refuse(document(entry(1, 'a')) + "<more/>", "is not valid XML");
  refuse(document(entry("1", cat("h:Hash0=\"", digest('1'), "\" h:Hash0=\"", digest('1'), "\""))), "is not valid XML");
  refuse(document(entry("1", cat("unbound:Hash0=\"", digest('1'), "\""))), "is not valid XML");
}

TEST_CASE("rim: nothing is declared, loaded or expanded") {
  const std::string body = document(entry(1, 'a'));
  for (const char* doctype :
       {"<!DOCTYPE a>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\">", "<!DOCTYPE a PUBLIC \"x\" \"http://192.0.2.1/\">",
        "<!DOCTYPE a [<!ENTITY b \"c\">]>", "<!DOCTYPE a [<!ENTITY % b SYSTEM \"file:///etc/passwd\"> %b;]>",
        "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;\">]>"})
    refuse(doctype + body, "has a document type declaration");
  // It is refused where it begins: what is in it is not read, and so no fault of it is found.
  refuse("<!DOCTYPE a [ nothing of this is a declaration ]>" + body, "has a document type declaration");
  refuse("<a>&b;</a>", "is not valid XML");
  refuse("<a b=\"&c;\"/>", "is not valid XML");
  // Not understood, and so an element like any other.
  const rim::Rim out = read(cat(kOpen, "<Payload>", entry(1, 'a'),
                                "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"/etc/passwd\"/></Payload>", kEnd));
  CHECK(out.devices.at(0).measurements.size() == 1);
}

TEST_CASE("rim: UTF-8 and nothing else") {
  const std::string body = document(entry(1, 'a'));
  for (const char* head :
       {"<?xml version=\"1.0\"?>", "<?xml version='1.0' encoding='utf-8'?>", "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>",
        "<?xml version=\"1.0\" encoding=\"US-ASCII\" standalone=\"yes\"?>"})
    CHECK(read(head + body).devices.size() == 1);
  for (const char* name : {"ISO-8859-1", "UTF-16", "UTF-7", "EBCDIC-CP-US", ""})
    refuse(cat("<?xml version=\"1.0\" encoding=\"", name, "\"?>", body), "is in the encoding");
  refuse(std::string("<\0a\0/\0>\0", 8), "bytes that are zero");
  refuse("<a>\xFF</a>", "is not valid XML");
}

TEST_CASE("rim: large documents are refused before they are parsed") {
  std::string many;
  for (unsigned i = 0; i < 6000; ++i) many += "<Resource/>";
  CHECK(rim::kMaxTags == 10'000);
  CHECK(read(document(entry(1, 'a') + many)).notes.size() == 1);
  refuse(document(entry(1, 'a') + many + many), "has more than 10000 tags");
  std::string spaces, attributes;
  for (std::size_t i = 0; i <= rim::kMaxNamespaces; ++i) spaces += cat(" xmlns:a", i, "=\"u\"");
  for (std::size_t i = 0; i <= rim::kMaxAttributes; ++i) attributes += cat(" a", i, "=\"\"");
  refuse(cat("<a", spaces, "/>"), "declares more than 512 namespaces");
  refuse(cat("<a", attributes, "/>"), "has an element with more than 1100 attributes");
  std::string deep, end;
  for (unsigned i = 0; i < rim::kMaxDepth; ++i) {
    deep += "<a>";
    end += "</a>";
  }
  expect_error(ErrorId::bad_input, "its root is a", [&] { read(deep + end); });
  refuse("<a>" + deep + end + "</a>", "has more than 32 nested elements");
  for (unsigned i = 0; i < 12; ++i) {
    deep += deep.substr(0, 900);
    end += end.substr(0, 1200);
  }
  refuse(deep + end, "is not valid XML");
  CHECK(limit_of(FileKind::rim) == 4 * kMiB);
}
