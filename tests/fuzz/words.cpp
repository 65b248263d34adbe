// Reports that are read for what devices say of themselves, and the names that are made of it.
#include <algorithm>

#include "core/appraisal/needed_references.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte is the size of the pieces: what is read must not depend on them.
  const std::size_t piece = std::size_t{data[0]} + 1;
  std::size_t at = 1;
  return fuzz::run([&] {
    spdm::read_words(
        [&](std::span<char> room) {
          const std::size_t count = std::min({piece, room.size(), size - at});
          std::copy_n(data + at, count, room.data());
          at += count;
          return count;
        },
        "fuzz input",
        [](const spdm::DeviceWords& device) {
          for (const spdm::NeededReference& one : spdm::needed_references(device)) {
            // Either a name or why there is none; and a name is plain, whatever the device says.
            fuzz::require(one.id.empty() != one.why.empty());
            fuzz::require(one.id.empty() == one.url.empty());
            for (const char c : one.id)
              fuzz::require((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || c == '.' || c == '-');
          }
        });
  });
}
