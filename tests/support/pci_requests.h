// The requests of IDE_KM and TDISP that change a device. The program reads them and writes none; so only tests can make them, for the
// emulated device and for decoders.
#pragma once

#include "core/wire/ide_km.h"
#include "core/wire/tdisp.h"

namespace pci_requests {

using spdm::Bytes;
using spdm::View;

// `key`: 32 bytes in the order in which AES takes them.
Bytes key_prog(std::uint8_t stream, spdm::KeySubStream which, std::uint8_t port, View key, std::uint64_t ifv);
Bytes k_set_go(std::uint8_t stream, spdm::KeySubStream which, std::uint8_t port);
Bytes k_set_stop(std::uint8_t stream, spdm::KeySubStream which, std::uint8_t port);

Bytes lock_interface(spdm::FunctionId function, const spdm::LockInterface& lock);
Bytes start_interface(spdm::FunctionId function, const spdm::Block<32>& nonce);
Bytes stop_interface(spdm::FunctionId function);
Bytes bind_p2p_stream(spdm::FunctionId function, std::uint8_t stream);
Bytes unbind_p2p_stream(spdm::FunctionId function, std::uint8_t stream);
Bytes set_mmio_attribute(spdm::FunctionId function, const spdm::MmioRange& range);

}  // namespace pci_requests
