// What the host knows of a drive, as a JSON value.
#pragma once

#include "core/evidence/drive_view.h"
#include "core/format/json.h"

namespace spdm {

Json to_json(const DriveView& view);

}  // namespace spdm
