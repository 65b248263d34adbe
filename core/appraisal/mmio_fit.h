// Whether the memory ranges of an interface report lie within the BARs of the function.
#pragma once

#include <string>
#include <vector>

#include "core/evidence/encryption_view.h"
#include "core/wire/tdisp.h"

namespace spdm {

// Empty when there is one MMIO reporting offset with which each range lies within a BAR; else why not. Who locked the interface chose
// the offset, and the report does not tell it.
std::string why_outside(const std::vector<MmioRange>& ranges, const std::vector<PciBar>& bars);

}  // namespace spdm
