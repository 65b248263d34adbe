// The protocols of PCI-SIG inside of VENDOR_DEFINED messages (PCIe r6.x 6.31.3): IDE_KM and TDISP.
#pragma once

#include <optional>

#include "core/wire/vendor_defined.h"
#include "core/word_table.h"

namespace spdm {

enum class PciProtocol : std::uint8_t { ide_km = 0x00, tdisp = 0x01 };
inline constexpr std::array kPciProtocols{
    Word{PciProtocol::ide_km, "IDE_KM"},
    Word{PciProtocol::tdisp, "TDISP"},
};
static_assert(is_sound(kPciProtocols));
inline std::string_view name(PciProtocol protocol) { return row_of(kPciProtocols, protocol).name; }

// The messages of one protocol in the envelope of PCI-SIG. `large`: the form of 1.4 for large payloads.
VendorDefined wrap(PciProtocol protocol, View message, bool large = false);
// Which protocol the payload is of; nothing where the vendor is another (CXL, too, is in the registry of PCI-SIG, with an id of its own)
// or its first byte names none of them.
std::optional<PciProtocol> pci_protocol_of(const VendorDefined& envelope);
// What is behind the byte that names the protocol. Only where pci_protocol_of() names one.
View pci_message_of(const VendorDefined& envelope);
// Whether it is of the CXL Consortium: its key management and its TSP look alike, and are not read.
bool is_cxl(const VendorDefined& envelope);

}  // namespace spdm
