// Whether one match leaves nothing over for another: how a rule that can never decide is found.
#pragma once

#include <string>

#include "core/appraisal/device_match.h"

namespace spdm {

// Every device that fits `narrow` fits `wide`. False also where it cannot be told.
bool covers(const DeviceMatch& wide, const DeviceMatch& narrow);

// The same of patterns of fnmatch(3).
bool pattern_covers(const std::string& wide, const std::string& narrow);

}  // namespace spdm
