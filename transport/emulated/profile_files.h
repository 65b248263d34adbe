// The files a device profile names: certificates, keys and contents.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/bytes.h"

namespace spdm::transport {

inline constexpr std::size_t kMaxProfileFile = 16U << 20;

// A whole file; throws Error{config} when it cannot be read or is larger than kMaxProfileFile.
Bytes read_profile_file(const std::filesystem::path& path);

// The certificates of a PEM file, or of DER files back to back, each as DER. Throws Error{config} naming `what`.
std::vector<Bytes> split_certificates(View file, const std::string& what);

}  // namespace spdm::transport
