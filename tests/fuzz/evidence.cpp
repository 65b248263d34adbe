// Evidence files: what was read is written again, and means the same.
#include "core/evidence/file.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    const spdm::Evidence evidence = spdm::read_evidence({reinterpret_cast<const char*>(data), size}, "fuzz input");
    const std::string written = spdm::write_evidence(evidence);
    fuzz::require(spdm::write_evidence(spdm::read_evidence(written, "written")) == written);
  });
}
