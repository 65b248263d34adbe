// Certificates as PEM text (RFC 7468).
#pragma once

#include <string>
#include <string_view>

#include "core/bytes.h"

namespace spdm::cmd {

std::string to_pem(View certificate);
// DER under another label: "PUBLIC KEY".
std::string to_pem(View der, std::string_view label);

}  // namespace spdm::cmd
