// How an EAT Attestation Result (draft-ietf-rats-ear) names its claims. The draft has renamed them; libraries follow later.
#pragma once

#include <array>
#include <string_view>

#include "core/word_table.h"

namespace spdm {

enum class EarProfile { veraison_2023, ietf_2026 };

struct EarNames {
  EarProfile value;
  std::string_view name;     // of --ear-profile
  std::string_view profile;  // eat_profile
  std::string_view verifier, status, vector, policy;
  std::string_view report;  // a claim of this program: what it says beside the draft
};

// 2023: the profile of Project Veraison's library, with the names of drafts -00 to -02. 2026: draft -03.
inline constexpr std::array kEarProfiles{
    EarNames{EarProfile::veraison_2023, "2023", "tag:github.com,2023:veraison/ear", "ear.verifier-id", "ear.status",
             "ear.trustworthiness-vector", "ear.appraisal-policy-id", "spdmctl.report"},
    EarNames{EarProfile::ietf_2026, "2026", "tag:ietf.org,2026:rats/ear#03", "ear_verifier_id", "ear_status", "ear_trustworthiness_vector",
             "ear_appraisal_policy_ids", "spdmctl_report"},
};
static_assert(is_sound(kEarProfiles));

}  // namespace spdm
