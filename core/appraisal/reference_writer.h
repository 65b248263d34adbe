// Writes reference values to a file: those of a device that was measured, and those that were imported.
#pragma once

#include "core/appraisal/references.h"
#include "core/appraisal/report.h"

namespace spdm {

// Makes reference values of the measurements that a good signature covers. They match devices of the same kind: by PCI
// ids where they are known, else by the name of the target. Long raw values become digests. Values that change
// legitimately (hash-extend blocks, tokens with a nonce) get `ignore`.
DeviceReferences references_from(const Report& report);

// The contents of a file that add_references() reads back to the same values. The `source` of devices and measurements
// becomes a comment. Throws Error{bad_input} when the file would exceed its limit (file_kinds.h) or kMaxReferences.
std::string write_references(const std::vector<DeviceReferences>& devices, std::string_view source);

// A match in one line of YAML.
std::string to_string(const DeviceMatch& match);

}  // namespace spdm
