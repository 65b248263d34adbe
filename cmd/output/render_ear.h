// Reports as an EAT Attestation Result (draft-ietf-rats-ear, profile "tag:github.com,2023:veraison/ear"): JSON claims for
// relying parties, with the trustworthiness claims of AR4SI (draft-ietf-rats-ar4si 2.3.4).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "core/appraisal/report.h"

namespace cmd {

// The claims about one device: an entry of submods.
nlohmann::ordered_json ear_appraisal(const spdm::Report& report);

// The whole claims-set. `issued` in seconds since the epoch; `nonce`: that of the verifier, when one was given.
nlohmann::ordered_json ear_claims(nlohmann::ordered_json submods, std::int64_t issued, const std::optional<spdm::Block<32>>& nonce);

}  // namespace cmd
