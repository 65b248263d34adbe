#include "transport/mctp/open.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/max_option.h"
#include "transport/mctp/kernel_socket.h"
#include "transport/mctp/mctp_link.h"
#include "transport/mctp/routes.h"

namespace spdm::transport {

MctpAddress mctp_address_of(std::string_view target) {
  target.remove_prefix(std::min(target.find(':') + 1, target.size()));
  const std::string_view text = target.substr(0, target.find('?'));
  const std::optional<MctpAddress> out = parse_mctp_address(text);
  if (!out)
    throw Error(
        ErrorId::usage, cat("'", printable(text), "' is no MCTP endpoint"),
        cat("the form is ", kMctpUsage, ", with an EID from ", static_cast<unsigned>(kFirstEid), " to ", static_cast<unsigned>(kLastEid)));
  return *out;
}

Opened open_mctp(std::string_view target, const OpenOptions& options) {
  MctpAddress address = mctp_address_of(target);
  const std::size_t max = max_option(target, kMctpUsage, kMostMctpMessage, kMostMctpMessage);
  std::unique_ptr<MctpSocket> socket = open_mctp_socket();
  const MctpView view = find_endpoint(mctp_routes(), address);
  address.network = view.network.value_or(0);
  auto lock = std::make_unique<EndpointLock>(options.host, address);
  Opened out{mctp_link(std::move(socket), address, {.max_message = max, .ask_types = options.gently}, std::move(lock)), {}};
  out.host.mctp = view;
  return out;
}

}  // namespace spdm::transport
