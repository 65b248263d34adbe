// What stands around an SPDM message inside of a secured message of a drive (DSP0286 "Secured message"): its descriptor.
#pragma once

#include "core/bytes.h"

namespace spdm {

// What the envelope adds, in bytes.
inline constexpr std::size_t kStorageEnvelope = 20;

Bytes put_in_envelope(View message);
// Throws Error{peer}: more than one descriptor, none of an SPDM message, a status, a length or an offset beyond what came.
Bytes take_from_envelope(View application);

}  // namespace spdm
