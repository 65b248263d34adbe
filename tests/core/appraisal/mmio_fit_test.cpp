#include "core/appraisal/mmio_fit.h"

#include <doctest/doctest.h>

using namespace spdm;

namespace {

constexpr std::uint64_t kPages = std::uint64_t{1} << 52;

MmioRange range(std::uint64_t first_page, std::uint32_t pages) {
  MmioRange out;
  out.first_page = first_page;
  out.pages = pages;
  return out;
}

// 16 pages at 0xE0000000, 4 pages at 0xE0100000.
const std::vector<PciBar> kBars{{0, 0xE0000000, 0x10000}, {2, 0xE0100000, 0x4000}};

}  // namespace

TEST_CASE("ranges lie within the BARs with the offset 0") {
  CHECK(fit_into({range(0xE0000, 16), range(0xE0100, 4)}, kBars).why.empty());
  CHECK(fit_into({range(0xE0004, 2)}, kBars).why.empty());
  CHECK(fit_into({}, {}).why.empty());
}

TEST_CASE("one offset is added to all ranges, whichever it is") {
  CHECK(fit_into({range(0xE0000 + 0xD0000, 16), range(0xE0100 + 0xD0000, 4)}, kBars).why.empty());
  // A negative one, which leaves the address space at its beginning.
  const std::uint64_t offset = kPages - 0xE0010;
  CHECK(fit_into({range((0xE0000 + offset) % kPages, 16), range((0xE0100 + offset) % kPages, 4)}, kBars).why.empty());
}

TEST_CASE("two ranges need the same offset") {
  CHECK(fit_into({range(0xE0000, 16), range(0xE0101, 4)}, kBars).why ==
        "its ranges lie within the BARs of the function with no MMIO reporting offset");
  // Each fits by itself: the small one into both BARs.
  CHECK(fit_into({range(0x0, 16), range(0x100, 4)}, kBars).why.empty());
  CHECK(!fit_into({range(0x0, 16), range(0x0FF, 4)}, kBars).why.empty());
  CHECK(!fit_into({range(0x0, 16), range(0x101, 4)}, kBars).why.empty());
}

TEST_CASE("a range of as many pages as a BAR fits, and one of more does not") {
  CHECK(fit_into({range(0, 16)}, kBars).why.empty());
  CHECK(fit_into({range(0, 4), range(0, 17)}, kBars).why == "range 1 has 17 pages, and no BAR of the function has so many");
}

TEST_CASE("a BAR that is smaller than a page has that page") {
  CHECK(fit_into({range(5, 1)}, {{0, 0xE0000000, 256}}).why.empty());
  CHECK(!fit_into({range(5, 2)}, {{0, 0xE0000000, 256}}).why.empty());
}

TEST_CASE("without a BAR no range lies within") { CHECK(!fit_into({range(0, 1)}, {}).why.empty()); }
