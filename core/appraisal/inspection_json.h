// An inspection in documents.
#pragma once

#include "core/appraisal/inspection.h"
#include "core/evidence/encryption_view.h"
#include "core/format/json.h"

namespace spdm {

// `view`: what was seen of the function on its host; nullptr when nothing was.
Json to_json(const Inspection& inspection, const EncryptionView* view);

}  // namespace spdm
