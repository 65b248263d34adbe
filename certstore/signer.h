// Who has signed a document that a vendor publishes, such as a list of reference values: the certificate whose key it must be, by those
// that the caller trusts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"

namespace spdm::certstore {

struct DocumentSigner {
  Bytes spki;             // DER SubjectPublicKeyInfo of its key
  std::string subject;    // RFC 2253; raw
  std::string not_after;  // RFC 3339: the end of its certificate. A document outlives it: that is for the caller to tell
};

// `trusted` holds certificates as crypto::read_chain() gives them. A document that carries none is signed by the last of them. One that
// carries some (the signer's first) is signed by the first, where a path leads from it to one of the trusted. Signatures, issuers and
// uses of keys are checked as RFC 5280 has it, times are not. Throws Error{bad_input} naming `what`, the file of `trusted`.
DocumentSigner find_signer(View trusted, const std::vector<Bytes>& carried, std::string_view what);

}  // namespace spdm::certstore
