#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/text.h"
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
  CHECK(spdm::to_bytes(keyring.entries()[0].der()) == pki::sample().root.der);
  CHECK(keyring.entries()[0].anchor);
  CHECK(keyring.entries()[0].file == (directory.path() / "a.der").string());
  CHECK(keyring.entries()[1].info().subject == "CN=sample intermediate");
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
  CHECK(spdm::to_bytes(keyring.entries()[0].der()) == pki::sample().intermediate.der);
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

TEST_CASE("keyring: endings in capitals") {
  const TemporaryDirectory directory;
  directory.write("VENDOR.PEM", root_pem());
  directory.write("VENDOR.YAML", "version: 1\n");
  directory.write("R2.CRL", text(pki::issue_crl({}, pki::sample().root)));
  directory.write("Deny.Yaml", "version: 1\ndeny: []\n");
  const Keyring keyring = read(directory);
  CHECK(keyring.entries().size() == 1);
  CHECK(keyring.entries().at(0).scopes.size() == 1);
  CHECK(keyring.crls().size() == 1);
  CHECK(keyring.problems().empty());
}

TEST_CASE("keyring: a folder that nobody reads is told, and is fatal where it would narrow trust") {
  struct Case {
    const char *file, *contents;
    bool fatal;
  };
  const std::string list = text(pki::issue_crl({}, pki::sample().root)), listed = pki::crl_pem(pki::issue_crl({}, pki::sample().root));
  const std::string pins = "version: 1\npins: []\n", deny = "version: 1\ndeny: []\n", root = root_pem();
  for (const Case& one :
       {Case{"pin/x.yaml", pins.c_str(), true}, Case{"Pins/x.yaml", "x", true}, Case{"crls/r2.crl", "x", true},
        Case{"crls/2026/r2.pem", listed.c_str(), true}, Case{"denied/list", deny.c_str(), true},
        Case{"pins/host/x.yaml", pins.c_str(), true}, Case{"anchors/more/deny.yaml", deny.c_str(), true},
        Case{"scopes/vendor.yaml", "version: 1\n", true}, Case{"anchor/x.pem", "", false}, Case{"Anchors/x.crt", root.c_str(), false}}) {
    const TemporaryDirectory directory;
    directory.write("vendor.pem", root_pem());
    directory.write(one.file, one.contents);
    const Keyring keyring = read(directory);
    CAPTURE(one.file);
    REQUIRE(keyring.problems().size() == 1);
    CHECK(contains(keyring.problems()[0].why, "is not read"));
    CHECK(keyring.problems()[0].fatal == one.fatal);
    CHECK(contains(keyring.problems()[0].why, "would narrow trust") == one.fatal);
  }
  const TemporaryDirectory directory;
  directory.write("doc/README", root_pem());
  directory.write("doc/notes.txt", "deny nobody");
  directory.write("lost+found/x", "");
  directory.write("..data/x.crl", list);
  directory.write("old.bak/x.crl", list);
  CHECK(read(directory).problems().empty());
}

TEST_CASE("keyring: a name with a slip is told by what the file holds, and is fatal where that narrows trust") {
  struct Case {
    std::string file, contents, why;
    bool fatal;
  };
  const Bytes list = pki::issue_crl({}, pki::sample().root);
  const std::string deny = "version: 1\ndeny: []\n", pins = "version: 1\npins: []\n", scope = "version: 1\nmodels: [DeviceCert]\n";
  const std::string key(64, '1');
  for (const Case& one : std::vector<Case>{
           {"vendor.crl.pem", pki::crl_pem(list), "put it into a file NAME.crl", true},
           {"vendor.crl.pem", "broken", "no certificate in it", true},
           {"vendor.crl.pem", "", "is empty", true},
           {"vendor.clr", text(list), "name it NAME.crl", true},
           {"vendor.crl.1", pki::crl_pem(list), "name it NAME.crl", true},
           {"vendor.crl.1", "broken", "a revocation list is NAME.crl", true},
           {"list", pki::crl_pem(list), "name it NAME.crl", true},
           {"pins/list.crl", pki::crl_pem(list), "name it NAME.crl", true},
           {"deny.json", "{\"version\": 1, \"deny\": []}", "name it deny.yaml", true},
           {"deny.yaml.txt", deny, "name it deny.yaml", true},
           {"deny.yam", "broken", "a deny list is deny.yaml", true},
           {"denylist.yaml", deny, "name it deny.yaml", true},
           {"x-deny.yaml", "version: 1\ndeny: [{key: nonsense}]\n", "name it deny.yaml", true},
           {"other.yaml", "nonsense", "there is no certificate file of its name", false},
           {"denied.yaml", "nonsense", "there is no certificate file of its name", true},
           {"vendor_.yaml", "nonsense", "if it is about vendor.pem, name it vendor.yaml", true},
           {"pin.yaml", pins, "put it into the sub-directory pins", true},
           {"pins/x.json", pins, "put it into the sub-directory pins", true},
           {"pins/vendor.pem", root_pem(), "put it beside the others", false},
           {"vendor.yaml2", scope, "holds a scope", true},
           {"vendor.cert", root_pem(), "name it NAME.pem", false},
           {"vendor.cert", text(pki::sample().root.der), "name it NAME.pem", false},
           {"Vendor.yaml", scope, "if it is about vendor.pem, name it vendor.yaml", true},
           {"vendor.pem.yaml", scope, "if it is about vendor.pem, name it vendor.yaml", true},
           {"anchors/vendor.yaml", scope, "if it is about vendor.pem, name it vendor.yaml", true},
           {"vendro.yaml", scope, "if it is about vendor.pem, name it vendor.yaml", true},
           {"vendor1.yaml", scope, "there is no certificate file of this name", false},
           {"acme.yaml", scope, "there is no certificate file of this name", false},
       }) {
    const TemporaryDirectory directory;
    directory.write("vendor.pem", root_pem());
    directory.write(one.file, one.contents);
    const Keyring keyring = read(directory);
    CAPTURE(one.file);
    REQUIRE(keyring.problems().size() == 1);
    CHECK(keyring.problems()[0].file == (directory.path() / one.file).string());
    CHECK_MESSAGE(contains(keyring.problems()[0].why, one.why), keyring.problems()[0].why);
    CHECK(contains(keyring.problems()[0].why, "if it is about") == contains(one.why, "if it is about"));
    CHECK(keyring.problems()[0].fatal == one.fatal);
    if (one.fatal)
      CHECK_THROWS_AS(keyring.assert_complete(), spdm::Error);
    else
      keyring.assert_complete();
  }
}

