// What a chain says of the layers of a device: each issuer speaks for the layer that it has certified, so a claim counts in certificates
// below the anchor, and not in a root, which nobody has certified.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/evidence/chain.h"

namespace spdm {

// The first certificate of the chain that counts: the one below its anchor; without one, the first that has an issuer.
std::size_t first_certified(const ChainResult& chain);

// One claim of an extension about the state of a layer.
struct LayerState {
  std::string where;       // "tcg-dice-MultiTcbInfo 2"
  TcbFlags states = 0;     // that are set. Open DICE has modes, which are the same: notInitialized, debug, recovery
  bool is_normal = false;  // it says that the layer is not debugged: not only that nothing is said of it
};
std::vector<LayerState> states_of(const CertificateInfo& certificate);

struct LayerSvn {
  std::string where;  // "tcg-dice-MultiTcbInfo 2"
  std::uint64_t svn = 0;
};
std::vector<LayerSvn> svns_of(const CertificateInfo& certificate);

}  // namespace spdm
