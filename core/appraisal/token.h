// What a device itself has signed within a measurement: an entity attestation token (RFC 9711) in a COSE_Sign1, as the profile of the
// Open Compute Project has it in blocks 0xF0 to 0xFC; and the concise evidence in tokens and manifests.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/appraisal/concise_evidence.h"
#include "core/appraisal/measurement.h"
#include "core/crypto/cose.h"

namespace spdm {

// The token that a measurement is; nothing when it is none.
std::optional<crypto::Sign1> token_of(const MeasurementBlock& block);

struct TokenResult {
  TokenSignature signature = TokenSignature::not_checked;
  std::string why;  // it is not good
};
// Whether one of the keys, those of the leaves that count, has signed the token. A token that names another signer (x5chain) than
// `leaves` (DER) can be genuine all the same: not_checked.
TokenResult check_token(const crypto::Sign1& token, std::span<const crypto::PublicKey> keys, std::span<const Bytes> leaves);

// The concise evidence of a measurement: its own, or that of a token whose signature is good (claim 273 of EAT). Nothing for any
// other, and for what cannot be read.
std::vector<EvidenceClaim> claims_of(const Measurement& measurement);

}  // namespace spdm
