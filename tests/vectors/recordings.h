// The recordings of the reference implementation: SPDMCTL_VECTORS names their folder.
#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/evidence/load.h"

namespace recordings {

namespace fs = std::filesystem;

// Empty where there are none.
inline fs::path folder() {
  const char* name = std::getenv("SPDMCTL_VECTORS");
  return name == nullptr ? fs::path{} : fs::path(name);
}

inline spdm::Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

inline spdm::Evidence capture(const fs::path& path) { return spdm::load_evidence(read_file(path), path.filename().string()); }

// The one pre-shared key of the reference implementation: "TestPskData", with its end.
inline constexpr const char* kPsk = "5465737450736b4461746100";

}  // namespace recordings
