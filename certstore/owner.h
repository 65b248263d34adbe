// Applies what the owner has said about one device, beside the trusted roots: scopes of anchors, and pins. This differs
// from device to device, so it comes after the validation of the chain, which is cached.
#pragma once

#include <ctime>

#include "certstore/keyring.h"
#include "core/evidence/chain.h"
#include "core/evidence/evidence.h"

namespace spdm::certstore {

// Checks the anchor's scopes and the device's pins, and lets a pin vouch where no root does. Then it settles `trust`:
// untrusted after a failure, not_checked when something could not be decided. `at`: seconds since 1970.
void apply_owner(const Keyring& keyring, std::time_t at, const HostView& host, ChainResult& result);

// The finding about an entry of the deny list.
Finding denial(const Denial& entry, std::string where);

}  // namespace spdm::certstore
