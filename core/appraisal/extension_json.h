// Attestation extensions of certificates in documents.
#pragma once

#include "core/evidence/dice.h"
#include "core/format/json_writer.h"

namespace spdm {

// Strings from the device are escaped (text.h).
void write_json(JsonWriter& out, const ExtensionInfo& extension);
Json to_json(const ExtensionInfo& extension);

}  // namespace spdm
