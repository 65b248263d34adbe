// What a word that is no target could be.
#include "transport/mistaken.h"

#include <doctest/doctest.h>

#include <string>

using namespace spdm;
using namespace spdm::transport;

namespace {

std::string hint(const std::string& word) {
  const Error error = mistaken_target(word, "FORMS");
  CHECK(error.id == ErrorId::usage);
  CHECK(error.device == word);
  CHECK(error.hint.find('\n') == std::string::npos);
  return error.hint;
}

}  // namespace

TEST_CASE("mistaken: an address with a slip in it") {
  CHECK(hint("00:1f") == "the function is missing: 00:1f.0");
  CHECK(hint("0000:00:1f") == "the function is missing: 0000:00:1f.0");
  CHECK(hint("0000:03:00:0") == "a dot comes before the function: 0000:03:00.0");
  CHECK(hint("03:00:0") == "a dot comes before the function: 03:00.0");
  CHECK(hint("03:00.9") == "the function of a PCI address, behind the dot, is 0 to 7");
  CHECK(hint("03:00.") == "the function of a PCI address, behind the dot, is 0 to 7");
  CHECK(hint("03:00.10") == "the function of a PCI address, behind the dot, is 0 to 7");
  CHECK(hint("03:20.0") == "the device of a PCI address, before the dot, is 00 to 1f");
  CHECK(hint("003:00.0") == "write it as 0000:03:00.0, or 03:00.0 in domain 0");
  CHECK(hint("1b36:10") == "vendor and device have four hex digits each, as in 1b36:0010");
  CHECK(hint_on_address("00:1f") == "the function is missing: 00:1f.0");
  CHECK(hint_on_address("nvme0n1").find("did you mean /dev/nvme0n1") == 0);
  CHECK(hint_on_address("x") == "write it as 0000:03:00.0, or 03:00.0 in domain 0");
}

TEST_CASE("mistaken: a host and a port are no target, and both forms of a socket are named") {
  CHECK(hint("host:2323") == "a socket is named as emu://host:2323, or tcp://host:4194");
  CHECK(hint("host:4194") == "a socket is named as emu://host:2323, or tcp://host:4194");
  CHECK(hint("10.0.0.1:99") == "a socket is named as emu://10.0.0.1:99, or tcp://10.0.0.1:99");
  CHECK(hint("[::1]:2323") == "a socket is named as emu://[::1]:2323, or tcp://[::1]:4194");
  CHECK(hint("fe80::1:2323") == "the forms are FORMS");
}

TEST_CASE("mistaken: a drive without its folder, a number, a file that is not there, an address of the web") {
  CHECK(hint("nvme0") == "did you mean /dev/nvme0, its PCI function, or nvme:/dev/nvme0, its own commands?");
  CHECK(hint("dev/nvme12n1p3") == "did you mean /dev/nvme12n1p3, its PCI function, or nvme:/dev/nvme12, its own commands?");
  CHECK(hint("sg0") == "did you mean scsi:/dev/sg0?");
  CHECK(hint("sda") == "did you mean scsi:/dev/sda?");
  CHECK(hint("9") == "an endpoint of MCTP is named as mctp:9");
  CHECK(hint("All") == "did you mean all?");
  CHECK(hint("https://host/x.json").find("nothing is fetched") == 0);
  CHECK(std::string(mistaken_target("device.JSON", "FORMS").what()) == "there is no such file");
  CHECK(std::string(mistaken_target("device", "FORMS").what()) == "is neither an existing file nor a target");
  CHECK(hint("gpu.yaml") == "a device profile is the target emulated:gpu.yaml");
  CHECK(hint("foo").find("spdmctl list") != std::string::npos);
  CHECK(hint("foo:bar") == "the forms are FORMS");
  CHECK(hint("") == "the forms are FORMS");
}
