// Files of reference values.
#include "core/appraisal/references.h"

#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    spdm::References references;
    spdm::add_references(references, "refs.yaml", {reinterpret_cast<const char*>(data), size});
  });
}
