// Signed measurements as others save them: the bytes of GET_MEASUREMENTS and MEASUREMENTS (L1/L2) and the signature behind them, in
// SPDM 1.2 and newer with the negotiation in front. And answers of services that have such bytes inside.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/evidence/evidence.h"
#include "core/wire/algorithms.h"

namespace spdm {

// Whether the bytes can only be such a transcript: they begin with a request that one begins with.
bool looks_like_transcript(View bytes);
// The transcript and what lies beside it. Throws Error{bad_input} naming `what`.
Evidence read_transcript(View bytes, Detached beside, std::string_view what);

// A name of an algorithm as services write it: "TPM_ALG_ECDSA_ECC_NIST_P384", "SHA384". Throws Error{bad_input} for another.
const AsymAlgorithm& asym_of_service(std::string_view name);
const HashAlgorithm& hash_of_service(std::string_view name);

}  // namespace spdm
