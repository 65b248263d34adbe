// Each key of a match, alone: it fits its value, and no other.
#include "core/appraisal/device_match.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace {

using namespace spdm;

DeviceMatch match_of(const std::string& text) { return read_device_match(yaml::parse("m", text)); }

HostView device() {
  HostView out;
  out.target = "emu://127.0.0.1:2323";
  out.bdf = "0000:03:00.0";
  out.identity = parse_pci_identity("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100");
  out.driver = "nvme";
  out.slot = "3";
  out.removable = "removable";
  out.drive = DriveView{.model = "Example SSD 9", .serial = "S1", .firmware = "2.3", .transport = "pcie", .discovery = {}};
  return out;
}

Proven proof() {
  return {.identities = {},
          .identity_texts = {"Vendor=1b36:X"},
          .leaf_keys = {std::string(64, 'a')},
          .roots = {std::string(64, 'b')},
          .device_infos = {"ACME:Card:1"}};
}

const std::string kA(64, 'a'), kB(64, 'b');

}  // namespace

TEST_CASE("device match: each key fits its value and no other") {
  struct Case {
    std::string fits, other;
    bool is_claim = true;  // false: the device proves it
    bool is_endpoint = false;
  };
  for (const Case& c : {
           Case{"{vendor: \"1b36\"}", "{vendor: \"1b37\"}"},
           Case{"{device: \"0010\"}", "{device: \"0011\"}"},
           Case{"{subsystem-vendor: \"1af4\"}", "{subsystem-vendor: \"1af5\"}"},
           Case{"{subsystem: \"1100\"}", "{subsystem: \"1101\"}"},
           Case{"{class: \"01\"}", "{class: \"02\"}"},
           Case{"{class: \"0108\"}", "{class: \"0107\"}"},
           Case{"{class: \"010802\"}", "{class: \"010803\"}"},
           Case{"{bdf: \"0000:03:*\"}", "{bdf: \"0000:04:*\"}"},
           Case{"{target: \"emu://*\"}", "{target: \"tcp:*\"}"},
           Case{"{driver: nvme}", "{driver: ahci}"},
           Case{"{slot: \"3\"}", "{slot: \"4\"}"},
           Case{"{removable: true}", "{removable: false}"},
           Case{"{model: \"Example SSD *\"}", "{model: \"Other *\"}"},
           Case{"{serial: S1}", "{serial: S2}"},
           Case{"{firmware-revision: \"2.*\"}", "{firmware-revision: \"3.*\"}"},
           Case{"{transport: pcie}", "{transport: \"*\"}"},
           Case{"{transport: mctp}", "{transport: pcie}", true, true},
           Case{"{endpoint: \"1:*\"}", "{endpoint: \"2:*\"}", true, true},
           Case{"{certificate-identity: \"Vendor=1b36:*\"}", "{certificate-identity: \"Vendor=8086:*\"}", false},
           Case{"{device-info: \"ACME:*\"}", "{device-info: \"acme:*\"}", false},
           Case{"{leaf-key: " + kA + "}", "{leaf-key: " + kB + "}", false},
           Case{"{root: " + kB + "}", "{root: " + kA + "}", false},
       }) {
    CAPTURE(c.fits);
    HostView host = device();
    if (c.is_endpoint) host.mctp = MctpView{1, 9, "mctpi2c4"};
    CHECK(fit(match_of(c.fits), host, proof()) == Fit::yes);
    CHECK(fit(match_of(c.other), host, proof()) == Fit::no);
    CHECK(misfit(match_of(c.fits), host, proof()).empty());
    CHECK_FALSE(misfit(match_of(c.other), host, proof()).empty());
    CHECK(open_keys(match_of(c.other), host, proof()).empty());
    CHECK(needs_proof(match_of(c.fits)) != c.is_claim);
    host.is_claimed = true;
    CHECK(fit(match_of(c.fits), host, proof()) == (c.is_claim ? Fit::claimed : Fit::yes));
    CHECK(fit(match_of(c.other), host, proof()) == (c.is_claim ? Fit::denied : Fit::no));
    CHECK(open_keys(match_of(c.other), host, proof()).size() == (c.is_claim ? 1 : 0));
    // What is not known, or not proven, fits nothing.
    CHECK_FALSE(matches(match_of(c.fits), HostView()));
    REQUIRE(keys_of(match_of(c.fits)).size() == 1);
  }
}

TEST_CASE("device match: what the kernel does not show of a drive fits nothing that is asked for") {
  HostView host = device();
  host.drive->model.clear();
  CHECK_FALSE(matches(match_of("{model: \"*\"}"), host));
  CHECK(names_drive(match_of("{transport: sata}")));
  CHECK_FALSE(names_drive(match_of("{driver: nvme}")));
}

TEST_CASE("device match: a target without its domain is the whole address, by which targets are called") {
  CHECK(match_of("{target: \"0A:00.0\"}").target == "0000:0a:00.0");
  for (const std::string other : {"1:03:00.0", "03:00.*", "03-00.0", "0x:00.0", "file"})
    CHECK(match_of(cat("{target: \"", other, "\"}")).target == other);
}

TEST_CASE("device match: a match is as good as the worst of its keys") {
  HostView host = device();
  host.is_claimed = true;
  CHECK(fit(match_of("{driver: nvme, leaf-key: " + kA + "}"), host, proof()) == Fit::claimed);
  CHECK(fit(match_of("{driver: ahci, leaf-key: " + kA + "}"), host, proof()) == Fit::denied);
  CHECK(fit(match_of("{driver: nvme, leaf-key: " + kB + "}"), host, proof()) == Fit::no);
  CHECK(fit(match_of("{}"), host, proof()) == Fit::yes);
}

TEST_CASE("device match: of several proven values all or none must fit") {
  Proven two = proof();
  two.leaf_keys.push_back(kB);
  CHECK(fit(match_of("{leaf-key: " + kA + "}"), device(), two) == Fit::denied);
  CHECK(fit(match_of("{leaf-key: " + std::string(64, 'c') + "}"), device(), two) == Fit::no);
}

TEST_CASE("device match: what a certificate leaves out the device does not have") {
  Proven certified;
  certified.leaf_keys = {kA};
  const DeviceMatch match = match_of("{device-info: \"ACME:*\"}");
  CHECK(fit(match, device(), certified) == Fit::denied);  // nobody vouches for the certificate
  certified.is_certified = true;
  CHECK(fit(match, device(), certified) == Fit::no);
}

TEST_CASE("device match: the identity that the user gave is no claim") {
  HostView host = device();
  host.is_claimed = host.identity_given = true;
  CHECK(fit(match_of("{vendor: \"1b36\"}"), host) == Fit::yes);
  CHECK(fit(match_of("{vendor: \"1b37\"}"), host) == Fit::no);
  CHECK(fit(match_of("{driver: nvme}"), host) == Fit::claimed);
}

TEST_CASE("device match: a pattern that no address fits is refused") {
  CHECK(match_of("{bdf: \"*:03:00.[0-3]\"}").bdf == "*:03:00.[0-3]");
  for (const char* const bad : {"gpu*", "0000:03:*x", "pci?"})
    CHECK_THROWS_WITH_AS(match_of(cat("{bdf: \"", bad, "\"}")), doctest::Contains("invalid PCI address"), Error);
}
