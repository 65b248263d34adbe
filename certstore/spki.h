// The key of a certificate, for others.
#pragma once

#include "core/bytes.h"

namespace certstore {

// DER SubjectPublicKeyInfo; empty when the bytes are no certificate with a key that OpenSSL knows.
spdm::Bytes spki_of(spdm::View certificate);

}  // namespace certstore
