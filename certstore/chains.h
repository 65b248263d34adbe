// Every chain of the evidence, judged: the step between reading the log and appraising it.
#pragma once

#include <vector>

#include "certstore/validate.h"
#include "core/appraisal/analyze.h"

namespace certstore {

// One chain as the connection shows it, of the device that the host sees; `host` must outlive it.
ChainInput chain_input(const spdm::Connection& connection, std::uint8_t slot, const spdm::HostView& host);

// The chains of all connections that were read to their end. A provisioned key that signed is among them as slot 0xFF;
// it is trusted only when it is `owner_key`, the DER SubjectPublicKeyInfo that the owner gave to this very run: a key in
// an evidence file is what somebody else says that the owner gave them.
std::vector<spdm::ChainResult> validate_chains(const spdm::Evidence& evidence, const spdm::Analysis& analysis, const Validator& validator,
                                               spdm::View owner_key = {});

}  // namespace certstore
