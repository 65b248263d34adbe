// Concise evidence of the TCG (DICE Concise Evidence Binding for SPDM): what it says of environments and their firmware.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/evidence/dice.h"
#include "core/format/cbor.h"

namespace spdm {

inline constexpr std::uint64_t kTocTag = 570, kConciseEvidenceTag = 571;

// One measurement of an environment, in the form of DiceTcbInfo (draft-ietf-rats-evidence-trans, "DiceTcbInfo Transformation").
struct EvidenceClaim : TcbInfo {
  std::vector<std::uint8_t> indirect;    // spdm-indirect: its value is that of the measurement blocks with these indices
  std::optional<std::uint64_t> min_svn;  // of a reference value: this security version number or a higher one
};

// The claims of tag 571, or of all in a table of contents (570): one for each measurement. Of an untagged map: as for 571. Throws
// Error{bad_input} for what is none, and for more than is read.
std::vector<EvidenceClaim> read_concise_evidence(const cbor::Item& item);

// environment-map and measurement-map of CoMID, of which both evidence and reference values are made. Throws as above.
EvidenceClaim read_claim(const cbor::Item& environment, const cbor::Item& measurement);

}  // namespace spdm
