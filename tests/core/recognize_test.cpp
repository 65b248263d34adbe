// Files of another kind than somebody wants to read.
#include "core/recognize.h"

#include <doctest/doctest.h>

using namespace spdm;

namespace {

std::string why(std::string_view contents, FileKind wanted) {
  const std::optional<Error> error = wrong_kind(as_bytes(contents), wanted);
  if (!error) return {};
  CHECK(error->id == ErrorId::bad_input);
  CHECK_FALSE(error->hint.empty());
  return error->what();
}

constexpr std::string_view kEfiTime("\xda\x07\x03\x06\x13\x11\x15\0\0\0\0\0\0\0\0\0\xf6\x0c\0\0\0\x02\xf1\x0e", 24);
constexpr std::string_view kEfiGuid("\x9d\xd2\xaf\x4a\xdf\x68\xee\x49\x8a\xa9\x34\x7d\x37\x56\x65\xa7", 16);

}  // namespace

TEST_CASE("recognize: what a file is, where another kind is wanted") {
  using enum FileKind;
  struct Case {
    std::string contents;
    FileKind wanted;
    std::string_view why;
  };
  const Case cases[] = {
      {R"(<SoftwareIdentity xmlns="x">)", corim, "is a TCG RIM (a SWID tag, in XML); expected: CoRIM file"},
      {"\xEF\xBB\xBF<?xml version=\"1.0\"?>\n<n:SoftwareIdentity>", references,
       "is a TCG RIM (a SWID tag, in XML); expected: file of reference values"},
      {"<?xml version=\"1.0\"?><a/>", policy, "is XML; expected: policy file"},
      {"<html>", evidence, "is XML; expected: evidence file"},
      {std::string("\xd4\xc3\xb2\xa1\2\0\4\0", 8), report, "is a capture of traffic (pcap); expected: earlier report"},
      {"\x1f\x8b\x08", report, "is a compressed file; expected: earlier report"},
      {"\x28\xb5\x2f\xfd", certificates, "is a compressed file; expected: certificate file"},
      {"\x1f\x8b\x08", evidence, ""},
      {R"({"schema":"spdmctl.evidence/1")", references, "is evidence of spdmctl; expected: file of reference values"},
      {R"({ "schema": "spdmctl.report/2")", evidence, "is a report of spdmctl; expected: evidence file"},
      {R"([{"evidence":"","certificate":""}])", report, "is evidence that others have saved; expected: earlier report"},
      {"\xd9\x01\xf5\xd2\x84", references, "is a CoRIM; expected: file of reference values"},
      {"\xd9\x01\xf6\xa1", evidence, "is a CoRIM; expected: evidence file"},
      {"-----BEGIN CERTIFICATE-----\nMII", policy, "is a PEM file of certificates; expected: policy file"},
      {"\n-----BEGIN CERTIFICATE-----\nMII", evidence, "is a PEM file of certificates; expected: evidence file"},
      {R"({"schema":"spdmctl.session-secrets/1"})", evidence, "is a file of session secrets; expected: evidence file"},
      {R"({"schema":"spdmctl.evidence/1"})", session_secrets, "is evidence of spdmctl; expected: file of session secrets"},
      {"-----BEGIN X509 CRL-----\nMII", corim, "is a revocation list in PEM; expected: CoRIM file"},
      {"-----BEGIN PUBLIC KEY-----\nMII", references, "is a key in PEM; expected: file of reference values"},
      {"-----BEGIN EC PRIVATE KEY-----\nMII", evidence, "is a key in PEM; expected: evidence file"},
      {std::string(kEfiTime) + std::string(kEfiGuid), root_list,
       "is a signed update of a variable of the firmware (EFI_VARIABLE_AUTHENTICATION_2); expected: list of roots"},
      {"version: 1\nrules:\n  - {}\n", references, "is a policy; expected: file of reference values"},
      {"version: 1\ndevices:\n  - match: {}\n    measurements: []\n", policy, "is a file of reference values; expected: policy file"},
      {"slots:\n  - {}\nmeasurements: []\n", expected_devices, "is the profile of an emulated device; expected: list of expected devices"},
      {R"({"schema":"spdmctl.summary/2")", evidence, "is a summary of spdmctl report; expected: evidence file"},
      {"{\n  \"schema\" : \"spdmctl.list/2\"", evidence, "is a document of spdmctl for other programs; expected: evidence file"},
      {std::string("\x30\x82\x02\x10\x30\x82\x01\x97\xA0\x03\x02\x01\x02\x02", 14), evidence,
       "is a certificate (DER); expected: evidence file"},
      {std::string("\x30\x10\x30\x0E\xA0\x03\x02\x01\x02\x02", 10), policy, "is a certificate (DER); expected: policy file"},
      {"version: 1\ncases: []\n", policy, "is a file of policy cases; expected: policy file"},
      {"version: 1\npins:\n  - {}\n", evidence, "is a list of pins or denials of a keyring; expected: evidence file"},
      {"deny:\n  - {}\n", references, "is a list of pins or denials of a keyring; expected: file of reference values"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.contents);
    CHECK(why(c.contents, c.wanted) == c.why);
  }
}

