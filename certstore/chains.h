// Every chain of the evidence, judged: the step between reading the log and appraising it.
#pragma once

#include <vector>

#include "certstore/validate.h"
#include "core/appraisal/analyze.h"

namespace spdm::certstore {

// One chain as the connection shows it, of the device that the host sees; `host` must outlive it.
ChainInput chain_input(const Connection& connection, std::uint8_t slot, const HostView& host);

// The chains of all connections that were read to their end. A provisioned key that signed is among them as slot 0xFF;
// it is trusted only when it is `owner_key`, the DER SubjectPublicKeyInfo that the owner gave to this very run: a key in
// an evidence file is what somebody else says that the owner gave them.
std::vector<ChainResult> validate_chains(const Evidence& evidence, const Analysis& analysis, const Validator& validator,
                                         View owner_key = {});

}  // namespace spdm::certstore
