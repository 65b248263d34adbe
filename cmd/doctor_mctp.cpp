#include <linux/capability.h>

#include "cmd/attest/endpoint_scope.h"
#include "cmd/doctor.h"
#include "cmd/doctor_pieces.h"
#include "transport/mctp/kernel_socket.h"

namespace spdm::cmd {

Diagnosis about_mctp(const MctpState& state) {
  if (!state.problem.empty()) return {Health::limited, "mctp", printable(state.problem), ""};
  if (!state.kernel_has_it)
    return {Health::good, "mctp", "this kernel has no MCTP: endpoints of MCTP networks cannot be asked",
            "a BMC takes a kernel with CONFIG_MCTP; Debian's have none"};
  if (state.endpoints == 0)
    return {Health::good, "mctp", "the kernel has MCTP, and no route to an endpoint", "routes are made by mctpd, or with: mctp route add"};
  const std::string what = cat("routes lead to ", counted(state.endpoints, "endpoint"));
  if (!state.may_send)
    return {Health::limited, "mctp", cat(what, "; without CAP_NET_RAW none can be asked"), "run as root; in a container, grant it"};
  return {Health::good, "mctp", what, "see which of them speak SPDM: spdmctl list --mctp"};
}

void examine_mctp(std::vector<Diagnosis>& out, const transport::Host& host) {
  if (is_copy(host)) return;
  MctpState state{.kernel_has_it = transport::kernel_has_mctp(), .may_send = has_capability(CAP_NET_RAW)};
  try {
    for (const transport::MctpNeighbour& endpoint : endpoints_of(host))
      if (!endpoint.is_local) ++state.endpoints;
  } catch (const Error& error) {
    state.problem = error.what();
  }
  out.push_back(about_mctp(state));
}

}  // namespace spdm::cmd
