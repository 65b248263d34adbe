// The signature of a document (XML-Signature, W3C xmldsig-core1), in the one form that covers all of it.
#pragma once

#include "cmd/rim/xml.h"
#include "core/bytes.h"

namespace spdm::rim {

// Starts the library that checks signatures. Call it before the process confines itself: it reads the configuration of OpenSSL.
// Throws Error{internal}.
void prepare_signatures();

// Whether there is one anywhere.
bool has_signature(const xmlDoc& document);

// Checks the signature with this key (DER SubjectPublicKeyInfo), and takes no other from anywhere: KeyInfo is not looked at. There must
// be exactly one Signature, a child of the root, with one Reference, to the whole document without the signature. Throws
// Error{bad_input} for any other form, for algorithms that are not of the short list, and for a signature that does not fit.
void check_signature(xmlDoc& document, const Bytes& key);

}  // namespace spdm::rim
