// Text in columns.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "cmd/output/wrap.h"
#include "core/text.h"

namespace spdm::cmd {

// Each column is as wide as its longest cell; the last one is not padded, and has its middle left out where the screen ends unless it is
// `whole`.
template <std::size_t N>
std::string table(const std::vector<std::array<std::string, N>>& rows, bool whole = false) {
  std::array<std::size_t, N> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < N; ++i) widths[i] = std::max(widths[i], row[i].size());
  constexpr std::size_t kLeast = 8;  // a cell that is cut says no less
  std::size_t taken = 2 * (N - 1);
  for (std::size_t i = 0; i + 1 < N; ++i) taken += widths[i];
  const std::size_t room = std::max(kLeast, kScreenWidth - std::min(taken, kScreenWidth));
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < N; ++i) out += cat(row[i], std::string(widths[i] - row[i].size() + 2, ' '));
    out += whole ? row.back() : middle_cut(row.back(), room);
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  }
  return out;
}

}  // namespace spdm::cmd
