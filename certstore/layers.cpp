// What issuers say of the state of the layers that they have certified: flags of DiceTcbInfo, and the mode of Open DICE.
#include <array>

#include "certstore/validation.h"
#include "core/appraisal/layers.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

struct State {
  TcbFlag flag;
  FindingId id;
  std::string_view why, remedy;
};
constexpr std::array kStates{
    State{TcbFlag::not_configured, FindingId::tcb_not_configured, "the layer that it certifies is not configured",
          "finish the provisioning of the device"},
    State{TcbFlag::not_secure, FindingId::tcb_not_secure, "the layer that it certifies is not secure",
          "ask the vendor about the state of the device"},
    State{TcbFlag::recovery, FindingId::tcb_recovery, "the layer that it certifies is in recovery",
          "finish the recovery, and start the device again"},
    State{TcbFlag::debug, FindingId::tcb_debug, "the layer that it certifies is in debug mode",
          "a layer in debug mode cannot be trusted: reset the device, and find out who enabled debug"},
};

}  // namespace

void check_layers(Validation& j) {
  const auto& certificates = j.result.certificates;
  for (std::size_t i = first_certified(j.result); i < certificates.size(); ++i)
    for (const LayerState& layer : states_of(certificates[i]))
      for (const State& state : kStates)
        if ((layer.states & bit_of(state.flag)) != 0)
          j.find(state.id, j.place(i, layer.where), cat(state.why, ", according to its issuer"), std::string(state.remedy));
}

}  // namespace spdm::certstore
