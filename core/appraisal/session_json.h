// Sessions in the report.
#pragma once

#include <string>

#include "core/appraisal/report.h"
#include "core/format/json_writer.h"

namespace spdm {

std::string session_id_text(std::uint32_t id);  // "0xffff0001"
void write_json(JsonWriter& out, const SessionReport& session);
// What sessions the device can open, if it opens any.
void write_session_abilities(JsonWriter& out, const Parameters& parameters);

}  // namespace spdm
