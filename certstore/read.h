// Tells what a file of a keyring holds.
#pragma once

#include "core/bytes.h"

namespace spdm::certstore {

// Whether the file holds a revocation list: as one of its PEM blocks, or as a whole in DER.
bool holds_crl(View file);

}  // namespace spdm::certstore
