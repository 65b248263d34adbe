// Keyring files as bytes: bounded, never blocking on a pipe, and telling a mask from a file.
#pragma once

#include <filesystem>
#include <string>

#include "core/wire/bytes.h"

namespace certstore {

inline constexpr std::size_t kMaxKeyringFile = 1U << 20;  // bytes; a certificate has a few thousand

struct FileBytes {
  spdm::Bytes bytes;
  bool mask = false;     // empty, or /dev/null
  std::string why;       // not empty: it cannot be used
  bool refused = false;  // and that is for want of permission
};

FileBytes read_file(const std::filesystem::path& path);

}  // namespace certstore
