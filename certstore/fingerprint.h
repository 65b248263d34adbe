// The SHA-256 fingerprint of bytes, in the form of core/format/fingerprint.h.
#pragma once

#include <string>

#include "core/bytes.h"

namespace spdm::certstore {

// SHA-256 of the bytes, as 64 lower-case hex digits.
std::string sha256(View bytes);

}  // namespace spdm::certstore