TEST_CASE("recognize: what is wanted, or nothing that is known, is left to its reader") {
  using enum FileKind;
  CHECK(why("", policy).empty());
  CHECK(why("version: 1\nrules: []\n", policy).empty());
  CHECK(why("version: 1\ndevices: []\n", references).empty());
  CHECK(why("version: 1\ndevices:\n  - {leaf-key: x}\n", expected_devices).empty());
  CHECK(why("# rules: none\nversion: 1\n", references).empty());  // no key of the file
  CHECK(why("\xd9\x01\xf5", corim).empty());
  CHECK(why("\xd2\x84", corim).empty());
  CHECK(why("-----BEGIN CERTIFICATE-----\n", certificates).empty());
  CHECK(why("-----BEGIN CERTIFICATE-----\n", root_list).empty());
  CHECK(why("-----BEGIN PUBLIC KEY-----\n", key).empty());
  CHECK(why(R"({"schema":"spdmctl.evidence/2")", evidence).empty());
  CHECK(why(R"({"schema":"spdmctl.report/2")", report).empty());
  CHECK(why(R"({"schema":"spdmctl.evidence/2")", report).empty());  // which names the line, and reads on
  CHECK(why(R"({"schema":"spdmctl.summary/2")", report).empty());   // likewise
  CHECK(why(R"({"a":{"schema":"spdmctl.list/2")", evidence).empty());
  CHECK(why(std::string("\x30\x82\x02\x10\x30\x82\x01\x97\xA0\x03\x02\x01\x02", 13), certificates).empty());
  CHECK(why(std::string("\x30\x82\x02\x10\x30\x82\x01\x97\x02\x01", 10), policy).empty());  // of another structure
  CHECK(why("\x30", policy).empty());
  CHECK(why("\x30\x84\1\1\1\1\x30", policy).empty());
  CHECK(why("deny: []\n", keyring_entry).empty());
  CHECK(why("< 5", policy).empty());
  CHECK(why(std::string(20, '\0'), root_list).empty());
  CHECK(why(kEfiTime, root_list).empty());
}

TEST_CASE("recognize: a file that is read piece by piece is looked at once, at its beginning") {
  std::vector<std::string> pieces{"{\"schema\": \"spdmctl.report/2\"", "<?xml ?>", ""};
  const auto source = [&, next = std::size_t{0}](std::span<char> room) mutable {
    const std::string& piece = pieces.at(next++);
    std::copy(piece.begin(), piece.end(), room.begin());
    return piece.size();
  };
  std::array<char, 64> room{};
  const Pieces good = of_kind(source, FileKind::report);
  CHECK(good(room) == pieces[0].size());
  CHECK(good(room) == pieces[1].size());
  CHECK(good(room) == 0);
  std::swap(pieces[0], pieces[1]);
  const Pieces wrong = of_kind(source, FileKind::report);
  CHECK_THROWS_AS(wrong(room), Error);
}
