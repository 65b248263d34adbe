// A certificate chain that is good for trying things out and for nothing else: root, intermediate and leaf, each with a
// fresh key of one algorithm.
#pragma once

#include <filesystem>
#include <string>

#include "core/bytes.h"
#include "core/wire/algorithms.h"

namespace spdm::certstore {

struct ThrowawayRequest {
  const AsymAlgorithm* algorithm = nullptr;
  std::string device_info = "Example:Emulated device:0001";  // DMTF device-info otherName of the leaf; empty: none
  std::string identity;                                      // PCI-SIG CMA otherName "Vendor=..."; empty: none
};

struct Throwaway {
  Bytes root, intermediate, leaf;  // DER
  Bytes key;                       // of the leaf: PKCS#8, DER
};

// Throws Error{unsupported} when the crypto library lacks the algorithm.
Throwaway make_throwaway(const ThrowawayRequest& request);

// Writes root.pem, chain.pem (root, intermediate, leaf) and key.pem (mode 0600) into `directory`, which is made when it
// is not there. Each file appears whole or not at all. Throws Error{config} when one of them exists, io otherwise.
void write_throwaway(const Throwaway& made, const std::filesystem::path& directory);

// One file, written under a temporary name, then renamed: nobody ever reads half of it. Throws Error{config} when it
// exists already.
void write_new_file(const std::filesystem::path& path, std::string_view contents, unsigned mode = 0644);

}  // namespace spdm::certstore
