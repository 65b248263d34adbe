// Reports as an EAT Attestation Result (draft-ietf-rats-ear, profile "tag:github.com,2023:veraison/ear"): JSON claims for
// relying parties, with the trustworthiness claims of AR4SI (draft-ietf-rats-ar4si 2.3.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/appraisal/report.h"
#include "core/format/json.h"

namespace spdm::cmd {

// The claims about one device: an entry of submods.
Json ear_appraisal(const Report& report);
// Turns it into that of a device which is not the one that it seemed to be.
void fail_ear_appraisal(Json& appraisal, Exit exit, const std::string& why);

// The whole claims-set. `issued` in seconds since the epoch; `nonce`: that of the verifier, when one was given.
Json ear_claims(Json submods, std::int64_t issued, const std::optional<Block<32>>& nonce);

}  // namespace spdm::cmd
