// Whether the memory ranges of an interface report lie within the BARs of the function.
#pragma once

#include <string>
#include <vector>

#include "core/evidence/encryption_view.h"
#include "core/wire/tdisp.h"

namespace spdm {

struct MmioFit {
  std::string why;            // empty when they fit
  bool is_too_large = false;  // wherever the BARs lie
};

// Whether there is one MMIO reporting offset with which each range lies within a BAR. Who locked the interface chose the offset, and the
// report does not tell it.
MmioFit fit_into(const std::vector<MmioRange>& ranges, const std::vector<PciBar>& bars);

}  // namespace spdm
