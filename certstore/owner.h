// What the owner says about one device, beside the roots that they trust: how far an anchor may vouch, and pins. It is
// applied to a chain that was judged before, as it differs from device to device.
#pragma once

#include <ctime>

#include "certstore/keyring.h"
#include "core/evidence/chain.h"
#include "core/evidence/evidence.h"

namespace spdm::certstore {

// Narrows the anchor to its scopes, holds the device to its pins, and lets a pin vouch where nobody else does; then
// settles trust: what failed is not trusted, what could not be decided is not checked.
void apply_owner(const Keyring& keyring, std::time_t at, const HostView& host, ChainResult& result);

// The finding about an entry of the deny list.
Finding denial(const Denial& entry, std::string where);

}  // namespace spdm::certstore
