// Reports of other hosts, whole documents or lines, and what is made of them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/fleet/summary.h"
#include "tests/fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  return fuzz::run([&] {
    // The first byte is the size of the pieces: what is read must not depend on them.
    const std::size_t piece = std::size_t{data[0]} + 1;
    const auto read = [&](std::size_t most) {
      spdm::Summarizer summarizer(0, {.results = 8, .rows = 4, .lines = 4, .devices = 8});
      std::size_t at = 1;
      spdm::read_results(
          [&](std::span<char> room) {
            const std::size_t count = std::min({most, room.size(), size - at});
            std::copy_n(data + at, count, room.data());
            at += count;
            return count;
          },
          "fuzz input", "host",
          {.result = [&](const spdm::Result& result) { summarizer.add(result); },
           .unreadable = [&](spdm::Unreadable fault) { summarizer.add(std::move(fault)); },
           .host = [&](const std::string& host) { summarizer.add_host(host); }});
      return spdm::to_json(summarizer.finish()).dump();
    };
    fuzz::require(read(piece) == read(size));
  });
}
