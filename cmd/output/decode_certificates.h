// The certificates of a chain that a recording has, as people read them.
#pragma once

#include <string>

#include "core/bytes.h"
#include "core/format/json.h"
#include "core/wire/algorithms.h"

namespace spdm::cmd {

// Of each its subject, issuer, validity, key and fingerprint, the root or the first intermediate first. `chain`: as in CERTIFICATE, with
// its header and the hash of the root. Nothing of it is validated. Null where it holds no certificates one behind the other.
Json certificates_json(View chain, const HashAlgorithm& hash);

// The same as lines, each with `indent` in front.
std::string certificates_text(const Json& certificates, std::string_view indent);

}  // namespace spdm::cmd
