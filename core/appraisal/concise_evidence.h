// Concise evidence of the TCG (DICE Concise Evidence Binding for SPDM): what it says of environments and their firmware.
#pragma once

#include <vector>

#include "core/evidence/dice.h"
#include "core/format/cbor.h"

namespace spdm {

inline constexpr std::uint64_t kTocTag = 570, kConciseEvidenceTag = 571;

// The claims of tag 571, or of all in a table of contents (570), in the form of DiceTcbInfo (draft-ietf-rats-evidence-trans, "DiceTcbInfo
// Transformation"): one for each measurement. Of an untagged map: as for 571. Throws Error{bad_input} for what is none, and for more than
// is read.
std::vector<TcbInfo> read_concise_evidence(const cbor::Item& item);

}  // namespace spdm
