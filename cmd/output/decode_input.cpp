#include "cmd/output/decode_input.h"

#include <nlohmann/json.hpp>

#include "core/appraisal/device_facts.h"
#include "core/error.h"
#include "core/text.h"
#include "core/wire/opaque.h"

namespace spdm::cmd {

std::string quantity(std::uint32_t value, int digits) { return cat("0x", hex(value, digits)); }

std::string slot_text(std::uint8_t slot) { return slot == kProvisionedKey ? "255 (provisioned key)" : cat(slot); }

std::string_view summary_name(Summary summary) { return summary == Summary::none ? "none" : summary == Summary::tcb ? "tcb" : "all"; }

Json opaque_fields(View opaque, std::string_view message) {
  try {
    Json out = Json::array();
    for (const OpaqueElement& element : read_elements(opaque, message))
      out.push_back(Json{{"registry", registry_name(element.registry)}, {"vendor", hex(element.vendor)}, {"data", hex(element.data)}});
    return out;
  } catch (const Error&) {  // OpaqueDataFmt0 is the vendor's own
    const std::optional<std::vector<DeviceFact>> rows = read_rows(opaque);
    if (!rows) return hex(opaque);
    Json out = Json::array();
    for (const DeviceFact& row : *rows) out.push_back(Json{{"type", row.type}, {"value", row.text}});
    return out;
  }
}

}  // namespace spdm::cmd
