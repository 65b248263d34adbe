// What is in the files of a keyring: PEM blocks, and what they hold.
#pragma once

#include <functional>
#include <string_view>

#include "core/bytes.h"

namespace spdm::certstore {

// Whether a revocation list is in it: a block of PEM among others, or all of it in DER.
bool holds_crl(View file);

// Every block of a PEM file with its label and its number, from 1 on. Throws Error{bad_input} naming `what` for a block
// that is broken, and for a private key.
void for_each_pem_block(View file, std::string_view what,
                        const std::function<void(std::string_view label, View der, std::size_t number)>& take);

}  // namespace spdm::certstore
