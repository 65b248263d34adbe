// Makes a certificate chain for trying things out only: root, intermediate and leaf, each with a fresh key of one
// algorithm.
#pragma once

#include <filesystem>
#include <string>

#include "core/bytes.h"
#include "core/secret.h"
#include "core/wire/algorithms.h"

namespace spdm::certstore {

struct ThrowawayRequest {
  const AsymAlgorithm* algorithm = nullptr;
  std::string device_info = "Example:Emulated device:0001";  // DMTF device-info otherName of the leaf; empty: none
  std::string identity;                                      // PCI-SIG CMA otherName "Vendor=..."; empty: none
};

struct Throwaway {
  Bytes root, intermediate, leaf;  // DER
  Secret<Bytes> key;               // of the leaf: PKCS#8, DER
};

// Throws Error{unsupported} when the crypto library lacks the algorithm.
Throwaway make_throwaway(const ThrowawayRequest& request);

// Writes root.pem, chain.pem (root, intermediate, leaf) and key.pem (mode 0600) into `directory`, and makes the
// directory when it does not exist. Each file appears whole or not at all. Throws Error{config} when one of them
// exists, io otherwise.
void write_throwaway(const Throwaway& made, const std::filesystem::path& directory);

// Writes one file under a temporary name, then renames it: no reader sees half of it. Throws Error{config} when it
// exists.
void write_new_file(const std::filesystem::path& path, std::string_view contents, unsigned mode = 0644);

}  // namespace spdm::certstore
