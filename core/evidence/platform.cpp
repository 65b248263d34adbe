#include "core/evidence/platform.h"

#include <array>

namespace spdm {

namespace {

constexpr std::array<std::string_view, 4> kGrammars{"absent", "verdict", "tsm", "unknown"};

}  // namespace

std::string_view name(AuthenticatedGrammar grammar) { return kGrammars.at(static_cast<std::size_t>(grammar)); }

std::optional<AuthenticatedGrammar> grammar_of(std::string_view name) {
  for (std::size_t i = 0; i < kGrammars.size(); ++i)
    if (kGrammars[i] == name) return static_cast<AuthenticatedGrammar>(i);
  return std::nullopt;
}

}  // namespace spdm
