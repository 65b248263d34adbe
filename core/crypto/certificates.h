// Certificate chains as files of others have them, beside the messages of a device. They are put in order here and not judged: that
// is the work of certstore.
#pragma once

#include <string_view>

#include "core/bytes.h"

namespace spdm::crypto {

// The certificates of one chain, from PEM blocks or DER one after the other, as SPDM has them behind RootHash: in DER without a gap,
// root or first intermediate first, leaf last. They may come in any order: each is issued by the one before it, by their names.
// Throws Error{bad_input} naming `what`: for what is no certificate, for more than 100, and for a chain that falls apart.
Bytes read_chain(View file, std::string_view what);

// The first certificate of such a chain, where it is a root: issued by itself, by its names. Else empty.
View root_certificate(View chain);
// The last certificate of such a chain; empty where one of them cannot be read.
View leaf_certificate(View chain);
// Its DER SubjectPublicKeyInfo; empty where there is none that can be read.
Bytes leaf_spki(View chain);

}  // namespace spdm::crypto
