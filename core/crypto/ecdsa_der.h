// ECDSA and SM2 signatures in the two forms that are about.
#pragma once

#include "core/bytes.h"

namespace spdm::crypto {

// r || s, each of fixed width and big-endian (SPDM, JWS), to the SEQUENCE of two INTEGER (RFC 3279 2.2.3) that OpenSSL
// takes.
Bytes ecdsa_to_der(View signature);

}  // namespace spdm::crypto
