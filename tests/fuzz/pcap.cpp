// Captures: each device that was read is written again, and has the same messages. However the file is read, it has the same devices; those
// of a large one come as they end.
#include "core/evidence/pcap.h"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "core/error.h"
#include "core/evidence/capture_source.h"
#include "core/evidence/capture_writer.h"
#include "tests/fuzz/fuzz.h"

namespace {

using Parts = std::vector<spdm::EvidencePart>;

// As from a pipe that gives so little at once; nothing where the capture cannot be read.
std::optional<Parts> read(spdm::View file, std::size_t piece, std::size_t most_whole) try {
  const auto slow = [whole = spdm::pieces_of(file), piece](std::span<char> room) mutable {
    return whole(room.first(std::min(room.size(), piece)));
  };
  Parts out;
  spdm::CaptureParts parts(slow, "fuzz input", most_whole);
  while (std::optional<spdm::EvidencePart> part = parts.next()) out.push_back(*std::move(part));
  return out;
} catch (const spdm::Error&) {
  return std::nullopt;
}

bool is_same(const spdm::EvidencePart& one, const spdm::EvidencePart& other) {
  return one.label == other.label && one.error.has_value() == other.error.has_value() &&
         one.evidence.log.size() == other.evidence.log.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    const std::optional<Parts> whole = read({data, size}, size + 1, size), pieces = read({data, size}, 7, size);
    fuzz::require(whole.has_value() == pieces.has_value());
    fuzz::require(!whole || std::equal(whole->begin(), whole->end(), pieces->begin(), pieces->end(), is_same));
    read({data, size}, size + 1, 0);
    for (const spdm::EvidencePart& part : spdm::read_pcap({data, size}, "fuzz input")) {
      if (part.error) continue;
      const spdm::Bytes written = spdm::write_pcap(part.evidence);
      const std::vector<spdm::EvidencePart> again = spdm::read_pcap(written, "written");
      fuzz::require(again.size() == 1 && again.front().evidence.log.size() == part.evidence.log.size());
      fuzz::require(again.front().evidence.host.mctp == part.evidence.host.mctp && spdm::write_pcap(again.front().evidence) == written);
    }
  });
}
