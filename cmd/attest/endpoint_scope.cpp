#include "cmd/attest/endpoint_scope.h"

#include "core/error.h"
#include "core/text.h"
#include "transport/mctp/kernel_socket.h"

namespace spdm::cmd {

using transport::Host;
using transport::MctpAddress;
using transport::MctpNeighbour;

namespace {

constexpr std::string_view kMctp = "mctp:";

}  // namespace

bool is_copy(const Host& host) { return host.root != "/"; }

bool is_endpoint(std::string_view target) { return target.starts_with(kMctp); }

std::optional<MctpAddress> endpoint_of(std::string_view target) {
  if (!is_endpoint(target)) return std::nullopt;
  return transport::parse_mctp_address(target.substr(0, target.find('?')).substr(kMctp.size()));
}

std::string target_of(const MctpAddress& address) { return cat(kMctp, to_string(address)); }

bool means(std::string_view target, const MctpAddress& address) {
  const std::optional<MctpAddress> named = endpoint_of(target);
  return named && named->eid == address.eid && (named->network == 0 || named->network == address.network);
}

HostView view_of(const MctpNeighbour& endpoint) {
  HostView out;
  out.target = target_of(endpoint.address);
  out.mctp = MctpView{.network = endpoint.address.network, .eid = endpoint.address.eid, .interface = endpoint.interface};
  return out;
}

HostView view_of_endpoint(std::string_view target, const Host& host) {
  HostView out;
  out.target = target;
  const std::optional<MctpAddress> address = endpoint_of(target);
  if (!address) return out;
  out.mctp = MctpView{.network = {}, .eid = address->eid, .interface = {}};
  if (address->network != 0) out.mctp->network = address->network;
  if (is_copy(host)) return out;
  try {
    out.mctp = transport::find_endpoint(transport::mctp_routes(), *address);
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): no route leads there: its address is all there is
  }
  return out;
}

std::vector<MctpNeighbour> endpoints_of(const Host& host) {
  return is_copy(host) ? std::vector<MctpNeighbour>() : transport::endpoints_of(transport::mctp_routes());
}

std::vector<MctpNeighbour> endpoints_to_ask(const Host& host) {
  assert_has_mctp(host);
  std::vector<MctpNeighbour> out = endpoints_of(host);
  std::erase_if(out, [](const MctpNeighbour& endpoint) { return endpoint.is_local; });
  return out;
}

void assert_has_mctp(const Host& host) {
  if (!is_copy(host) && !transport::kernel_has_mctp()) transport::fail_without_mctp();
}

}  // namespace spdm::cmd
