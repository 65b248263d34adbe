// What the fuzz targets share. A target may throw Error on any input; everything else that is thrown, and a promise that
// is broken, is a crash.
#pragma once

#include <cstdlib>

#include "core/bytes.h"
#include "core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

template <class F>
int run(F target) {
  try {
    target();
  } catch (const spdm::Error& error) {
    // An error without words helps nobody.
    if (*error.what() == '\0') std::abort();
  }
  return 0;
}

inline void require(bool promise) {
  if (!promise) std::abort();
}

// The same for what a peer does: none of it may be taken for a defect of ours.
template <class F>
int run_with_peer(F target) {
  return run([&] {
    try {
      target();
    } catch (const spdm::Error& error) {
      if (error.id == spdm::ErrorId::internal) std::abort();
      throw;
    }
  });
}

// Picks an element with a byte of the input.
template <class Table>
const auto& pick(const Table& table, std::uint8_t byte) {
  return table[byte % table.size()];
}

}  // namespace fuzz
