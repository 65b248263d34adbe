// Asks a device about PCI encryption, inside of an encrypted session: IDE_KM QUERY for each port; version, capabilities and state of a
// device interface by TDISP, and its report where somebody has locked it. None of it changes the device.
#pragma once

#include <optional>

#include "core/evidence/evidence.h"
#include "core/protocol/requester.h"
#include "core/wire/tdisp.h"

namespace spdm {

// The function as the host knows it. The domain is the host's word for a segment, and is no part of it. Nothing where it is no PCI
// function of a host.
std::optional<FunctionId> function_of(const HostView& host);

// What the device refuses by an ERROR is left out. Throws Error: peer when an answer breaks a rule, and what Requester::ask throws.
void inspect(Requester& requester, FunctionId function);

}  // namespace spdm
