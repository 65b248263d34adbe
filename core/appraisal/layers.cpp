#include "core/appraisal/layers.h"

#include "core/text.h"

namespace spdm {

namespace {

std::string place_of(const ExtensionInfo& extension, std::size_t at) {
  return extension.tcb_infos.size() == 1 ? extension.name : cat(extension.name, " ", at + 1);
}

LayerState state_of(const OpenDiceInput& input, const std::string& where) {
  LayerState out{where};
  if (!input.mode) return out;
  out.is_normal = *input.mode == DiceMode::normal;
  if (*input.mode == DiceMode::not_initialized) out.states = bit_of(TcbFlag::not_configured);
  if (*input.mode == DiceMode::debug) out.states = bit_of(TcbFlag::debug);
  if (*input.mode == DiceMode::recovery) out.states = bit_of(TcbFlag::recovery);
  return out;
}

}  // namespace

std::size_t first_certified(const ChainResult& chain) {
  const auto& certificates = chain.certificates;
  if (chain.anchor)
    for (std::size_t i = 0; i < certificates.size(); ++i)
      if (certificates[i].sha256 == chain.anchor->sha256) return i + 1;
  if (chain.anchor || certificates.empty()) return 0;
  return certificates.front().subject == certificates.front().issuer ? 1 : 0;
}

std::vector<LayerState> states_of(const CertificateInfo& certificate) {
  std::vector<LayerState> out;
  for (const ExtensionInfo& extension : certificate.extensions) {
    for (std::size_t i = 0; i < extension.tcb_infos.size(); ++i) {
      const TcbInfo& info = extension.tcb_infos[i];
      if (info.flags) out.push_back({place_of(extension, i), info.states(), info.denies(TcbFlag::debug)});
    }
    if (extension.open_dice) out.push_back(state_of(*extension.open_dice, extension.name));
  }
  return out;
}

std::vector<LayerSvn> svns_of(const CertificateInfo& certificate) {
  std::vector<LayerSvn> out;
  for (const ExtensionInfo& extension : certificate.extensions)
    for (std::size_t i = 0; i < extension.tcb_infos.size(); ++i)
      if (extension.tcb_infos[i].svn) out.push_back({place_of(extension, i), *extension.tcb_infos[i].svn});
  return out;
}

}  // namespace spdm
