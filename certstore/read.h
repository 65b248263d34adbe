// Keyring files as bytes: bounded, never blocking on a pipe, and telling a mask from a file.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace spdm::certstore {

inline constexpr std::size_t kMaxKeyringFile = 1U << 20;  // bytes; a certificate has a few thousand

struct FileBytes {
  Bytes bytes;
  bool mask = false;     // /dev/null; an empty file may be what a crash has left of one that narrows trust
  std::string why;       // not empty: it cannot be used
  bool refused = false;  // and that is for want of permission
};

// Why a file with nothing in it cannot be used.
inline constexpr std::string_view kEmptyFile = "is empty; to mask the name, link it to /dev/null";

// Whether a path that is not there is one because it, or a folder above it, is a link to nowhere.
bool dangles(const std::filesystem::path& path);

// Whether a revocation list is in it: a block of PEM among others, or all of it in DER.
bool holds_crl(View file);

FileBytes read_file(const std::filesystem::path& path, std::size_t limit = kMaxKeyringFile);

// Every block of a PEM file with its label and its number, from 1 on. Throws Error{bad_input} naming `what` for a block
// that is broken, and for a private key.
void for_each_pem_block(View file, std::string_view what,
                        const std::function<void(std::string_view label, View der, std::size_t number)>& take);

}  // namespace spdm::certstore
