// Certificates as PEM text (RFC 7468).
#pragma once

#include <string>

#include "core/wire/bytes.h"

namespace cmd {

std::string to_pem(spdm::View certificate);

}  // namespace cmd
