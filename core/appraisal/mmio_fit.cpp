#include "core/appraisal/mmio_fit.h"

#include <algorithm>

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::uint64_t kPage = 4096;
// Pages of the 64-bit address space: offsets are added modulo this.
constexpr std::uint64_t kPages = (std::uint64_t{1} << 52);

std::uint64_t pages_of(const PciBar& bar) { return bar.size / kPage + (bar.size % kPage != 0 ? 1 : 0); }

// Offsets in pages, first and last.
struct Offsets {
  std::uint64_t first, last;
};

void add(std::vector<Offsets>& out, std::uint64_t first, std::uint64_t length) {
  const std::uint64_t begin = first % kPages, last = begin + length;
  if (last < kPages) return out.push_back({begin, last});
  out.push_back({begin, kPages - 1});
  out.push_back({0, last - kPages});
}

// With which the range lies within a BAR; in order, and apart from each other.
std::vector<Offsets> offsets_of(const MmioRange& range, const std::vector<PciBar>& bars) {
  std::vector<Offsets> all;
  for (const PciBar& bar : bars)
    if (const std::uint64_t pages = pages_of(bar); range.pages <= pages)
      add(all, kPages + range.first_page + range.pages - bar.begin / kPage - pages, pages - range.pages);
  std::sort(all.begin(), all.end(), [](const Offsets& a, const Offsets& b) { return a.first < b.first; });
  std::vector<Offsets> out;
  for (const Offsets& one : all)
    if (out.empty() || one.first > out.back().last)
      out.push_back(one);
    else
      out.back().last = std::max(out.back().last, one.last);
  return out;
}

}  // namespace

MmioFit fit_into(const std::vector<MmioRange>& ranges, const std::vector<PciBar>& bars) {
  if (ranges.empty()) return {};
  if (bars.empty()) return {"it has ranges of memory, and the function has no memory BAR", true};
  struct Step {
    std::uint64_t at;
    bool begins;
  };
  std::vector<Step> steps;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const std::vector<Offsets> offsets = offsets_of(ranges[i], bars);
    if (offsets.empty()) return {cat("range ", i, " has ", ranges[i].pages, " pages, and no BAR of the function has so many"), true};
    for (const Offsets& one : offsets) {
      steps.push_back({one.first, true});
      steps.push_back({one.last + 1, false});
    }
  }
  // An offset that suits them all: as many have begun as there are ranges. Those that end come first.
  std::sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.at != b.at ? a.at < b.at : a.begins < b.begins; });
  std::size_t open = 0;
  for (const Step& step : steps) {
    if (!step.begins) {
      --open;
    } else if (++open == ranges.size()) {
      return {};
    }
  }
  return {"its ranges lie within the BARs of the function with no MMIO reporting offset", false};
}

}  // namespace spdm
