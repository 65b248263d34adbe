// An inspection in documents.
#pragma once

#include "core/appraisal/inspection.h"
#include "core/format/json.h"

namespace spdm {

Json to_json(const Inspection& inspection);

}  // namespace spdm
