// Captures: what was read is written again, and holds the same messages.
#include <algorithm>

#include "core/evidence/pcap.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    const spdm::Evidence evidence = spdm::read_pcap({data, size}, "fuzz input");
    const spdm::Bytes written = spdm::write_pcap(evidence);
    const spdm::Evidence again = spdm::read_pcap(written, "written");
    fuzz::require(again.log.size() == evidence.log.size() && spdm::write_pcap(again) == written);
  });
}
