// Text in columns.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/text.h"

namespace spdm::cmd {

// Each column is as wide as its longest cell; the last one is not padded.
template <std::size_t N>
std::string table(const std::vector<std::array<std::string, N>>& rows) {
  std::array<std::size_t, N> widths{};
  for (const auto& row : rows)
    for (std::size_t i = 0; i < N; ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < N; ++i) out += cat(row[i], std::string(widths[i] - row[i].size() + 2, ' '));
    out += cat(row.back(), "\n");
  }
  return out;
}

}  // namespace spdm::cmd
