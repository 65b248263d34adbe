// Attestation extensions of certificates in documents.
#pragma once

#include "core/evidence/dice.h"
#include "core/format/json.h"

namespace spdm {

// Strings from the device are escaped (text.h).
Json to_json(const ExtensionInfo& extension);

}  // namespace spdm
