// Where the parts of a certificate lie that say whose it is, found without decoding it. To decode a certificate takes as long as to
// verify a signature, because OpenSSL decodes its key as well: too long for every certificate of a large keyring.
#pragma once

#include <optional>

#include "core/bytes.h"

namespace spdm::certstore {

struct Outline {
  View issuer, subject;  // Name (RFC 5280 4.1.2.4), with its tag
};

// Only of a certificate that is written as nearly all are: in DER, with names in ASCII or UTF-8, and of a usual size. What has an outline
// is one that OpenSSL 3.0 to 3.5 decode (x509.h); but whoever lets it vouch for others must have decoded it. What has none may be a
// certificate all the same: ask OpenSSL.
std::optional<Outline> outline_of(View der);

}  // namespace spdm::certstore
