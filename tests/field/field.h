// Real files of vendors and of other projects: SPDMCTL_FIELD names their folder. Without it these tests are skipped.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "core/bytes.h"

namespace field {

namespace fs = std::filesystem;

// Empty: there are none.
inline fs::path folder() {
  const char* name = std::getenv("SPDMCTL_FIELD");
  return name == nullptr ? fs::path() : fs::path(name);
}

inline spdm::Bytes read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace field
