// Reports as Redfish resources: ComponentIntegrity (DMTF DSP8010, schema v1_2_0), for tools that know no SPDM.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/appraisal/report.h"

namespace cmd {

// One ComponentIntegrity resource, which has no place in a collection yet.
nlohmann::ordered_json redfish_resource(const spdm::Report& report);
// Gives it one; `id` must be unique there.
void set_redfish_id(nlohmann::ordered_json& resource, const std::string& id);

// "0000_03_00_0": what a resource of this source is called.
std::string redfish_id(const std::string& source);

// The collection, its members expanded.
nlohmann::ordered_json redfish_collection(nlohmann::ordered_json members);

}  // namespace cmd
