// ECDSA and SM2 signatures, from the form on the wire to DER.
#pragma once

#include "core/bytes.h"

namespace spdm::crypto {

// From r || s, each big-endian and of fixed width (SPDM, JWS), to the DER SEQUENCE of two INTEGERs (RFC 3279 2.2.3)
// that OpenSSL takes.
Bytes ecdsa_to_der(View signature);

}  // namespace spdm::crypto
