#include "core/fleet/digest_table.h"

#include <doctest/doctest.h>

#include "core/text.h"

using namespace spdm;

namespace {

// A digest with this number at `at`, and nothing else.
Bytes numbered(std::size_t number, std::size_t at) {
  Bytes out(32);
  for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<std::uint8_t>(number >> 8 * i);
  return out;
}

}  // namespace

TEST_CASE("digest table: no choice of digests makes it slow") {
  for (const std::size_t at : {std::size_t{0}, std::size_t{4}, std::size_t{8}}) {
    DigestTable table;
    for (std::size_t i = 0; i < 50'000; ++i) CHECK(table.insert(numbered(i, at), static_cast<std::uint32_t>(i)) == i);
    CHECK(table.size() == 50'000);
    CHECK(table.insert(numbered(17, at), 1) == 17);
    CHECK(table[numbered(49'999, at)] == 49'999);
    CHECK_FALSE(table[numbered(50'000, at)]);
    CHECK_MESSAGE(table.longest_row() < 5'000, cat("differ at ", at, ": ", table.longest_row()));
  }
}
