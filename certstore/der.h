// Reads DER elements from hostile bytes: definite, minimal lengths only (X.690 10.1), and never past the end.
#pragma once

#include <optional>
#include <string>

#include "core/bytes.h"

namespace spdm::certstore {

inline constexpr std::uint8_t kInteger = 0x02, kObjectIdentifier = 0x06, kSequence = 0x30;

struct Element {
  std::uint8_t tag;
  View content;
  View whole;  // tag and length included
};

// Takes one element off the front of `rest`. Empty, with the reason in `why`, when there is none.
std::optional<Element> take_element(View& rest, std::string& why);

// The TBSCertificate of a certificate, the part that its issuer has signed; empty where there is none in DER.
View tbs_of(View certificate);

}  // namespace spdm::certstore
