#include "core/evidence/dice.h"

#include <array>

#include "core/text.h"

namespace spdm {

std::vector<std::string> names_of(TcbFlags flags) {
  constexpr unsigned kBits = 64, kFixedWidth = 31;
  std::vector<std::string> out;
  for (unsigned bit = 0; bit < kBits; ++bit) {
    if ((flags >> bit & 1) == 0 || bit == kFixedWidth) continue;
    out.push_back(bit < kTcbFlags.size() ? std::string(name(static_cast<TcbFlag>(bit))) : cat("bit ", bit));
  }
  return out;
}

}  // namespace spdm
