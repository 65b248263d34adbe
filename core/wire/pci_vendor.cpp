#include "core/wire/pci_vendor.h"

namespace spdm {

namespace {

constexpr std::uint16_t kRegistry = 3;          // PCI-SIG, DSP0274 "Registry or standards body ID"
constexpr Block<2> kPciSig{0x01, 0x00};         // its own vendor id, 0x0001
constexpr Block<2> kCxlConsortium{0x98, 0x1E};  // 0x1E98

bool is_of(const VendorDefined& envelope, const Block<2>& vendor) {
  return envelope.standard_id == kRegistry && equal(envelope.vendor_id, vendor);
}

}  // namespace

VendorDefined wrap(PciProtocol protocol, View message, bool large) {
  VendorDefined out{
      .standard_id = kRegistry, .vendor_id = to_bytes(kPciSig), .large = large, .payload = {static_cast<std::uint8_t>(protocol)}};
  append(out.payload, message);
  return out;
}

std::optional<PciProtocol> pci_protocol_of(const VendorDefined& envelope) {
  if (!is_of(envelope, kPciSig) || envelope.payload.empty() || envelope.payload[0] >= kPciProtocols.size()) return std::nullopt;
  return static_cast<PciProtocol>(envelope.payload[0]);
}

View pci_message_of(const VendorDefined& envelope) { return View(envelope.payload).subspan(1); }

bool is_cxl(const VendorDefined& envelope) { return is_of(envelope, kCxlConsortium); }

}  // namespace spdm
