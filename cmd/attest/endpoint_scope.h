// Endpoints of MCTP networks as targets: which there are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence/evidence.h"
#include "transport/base/host.h"
#include "transport/mctp/routes.h"

namespace spdm::cmd {

// Whether a target is an endpoint by its name: "mctp:9"; and its address. Nothing for a name that is wrong.
bool is_endpoint(std::string_view target);
std::optional<transport::MctpAddress> endpoint_of(std::string_view target);
// The target that an endpoint is: "mctp:1:9".
std::string target_of(const transport::MctpAddress& address);
// Whether a target means this endpoint, whose network it need not name.
bool means(std::string_view target, const transport::MctpAddress& address);

// What the host sees of an endpoint; of one that no route leads to, its address.
HostView view_of(const transport::MctpNeighbour& endpoint);
HostView view_of_endpoint(std::string_view target, const transport::Host& host);

// Whether the files of the kernel are a copy (SPDMCTL_SYSROOT): of its networks they tell nothing, and the kernel at work is another one.
bool is_copy(const transport::Host& host);
// The endpoints that the kernel's routes lead to, with its own addresses; none for a copy. Makes a socket. Throws as
// transport::mctp_routes().
std::vector<transport::MctpNeighbour> endpoints_of(const transport::Host& host);
// The endpoints of others, which `all` stands for where MCTP is asked (--via mctp). Throws Error{unsupported}, too, where the kernel has
// no MCTP.
std::vector<transport::MctpNeighbour> endpoints_to_ask(const transport::Host& host);
// Throws Error{unsupported} where the kernel has no MCTP.
void assert_has_mctp(const transport::Host& host);

inline constexpr std::string_view kNoEndpoint = "no route of this host leads to an MCTP endpoint";

}  // namespace spdm::cmd
