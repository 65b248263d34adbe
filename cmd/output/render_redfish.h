// Reports as Redfish resources: ComponentIntegrity (DMTF DSP8010, schema v1_2_0), for tools that know no SPDM.
#pragma once

#include <string>

#include "core/appraisal/report.h"
#include "core/format/json.h"

namespace spdm::cmd {

// One ComponentIntegrity resource, without an id yet.
Json redfish_resource(const Report& report);
// Makes it say that the device has failed.
void fail_redfish_resource(Json& resource, const std::string& why);
// Gives the resource its id, which must be unique in the collection.
void set_redfish_id(Json& resource, const std::string& id);

// "0000_03_00_0": what a resource of this source is called.
std::string redfish_id(const std::string& source);

// The collection, its members expanded.
Json redfish_collection(Json members);

}  // namespace spdm::cmd
