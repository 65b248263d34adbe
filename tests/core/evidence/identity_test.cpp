#include <doctest/doctest.h>

#include "core/evidence/evidence.h"
#include "expect_error.h"

using namespace spdm;

namespace {

constexpr std::string_view kFull = "Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100:0123456789abcdef";

void refused(std::string_view text, const std::string& why) {
  CAPTURE(text);
  expect_error(ErrorId::usage, why, [&] { parse_pci_identity(text); });
}

}  // namespace

TEST_CASE("a PCI identity with and without its optional parts") {
  for (const std::string_view text : {kFull, std::string_view("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100"),
                                      std::string_view("Vendor=1b36:Device=0010:CC=010802:REV=02:0123456789abcdef"),
                                      std::string_view("Vendor=1b36:Device=0010:CC=010802:REV=02")})
    CHECK(to_string(parse_pci_identity(text)) == text);
  const PciIdentity identity = parse_pci_identity(kFull);
  CHECK(identity.vendor == 0x1B36);
  CHECK(identity.device == 0x0010);
  CHECK(identity.class_code == 0x010802);
  CHECK(identity.revision == 2);
  CHECK(identity.subsystem_vendor == 0x1AF4);
  CHECK(identity.subsystem == 0x1100);
  CHECK(identity.serial == 0x0123456789ABCDEF);
  CHECK(parse_pci_identity("Vendor=1B36:Device=00AF:CC=010802:REV=02") == parse_pci_identity("Vendor=1b36:Device=00af:CC=010802:REV=02"));
}

TEST_CASE("a PCI identity that is wrong names the part") {
  refused("", "'Vendor='");
  refused("vendor=1b36", "'Vendor='");
  refused("Vendor=1b3", "4 hex digits");
  refused("Vendor=0x1b:Device=0010", "'Vendor='");
  refused("Vendor=1b  :Device=0010:CC=010802:REV=02", "'Vendor='");
  refused("Vendor=1b36:Device=001g:CC=010802:REV=02", "':Device='");
  refused("Vendor=1b36:Device=0010:CC=0108:REV=02", "':CC='");
  refused("Vendor=1b36:Device=0010:CC=010802:REV=2", "':REV='");
  refused("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4", "':SSID='");
  refused("Vendor=1b36:Device=0010:CC=010802:REV=02:SSID=1af4", "':SSVID='");
  refused("Vendor=1b36:Device=0010:CC=010802:REV=02:0123", "16 hex digits");
  refused("Vendor=1b36:Device=0010:CC=010802:REV=02:0123456789abcdef:", "left over");
}
