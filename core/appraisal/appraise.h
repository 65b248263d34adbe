// The judgement: a pure function of evidence, chains and what was asked. No clock, no I/O; the same evidence gives the
// same report anywhere.
#pragma once

#include "core/appraisal/analyze.h"
#include "core/appraisal/report.h"

namespace spdm {

enum class IdentityMatch {
  exact,  // one CMA otherName of the leaf names the function exactly (PCIe r6.1 6.31.3)
  ids,    // vendor and device id suffice
  none,
};

// What must hold for a pass, beside protocol, chain, trust and signature, which always must.
struct Question {
  std::optional<PciIdentity> identity;  // given by the user; else what the host saw, when it saw one
  IdentityMatch identity_match = IdentityMatch::exact;
  bool authenticate = true;        // false: only show what is there (info, certs): no signature is required
  bool measurements = false;       // signed measurements must be there
  bool count_suffices = false;     // their signed number is enough
  std::optional<Block<32>> nonce;  // of the verifier's choice: all that was signed last must carry it
  bool provisioned = false;        // the owner gave the key of the device: only what it signed counts
};

Report appraise(const Evidence& evidence, const Analysis& analysis, const std::vector<ChainResult>& chains, const Question& question);

}  // namespace spdm
