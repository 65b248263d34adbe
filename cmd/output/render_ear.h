// Reports as an EAT Attestation Result (draft-ietf-rats-ear): JSON claims for relying parties, with the trustworthiness claims of
// AR4SI (draft-ietf-rats-ar4si 2.3.4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/appraisal/report.h"
#include "core/fleet/ear_names.h"
#include "core/format/json.h"

namespace spdm::cmd {

// The claims about one device: an entry of submods, in the names of the profile of 2023.
Json ear_appraisal(const Report& report);
// Turns it into that of a device which is not the one that it seemed to be.
void fail_ear_appraisal(Json& appraisal, Exit exit, const std::string& why);

// What the claims-set says beside its submods.
struct EarHead {
  EarProfile profile = EarProfile::veraison_2023;
  std::int64_t issued = 0;         // seconds since the epoch
  std::optional<Block<32>> nonce;  // of the verifier, when one was given
};
// The whole claims-set, in the names of the profile.
Json ear_claims(Json submods, const EarHead& head);

}  // namespace spdm::cmd
