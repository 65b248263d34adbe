// Reads the PEM blocks in the files of a keyring.
#pragma once

#include <functional>
#include <string_view>

#include "core/bytes.h"

namespace spdm::certstore {

// Whether the file holds a revocation list: as one of its PEM blocks, or as a whole in DER.
bool holds_crl(View file);

// Calls `take` with every block of a PEM file, its label and its number, from 1 on. Throws Error{bad_input} naming
// `what` for a broken block, and for a private key.
void for_each_pem_block(View file, std::string_view what,
                        const std::function<void(std::string_view label, View der, std::size_t number)>& take);

}  // namespace spdm::certstore
