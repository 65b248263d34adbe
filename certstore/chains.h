// Validates every chain of the evidence: the step between reading the log and appraising it.
#pragma once

#include <optional>
#include <vector>

#include "certstore/validate.h"
#include "core/appraisal/analyze.h"

namespace spdm::certstore {

// The input for one chain of a connection, for the device that `host` describes. `connection` and `host` must outlive
// it.
ChainInput chain_input(const Connection& connection, std::uint8_t slot, const HostView& host);

// The same for the chain of a slot in evidence: as it was read, else as it lies beside the messages; nothing where there is neither.
std::optional<ChainInput> chain_input(const Evidence& evidence, const Connection& connection, std::uint8_t slot);

// Validates the chains of all connections that were read to their end, and those that lie beside the messages. A provisioned key that
// signed is among the results as slot 0xFF. It is trusted only when `owner_key` is given: the DER SubjectPublicKeyInfo that the owner
// provided for this run. A key in an evidence file proves nothing: whoever wrote the file may have put it there.
std::vector<ChainResult> validate_chains(const Evidence& evidence, const Analysis& analysis, const Validator& validator,
                                         View owner_key = {});

}  // namespace spdm::certstore
