// Reads the PEM blocks of a file (RFC 7468).
#pragma once

#include <functional>
#include <string_view>

#include "core/bytes.h"

namespace spdm::crypto {

// Calls `take` with every block of a PEM file, its label and its number, from 1 on. Throws Error{bad_input} naming
// `what` for a broken block, and for a private key.
void for_each_pem_block(View file, std::string_view what,
                        const std::function<void(std::string_view label, View der, std::size_t number)>& take);

// Throws Error{bad_input}: `what` has a private key where certificates are read.
[[noreturn]] void refuse_private_key(std::string_view what);

}  // namespace spdm::crypto
