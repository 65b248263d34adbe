// The public key of a certificate, as DER.
#pragma once

#include "core/bytes.h"

namespace spdm::certstore {

// DER SubjectPublicKeyInfo; empty when the bytes are no certificate with a key that OpenSSL knows.
Bytes spki_of(View certificate);

}  // namespace spdm::certstore