TEST_CASE("keyring: what was put aside, and what is about something else, is no problem") {
  const TemporaryDirectory directory;
  directory.write("vendor.pem", root_pem());
  directory.write("vendor.yaml", "version: 1\n");
  for (const char* name :
       {"deny.yaml.bak", "deny.yaml~", "r1.crl.old", "deny.yaml.dpkg-old", "r1.crl.rpmsave", ".deny.yaml.swp", "README.md"})
    directory.write(name, "version: 1\ndeny: []\n");
  directory.write("Makefile", "all:\n");
  CHECK(read(directory).problems().empty());
}

TEST_CASE("keyring: two scopes for one certificate: neither goes for nothing") {
  const TemporaryDirectory directory;
  directory.write("vendor.pem", root_pem());
  directory.write("vendor.yaml", "version: 1\nvouches-for: [{vendor: \"1af4\"}]\n");
  directory.write("vendor.YAML", "version: 1\n");
  const Keyring keyring = read(directory);
  REQUIRE(keyring.problems().size() == 1);
  CHECK(contains(keyring.problems()[0].why, "join the two"));
  CHECK(keyring.problems()[0].fatal);
}

TEST_CASE("keyring: only its own sub-directory makes anchors") {
  const TemporaryDirectory directory;
  directory.write("anchors/mid.pem", intermediate_pem());
  directory.write("pins/none.yaml", "version: 1\npins: []\n");
  const Keyring whole = read(directory);
  CHECK(whole.entries().at(0).anchor);
  CHECK(whole.entries().at(0).names == std::vector<std::string>{"anchors/mid.pem"});
  Keyring inner;
  inner.add_directory(directory.path() / "anchors");
  CHECK_FALSE(inner.entries().at(0).anchor);
  CHECK(inner.entries().at(0).names == std::vector<std::string>{"mid.pem"});
  Keyring named;
  named.add_file(directory.path() / "anchors/mid.pem");
  CHECK_FALSE(named.entries().at(0).anchor);
  CHECK(named.entries().at(0).names == std::vector<std::string>{"mid.pem"});
}

TEST_CASE("keyring: what others may write does not count") {
  const auto problem = [](const std::string& open, mode_t mode, const spdm::Guard& guard = {}) {
    const TemporaryDirectory directory;
    directory.write("vendor.pem", root_pem());
    directory.write("anchors/mid.pem", intermediate_pem());
    directory.write("deny.yaml", "version: 1\ndeny: []\n");
    directory.write("vendor.yaml", "version: 1\n");
    REQUIRE(::chmod((directory.path() / open).c_str(), mode) == 0);
    Keyring keyring;
    spdm::Guard own = guard;
    own.root = directory.path();
    keyring.add_directory(directory.path(), own);
    if (keyring.problems().empty()) return std::string();
    CHECK(keyring.problems().size() == 1);
    CHECK(contains(keyring.problems()[0].why, "can write it"));
    return spdm::cat(keyring.problems()[0].fatal ? "fatal" : "told", " ", keyring.entries().size());
  };
  CHECK(problem("", 0777) == "fatal 0");
  CHECK(problem("anchors", 0777) == "fatal 1");
  CHECK(problem("vendor.pem", 0666) == "told 1");
  CHECK(problem("deny.yaml", 0666) == "fatal 2");
  CHECK(problem("vendor.yaml", 0666) == "told 2");  // and its certificate vouches for nothing
  CHECK(problem("vendor.pem", 0664).empty());
  if (::geteuid() == 0) CHECK(problem("vendor.pem", 0664, {.against = spdm::Guard::Against::all_but_root}) == "told 1");
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
  directory.write("6-huge.pem", root_pem() + std::string(spdm::limit_of(spdm::FileKind::certificates), '\n'));
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
