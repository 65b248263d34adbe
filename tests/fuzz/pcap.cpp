// Captures: each device that was read is written again, and has the same messages.
#include "core/evidence/pcap.h"

#include <algorithm>

#include "tests/fuzz/fuzz.h"

namespace {

bool same_directions(const spdm::MessageLog& a, const spdm::MessageLog& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.from_requester == y.from_requester; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    for (const spdm::EvidencePart& part : spdm::read_pcap({data, size}, "fuzz input")) {
      if (part.error) continue;
      const spdm::Bytes written = spdm::write_pcap(part.evidence);
      const std::vector<spdm::EvidencePart> again = spdm::read_pcap(written, "written");
      fuzz::require(again.size() == 1 && again.front().evidence.log.size() == part.evidence.log.size());
      // Who asked may be known by a connection, and what is written tells it by codes alone.
      if (!same_directions(part.evidence.log, again.front().evidence.log)) continue;
      fuzz::require(again.front().evidence.host.mctp == part.evidence.host.mctp && spdm::write_pcap(again.front().evidence) == written);
    }
  });
}
