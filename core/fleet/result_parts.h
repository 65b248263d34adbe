// Parts of the report on one device, as the readers of results take them.
#pragma once

#include <vector>

#include "core/fleet/result.h"
#include "core/format/json_stream.h"

namespace spdm {

ResultFinding read_result_finding(JsonStream& in);

// The member "inspection": its lines are added to `out`.
void read_result_lines(JsonStream& in, std::vector<ResultLine>& out);

}  // namespace spdm
