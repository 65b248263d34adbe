// CBOR of others with evidence of any number of devices in it: tokens (eat.h), signed or not, and conceptual message wrappers around
// anything that load.h knows. Read for load.h.
#pragma once

#include "core/evidence/load.h"

namespace spdm {

// Whether the first bytes can only be those of such CBOR.
bool looks_like_cbor(View bytes);

// `depth`: of wrappers around it. Throws Error{bad_input} naming `what`.
std::vector<EvidencePart> read_cbor(View bytes, std::string_view what, unsigned depth);

}  // namespace spdm
