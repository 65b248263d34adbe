// JSON of others with evidence of any number of devices in it. Read for load.h.
#pragma once

#include "core/evidence/load.h"

namespace spdm {

// `depth`: of wrappers around it.
std::vector<EvidencePart> read_document(std::string_view json, std::string_view what, unsigned depth);
// A chain from a file beside the evidence: as crypto::read_chain(), or the JSON of a Redfish Certificate ("CertificateString").
Bytes read_chain_file(View file, std::string_view what);
// As load_parts(), for what lies inside `depth` wrappers.
std::vector<EvidencePart> load_wrapped(View bytes, std::string_view what, unsigned depth);

}  // namespace spdm
