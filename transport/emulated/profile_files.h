// Reads the files that a device profile names: certificates, keys and contents.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/file.h"

namespace spdm::transport {

// Reads a whole regular file. Throws Error: config when it cannot be read or exceeds the limit of its kind; permission.
Bytes read_profile_file(const std::filesystem::path& path, FileKind kind);

// The certificates of a PEM file, or of DER files back to back, each as DER. Throws Error{config} naming `what`.
std::vector<Bytes> split_certificates(View file, const std::string& what);

}  // namespace spdm::transport
