// Reference values written down: those of a device that was measured, and those that were imported.
#pragma once

#include "core/appraisal/references.h"
#include "core/appraisal/report.h"

namespace spdm {

// What a good signature covers of the measurements of a device, as reference values for devices of its kind: PCI ids
// where they are known, else the name of the target. Long raw values become digests; what differs from time to time (what
// a log extends, tokens with a nonce) is to be ignored.
DeviceReferences references_from(const Report& report);

// A file for add_references() that means the same. `source` of a device and of a measurement become comments. Throws
// Error{bad_input} when it would be more than is read again.
std::string write_references(const std::vector<DeviceReferences>& devices, std::string_view source);

// A match in one line of YAML.
std::string to_string(const DeviceMatch& match);

}  // namespace spdm
