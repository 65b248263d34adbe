#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/error.h"
#include "validated.h"

using namespace test;
using spdm::certstore::Keyring;
using support::TemporaryDirectory;

namespace {

std::string text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }
std::string root_pem() { return pki::pem(pki::sample().root.der); }
std::string intermediate_pem() { return pki::pem(pki::sample().intermediate.der); }

Keyring read(const TemporaryDirectory& directory) {
  Keyring out;
  out.add_directory(directory.path());
  return out;
}

std::string refusal(std::string_view content) {
  try {
    spdm::certstore::read_certificates({reinterpret_cast<const std::uint8_t*>(content.data()), content.size()}, "file");
  } catch (const spdm::Error& error) {
    CHECK(error.id == spdm::ErrorId::bad_input);
    CHECK(std::string_view(error.what()).starts_with("file"));
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("keyring: PEM and DER by their names, in order") {
  const TemporaryDirectory directory;
  directory.write("b.crt", "some words before\n" + intermediate_pem() + "and between\n" + pki::pem(pki::sample().leaf.der));
  directory.write("a.der", text(pki::sample().root.der));
  directory.write("README", root_pem());
  directory.write("x.pem.bak", root_pem());
  directory.write(".hidden.pem", "junk");
  const Keyring keyring = read(directory);
  CHECK(keyring.problems().empty());
  REQUIRE(keyring.entries().size() == 3);
  CHECK(keyring.entries()[0].info.der == pki::sample().root.der);
  CHECK(keyring.entries()[0].anchor);
  CHECK(keyring.entries()[0].file == (directory.path() / "a.der").string());
  CHECK(keyring.entries()[1].info.subject == "CN=sample intermediate");
  CHECK_FALSE(keyring.entries()[1].anchor);
  CHECK_FALSE(keyring.entries()[2].anchor);
}

TEST_CASE("keyring: a directory that does not exist is no problem, one that is a file is") {
  const TemporaryDirectory directory;
  Keyring keyring;
  keyring.add_directory(directory.path() / "nothing");
  CHECK(keyring.empty());
  CHECK(keyring.problems().empty());
  keyring.add_directory(directory.write("file", "x"));
  CHECK(keyring.problems().size() >= 1);
}

TEST_CASE("keyring: earlier layers hide and mask later ones") {
  const TemporaryDirectory etc, vendor;
  vendor.write("hidden.pem", root_pem());
  vendor.write("masked.pem", root_pem());
  vendor.write("empty.pem", root_pem());
  vendor.write("broken.pem", root_pem());
  vendor.write("anchors/masked.pem", root_pem());
  etc.write("hidden.pem", intermediate_pem());
  std::filesystem::create_symlink("/dev/null", etc.path() / "masked.pem");
  std::filesystem::create_directories(etc.path() / "anchors");
  std::filesystem::create_symlink("/dev/null", etc.path() / "anchors/masked.pem");
  etc.write("empty.pem", "");
  etc.write("broken.pem", "nothing useful");
  Keyring keyring = read(etc);
  keyring.add_directory(vendor.path());
  REQUIRE(keyring.entries().size() == 1);
  CHECK(keyring.entries()[0].info.der == pki::sample().intermediate.der);
  CHECK(keyring.problems().size() == 1);

  Keyring lone = read(vendor);  // and without the mask
  CHECK(lone.entries().size() == 1);
  CHECK(lone.entries()[0].anchor);
  CHECK(lone.problems().size() == 4);  // the same certificate, five times
}

TEST_CASE("keyring: a file under a wrong name that may narrow trust lets nobody be trusted") {
  const auto refusal = [](const std::string& name, const std::string& contents) {
    const TemporaryDirectory directory;
    directory.write("vendor.pem", root_pem());
    directory.write(name, contents);
    const Keyring keyring = read(directory);
    REQUIRE(keyring.problems().size() == 1);
    CHECK(keyring.problems()[0].file == (directory.path() / name).string());
    CHECK(keyring.problems()[0].fatal);
    CHECK_THROWS_AS(keyring.assert_complete(), spdm::Error);
    return keyring.problems()[0].why;
  };
  const Bytes list = pki::issue_crl({}, pki::sample().root);
  const std::string inside = "holds a revocation list; put it into a file NAME.crl";
  CHECK(refusal("r2-crl.pem", pki::crl_pem(list)) == inside);
  CHECK(refusal("both.pem", root_pem() + pki::crl_pem(list)) == inside);
  CHECK(refusal("anchors/r2.der", text(list)) == inside);
  for (const char* name : {"deny.yml", "vendor.yml", "pins/x.yml", "X.YML"}) CHECK(refusal(name, "") == "is not read: name it .yaml");
  for (const char* name : {"vendor.yaml", "deny.yaml", "x.deny.yaml", "R2.CRL", "pins/x.yaml", "pins/X.YAML"})
    CHECK(refusal(name, "") == "is empty; to mask the name, link it to /dev/null");
}

TEST_CASE("keyring: endings in capitals, and folders that nobody reads") {
  const TemporaryDirectory directory;
  directory.write("VENDOR.PEM", root_pem());
  directory.write("VENDOR.YAML", "version: 1\n");
  directory.write("R2.CRL", text(pki::issue_crl({}, pki::sample().root)));
  directory.write("crls/r2.crl", "x");
  directory.write("Pins/x.yaml", "x");
  directory.write("doc/README", "x");
  const Keyring keyring = read(directory);
  CHECK(keyring.entries().size() == 1);
  CHECK(keyring.entries().at(0).scopes.size() == 1);
  CHECK(keyring.crls().size() == 1);
  const std::vector<spdm::certstore::Problem> problems = keyring.problems();
  REQUIRE(problems.size() == 2);
  CHECK(problems[0].file.ends_with("/Pins"));
  CHECK(problems[1].file.ends_with("/crls"));
  CHECK(contains(problems[1].why, "is not read"));
  keyring.assert_complete();
}

TEST_CASE("keyring: a directory that is a link to nowhere is not one that is not there") {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink("gone", directory.path() / "keyring.d");
  std::filesystem::create_symlink("gone", directory.path() / "pins");
  Keyring keyring = read(directory);
  REQUIRE(keyring.problems().size() == 1);
  CHECK(keyring.problems()[0].file.ends_with("/pins"));
  CHECK_THROWS_AS(keyring.assert_complete(), spdm::Error);
  Keyring other;
  other.add_directory(directory.path() / "keyring.d");
  CHECK_THROWS_AS(other.assert_complete(), spdm::Error);
}

TEST_CASE("keyring: files that cannot be used are named, and widen nothing") {
  const TemporaryDirectory directory;
  Bytes trailing = pki::sample().root.der;
  trailing.push_back(0);
  directory.write("1-trailing.der", text(trailing));
  directory.write("2-trailing.pem", pki::pem(trailing));
  directory.write("3-none.pem", "just words\n");
  directory.write("4-key.pem", root_pem() + pki::sample().root.key.pem());
  directory.write("5-half.pem", root_pem() + intermediate_pem().substr(0, 200));
  directory.write("6-huge.pem", root_pem() + std::string(1U << 20, '\n'));
  std::filesystem::create_symlink("missing", directory.path() / "7-dangling.pem");
  std::filesystem::create_directories(directory.path() / "8-folder.pem");
  REQUIRE(mkfifo((directory.path() / "9-pipe.pem").c_str(), 0600) == 0);
  const Keyring keyring = read(directory);
  CHECK(keyring.empty());
  REQUIRE(keyring.problems().size() == 9);
  const std::string_view why[] = {"1 bytes follow", "1 bytes follow", "no certificate",     "private key",       "PEM block 2",
                                  "larger than",    "leads nowhere",  "not a regular file", "not a regular file"};
  for (std::size_t i = 0; i < 9; ++i) {
    CAPTURE(keyring.problems()[i].why);
    CHECK(contains(keyring.problems()[i].file, spdm::cat("/", i + 1, "-")));
    CHECK(contains(keyring.problems()[i].why, why[i]));
  }
}

TEST_CASE("keyring: links to files are followed") {
  const TemporaryDirectory directory, elsewhere;
  std::filesystem::create_symlink(elsewhere.write("vendor", root_pem()), directory.path() / "vendor.pem");
  CHECK(read(directory).entries().size() == 1);
}

TEST_CASE("keyring: the anchors folder") {
  const TemporaryDirectory directory;
  directory.write("anchors/vendor.pem", intermediate_pem());
  directory.write("copy.pem", intermediate_pem());
  const Keyring keyring = read(directory);
  REQUIRE(keyring.entries().size() == 1);
  CHECK(keyring.entries()[0].anchor);
  REQUIRE(keyring.problems().size() == 1);
  CHECK(contains(keyring.problems()[0].why, "copy.pem"));
}

TEST_CASE("keyring: a file that the user names has to be good") {
  const TemporaryDirectory directory;
  Keyring keyring;
  keyring.add_file(directory.write("any name", root_pem()));
  keyring.add_file(directory.write("again", root_pem()));
  CHECK(keyring.entries().size() == 1);
  CHECK(keyring.problems().empty());
  CHECK_THROWS_AS(keyring.add_file(directory.path() / "missing"), spdm::Error);
  CHECK_THROWS_AS(keyring.add_file(directory.write("empty", "")), spdm::Error);
  CHECK_THROWS_AS(keyring.add_file(directory.path()), spdm::Error);
}

TEST_CASE("keyring: what is no certificate file") {
  CHECK(contains(refusal(""), "empty"));
  CHECK(contains(refusal("0"), "not a certificate"));
  CHECK(contains(refusal(std::string(5000, '\0')), "no certificate"));
  const std::string pem = pki::sample().leaf.key.pem();
  CHECK(contains(refusal(pem), "private key"));
  std::string base64;
  for (const char c : pem.substr(pem.find('\n'), pem.find("-----END") - pem.find('\n')))
    if (c != '\n') base64.push_back(c);
  CHECK(contains(refusal(text(spdm::from_base64(base64, "key"))), "private key"));
  CHECK(contains(refusal("-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n"), "PEM block 1"));
  CHECK(contains(refusal("-----BEGIN CERTIFICATE-----\nMAMBAQA=\n-----END CERTIFICATE-----\n"), "not a certificate"));
  CHECK(contains(refusal("-----BEGIN PUBLIC KEY-----\nMAMBAQA=\n-----END PUBLIC KEY-----\n"), "no certificate"));
}
