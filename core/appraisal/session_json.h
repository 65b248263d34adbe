// Sessions in the report.
#pragma once

#include <string>

#include "core/appraisal/report.h"

namespace spdm {

std::string session_id_text(std::uint32_t id);  // "0xffff0001"
Json to_json(const SessionReport& session);
// What sessions the device can open, if it opens any.
Json session_abilities_json(const Parameters& parameters);

}  // namespace spdm
