#include "core/wire/pci_vendor.h"

#include "core/text.h"
#include "core/wire/decode.h"

using namespace wire;

TEST_CASE("PCI-SIG: the envelope") {
  const VendorDefined out = wrap(PciProtocol::tdisp, Bytes{0xAA, 0xBB});
  CHECK(hex(out.encode(Code::vendor_defined_request, k12)) ==
        "12fe0000"
        "0300"
        "02"
        "0100"
        "0300"
        "01aabb");
  CHECK_FALSE(out.large);
  CHECK(pci_protocol_of(out) == PciProtocol::tdisp);
  CHECK(hex(pci_message_of(out)) == "aabb");
  CHECK(pci_protocol_of(wrap(PciProtocol::ide_km, {})) == PciProtocol::ide_km);
  CHECK(pci_message_of(wrap(PciProtocol::ide_km, {})).empty());
  CHECK(wrap(PciProtocol::ide_km, {}, true).large);
  CHECK(name(PciProtocol::ide_km) == "IDE_KM");
}

TEST_CASE("PCI-SIG: envelopes of others") {
  const VendorDefined good = wrap(PciProtocol::ide_km, Bytes{0});
  const auto protocol = [&](auto change) {
    VendorDefined out = good;
    change(out);
    return pci_protocol_of(out);
  };
  CHECK(protocol([](VendorDefined&) {}));
  CHECK_FALSE(protocol([](VendorDefined& out) { out.standard_id = 4; }));
  CHECK_FALSE(protocol([](VendorDefined& out) { out.vendor_id = {0x01}; }));
  CHECK_FALSE(protocol([](VendorDefined& out) { out.vendor_id = {0x00, 0x01}; }));
  CHECK_FALSE(protocol([](VendorDefined& out) { out.vendor_id = {}; }));
  CHECK_FALSE(protocol([](VendorDefined& out) { out.payload = {}; }));
  CHECK_FALSE(protocol([](VendorDefined& out) { out.payload[0] = 2; }));
  CHECK_FALSE(is_cxl(good));
  VendorDefined cxl = good;
  cxl.vendor_id = {0x98, 0x1E};
  CHECK(is_cxl(cxl));
  CHECK_FALSE(pci_protocol_of(cxl));
  cxl.standard_id = 7;
  CHECK_FALSE(is_cxl(cxl));
}
