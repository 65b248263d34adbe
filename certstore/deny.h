// The owner's deny list, "deny.yaml" and "*.deny.yaml": certificates and keys that must not be in any chain.
#pragma once

#include <string>
#include <vector>

#include "core/word_table.h"

namespace spdm::certstore {

// What a fingerprint is of. A device can encode a certificate again, without the key of its issuer: the fingerprint of the whole
// is another one then. What the issuer signed stays as it is.
enum class DenialKind {
  tbs,          // the DER TBSCertificate
  certificate,  // the DER certificate, with its signature
  key,          // the DER SubjectPublicKeyInfo
};
inline constexpr std::array kDenialKinds{
    Word{DenialKind::tbs, "tbs"},
    Word{DenialKind::certificate, "certificate"},
    Word{DenialKind::key, "key"},
};
static_assert(is_sound(kDenialKinds));
inline std::string_view name(DenialKind kind) { return row_of(kDenialKinds, kind).name; }

struct Denial {
  DenialKind kind = DenialKind::certificate;
  std::string sha256;  // lower-case hex
  std::string comment;
  std::string file, origin;  // origin: "FILE:LINE"
};

// {version: 1, deny: [{tbs: SHA256 | certificate: SHA256 | key: SHA256, comment: TEXT}, ...]}
// Throws Error{config} with file, line and column.
std::vector<Denial> read_denials(const std::string& file, const std::string& contents);

// The entry with a fingerprint of this kind; nullptr when there is none.
const Denial* find_denial(const std::vector<Denial>& denials, DenialKind kind, const std::string& sha256);

}  // namespace spdm::certstore
