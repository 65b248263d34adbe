// Evidence of any kind, as others keep it, too: what was read is written as evidence of ours, which means the same.
#include "core/evidence/document.h"
#include "core/evidence/file.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run([&] { spdm::read_chain_file({data, size}, "chain"); });
  return fuzz::run([&] {
    for (const spdm::EvidencePart& part : spdm::load_parts({data, size}, "fuzz input")) {
      if (part.error) continue;
      const std::string written = spdm::write_evidence(part.evidence);
      fuzz::require(spdm::write_evidence(spdm::read_evidence(written, "written")) == written);
    }
  });
}
