// The part of `list` that is about MCTP: the endpoints that routes lead to, and which of them speak SPDM.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/format/json.h"
#include "core/protocol/link.h"
#include "transport/mctp/routes.h"
#include "transport/mctp/socket.h"

namespace spdm::cmd {

struct ListedEndpoint {
  transport::MctpNeighbour endpoint;
  // The message types that it lists; nothing when it was not asked, or did not answer.
  std::optional<std::vector<std::uint8_t>> types = std::nullopt;
  std::optional<Error> error = std::nullopt;  // what went wrong when it was asked

  bool takes(std::uint8_t type) const;
  bool speaks_spdm() const { return takes(kMctpSpdm); }
  // It was asked, and is there or may be: of a range, who does not answer is nobody.
  bool is_there() const;
  // `list` shows those that speak SPDM, and those that may.
  bool may_speak_spdm() const { return is_there() && (speaks_spdm() || !types); }
};

std::vector<ListedEndpoint> listed(std::vector<transport::MctpNeighbour> endpoints);

using MctpSockets = std::vector<std::unique_ptr<transport::MctpSocket>>;
// As many as ask at once. A confined process makes none. Throws as open_mctp_socket().
MctpSockets open_sockets(const std::vector<ListedEndpoint>& endpoints);
// Asks the endpoints for their message types, but for addresses of this host. No Error of an endpoint is thrown: it is in the list.
void ask_endpoints(std::vector<ListedEndpoint>& endpoints, MctpSockets sockets, Clock::duration timeout);

Json to_json(const ListedEndpoint& listed);
// A table with a headline; empty for no endpoint.
std::string to_text(const std::vector<ListedEndpoint>& endpoints);

}  // namespace spdm::cmd
