// The devices that must be shown, and those that were.
#include "core/fleet/expected_devices.h"

#include <doctest/doctest.h>

#include "core/fleet/shown.h"

using namespace spdm;
using fleet::digest_of;
using fleet::report_of;

namespace {

std::vector<ExpectedDevice> read(const std::string& devices) {
  return read_expected_devices("list.yaml", "version: 1\ndevices:\n" + devices);
}

std::string failure(const std::string& contents) {
  try {
    read_expected_devices("list.yaml", contents);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

struct Roll {
  explicit Roll(const std::string& devices) : call(read(devices)) {}
  // Whether the device is on the list.
  bool meet(const Report& report) { return !call.meet(report, shown_device(report)); }
  std::string absent() const {
    std::string out;
    for (const Report& report : call.absent()) {
      CHECK(report.verdict == Verdict::fail);
      CHECK(report.exit == Exit::policy);
      out += report.source + " ";
    }
    return out;
  }
  RollCall call;
};

Report device(char key, const std::string& host = "one") {
  return report_of("file", key, host, "2026-11-23T12:00:00Z", static_cast<std::uint8_t>(key));
}

}  // namespace

TEST_CASE("expected devices: a list is read strictly") {
  const std::vector<ExpectedDevice> devices = read("  - {name: disk, host: node7, leaf-key: \"" + std::string(64, 'A') +
                                                   "\"}\n"
                                                   "  - {certificate-identity: 'Vendor=1b36:*', device-info: '*:Disk:*', root: " +
                                                   digest_of('b') +
                                                   "}\n"
                                                   "  - pin: 0000-03-00.0\n");
  REQUIRE(devices.size() == 3);
  CHECK(devices[0].name == "disk");
  CHECK(devices[0].host == "node7");
  CHECK(devices[0].leaf_key == digest_of('a'));
  CHECK(devices[1].name == "list.yaml:4");
  CHECK(devices[1].root == digest_of('b'));
  CHECK(devices[2].pin == "0000-03-00.0");
  const auto entry = [](const std::string& one) { return failure("version: 1\ndevices:\n  - " + one + "\n"); };
  CHECK(entry("{name: disk, host: node7}").find("says of no device what it must prove") != std::string::npos);
  CHECK(entry("{leaf-key: 12ab}").find("is not a SHA-256 fingerprint") != std::string::npos);
  CHECK(entry("{pin: pins/x.yaml}").find("invalid file name") != std::string::npos);
  CHECK(entry("{bdf: '0000:03:00.0'}").find("unknown key 'bdf'") != std::string::npos);
  CHECK(entry("{device-info: ''}").find("is empty") != std::string::npos);
  CHECK(failure("version: 2\ndevices: []\n") != "");
  CHECK(failure("version: 1\n") != "");
  CHECK(entry("{name: x, pin: a}\n  - {name: x, pin: b}").find("another device has the name 'x'") != std::string::npos);
  const std::string key = "leaf-key: " + digest_of('a');
  CHECK(entry("{" + key + "}\n  - {" + key + ", host: two}").find("has the leaf-key of another device") != std::string::npos);
  CHECK(entry("{" + key + ", host: Two}\n  - {" + key + ", host: two}").find("has the leaf-key of another device") != std::string::npos);
  CHECK(entry("{" + key + ", host: one}\n  - {" + key + ", host: two}") == "");
}

TEST_CASE("expected devices: missing and surplus") {
  Roll roll("  - {name: a, leaf-key: " + digest_of('a') + "}\n  - {name: b, leaf-key: " + digest_of('b') + "}\n");
  CHECK(roll.meet(device('a')));
  CHECK(roll.meet(device('a')));  // another function of it, or another day
  CHECK(roll.absent() == "b ");
  const Report stranger = device('c');
  const std::optional<Finding> finding = roll.call.meet(stranger, shown_device(stranger));
  REQUIRE(finding);
  CHECK(finding->id == FindingId::device_surplus);
  CHECK(finding->why.find(digest_of('c')) != std::string::npos);
  CHECK(roll.absent() == "b ");
  CHECK(roll.meet(device('b')));
  CHECK(roll.absent() == "");
}

TEST_CASE("expected devices: only what passes meets an entry, and only what is proven counts") {
  Roll roll("  - {name: a, leaf-key: " + digest_of('a') + "}\n");
  Report failing = device('a');
  failing.verdict = Verdict::fail;
  CHECK(roll.meet(failing));  // it fails already
  Report undetermined = device('a');
  undetermined.verdict = Verdict::undetermined;
  CHECK(roll.meet(undetermined));
  Report exempt = device('x');
  exempt.policy.emplace().exempt = true;
  CHECK(roll.meet(exempt));
  CHECK(roll.absent() == "a ");
  Report unproven = device('a');
  unproven.signatures.front().result = SignatureResult::not_checked;
  CHECK(!roll.meet(unproven));
  CHECK(roll.absent() == "a ");
}

TEST_CASE("expected devices: each key fits what it is about") {
  const auto meets = [](const std::string& entry, const Report& report) { return Roll("  - {" + entry + "}\n").meet(report); };
  Report report = device('a');
  ChainResult& chain = *report.slots.front().chain;
  chain.root_fingerprint = digest_of('e');
  chain.anchor.emplace().sha256 = digest_of('f');
  chain.pin = PinInfo{"/etc/keyring.d/pins/disk.yaml:4", PinKind::leaf_key, digest_of('a'), false, {}, false};
  CHECK(meets("certificate-identity: 'Vendor=1b36:*:a'", report));
  CHECK(!meets("certificate-identity: 'Vendor=8086:*'", report));
  CHECK(meets("device-info: 'Example:*'", report));
  CHECK(!meets("device-info: 'Other:*'", report));
  CHECK(meets("root: " + digest_of('e'), report));
  CHECK(meets("root: " + digest_of('f'), report));
  CHECK(!meets("root: " + digest_of('a'), report));
  CHECK(meets("pin: disk", report));
  CHECK(meets("pin: disk.yaml", report));
  CHECK(!meets("pin: dis", report));
  CHECK(meets("host: ONE, device-info: '*'", report));
  CHECK(!meets("host: two, device-info: '*'", report));
  CHECK(!meets("host: one, device-info: '*'", device('a', "")));
  CHECK(!meets("leaf-key: " + digest_of('a') + ", device-info: 'Other:*'", report));
  chain.root_fingerprint = "RootHash " + digest_of('e');
  CHECK(!meets("root: " + digest_of('e'), report));
}

TEST_CASE("expected devices: one device for each entry, and as many as can be are met") {
  Roll alike("  - {name: first, device-info: 'Example:*'}\n  - {name: second, device-info: 'Example:*'}\n");
  CHECK(alike.meet(device('a')));
  CHECK(alike.meet(device('a')));
  CHECK(alike.absent() == "second ");
  CHECK(alike.meet(device('b')));
  CHECK(!alike.meet(device('c')));
  CHECK(alike.absent() == "");
  // The first device takes the entry that fits every one, and makes room for the second.
  for (const bool strict_first : {false, true}) {
    const std::string wide = "  - {name: wide, device-info: 'Example:*'}\n", narrow = "  - {name: narrow, device-info: '*:a'}\n";
    Roll roll(strict_first ? narrow + wide : wide + narrow);
    CHECK(roll.meet(device('a')));
    CHECK(roll.meet(device('b')));
    CHECK(!roll.meet(device('c')));
    CHECK(roll.absent() == "");
  }
  Roll keyed("  - {name: wide, device-info: 'Example:*'}\n  - {name: key, leaf-key: " + digest_of('a') + "}\n");
  CHECK(keyed.meet(device('a')));
  CHECK(keyed.absent() == "wide ");
  CHECK(keyed.meet(device('b')));
  CHECK(keyed.absent() == "");
}

TEST_CASE("expected devices: at a host, and at several") {
  const std::string key = "leaf-key: " + digest_of('a');
  Roll bound("  - {name: a, host: one, " + key + "}\n");
  CHECK(!bound.meet(device('a', "two")));
  CHECK(bound.absent() == "a ");
  CHECK(bound.meet(device('a', "one")));
  CHECK(!bound.meet(device('a', "two")));
  Roll shared("  - {name: at one, host: one, " + key + "}\n  - {name: at two, host: two, " + key + "}\n");
  CHECK(shared.meet(device('a', "one")));
  CHECK(shared.absent() == "at two ");
  CHECK(shared.meet(device('a', "two")));
  CHECK(shared.absent() == "");
  Roll anywhere("  - {name: a, device-info: '*:a'}\n");
  CHECK(anywhere.meet(device('a', "one")));
  CHECK(anywhere.meet(device('a', "two")));
  // A device that several hosts show keeps its place.
  Roll fixed("  - {name: wide, device-info: '*'}\n  - {name: narrow, device-info: '*:a', host: one}\n");
  CHECK(fixed.meet(device('a', "one")));
  CHECK(fixed.meet(device('a', "two")));
  CHECK(!fixed.meet(device('b', "two")));
  CHECK(fixed.meet(device('a', "two")));
}
