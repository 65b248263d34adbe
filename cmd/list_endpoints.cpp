#include "cmd/list_endpoints.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <nlohmann/json.hpp>

#include "cmd/attest/endpoint_scope.h"
#include "cmd/host/parallel.h"
#include "cmd/output/render.h"
#include "cmd/output/table.h"
#include "core/text.h"
#include "transport/mctp/control.h"
#include "transport/mctp/kernel_socket.h"

namespace spdm::cmd {

namespace {

using transport::MctpNeighbour;
using transport::MctpSocket;

constexpr std::size_t kEndpointsAtOnce = 32;  // most of a range do not answer

// One socket for each thread: an answer comes to whom it belongs.
class Pool {
 public:
  explicit Pool(MctpSockets sockets) : free_(std::move(sockets)) {}

  std::unique_ptr<MctpSocket> take() {
    const std::lock_guard lock(mutex_);
    std::unique_ptr<MctpSocket> out = std::move(free_.back());
    free_.pop_back();
    return out;
  }
  void give_back(std::unique_ptr<MctpSocket> socket) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(socket));
  }

 private:
  std::mutex mutex_;
  MctpSockets free_;
};

void ask(ListedEndpoint& listed, MctpSocket& socket, Clock::duration timeout) {
  try {
    listed.types = transport::message_types(socket, listed.endpoint.address, Clock::now() + timeout);
  } catch (const Error& error) {
    listed.error = error;
    listed.error->device = target_of(listed.endpoint.address);
  }
}

std::string spdm_text(const ListedEndpoint& listed) {
  if (!listed.types) return listed.is_there() ? "unknown" : "no answer";
  if (!listed.speaks_spdm()) return "-";
  return listed.takes(kMctpSecuredSpdm) ? "yes, secured" : "yes";
}

}  // namespace

bool ListedEndpoint::takes(std::uint8_t type) const { return types && std::find(types->begin(), types->end(), type) != types->end(); }

bool ListedEndpoint::is_there() const { return !(error && error->id == ErrorId::timeout && endpoint.is_one_of_many); }

std::vector<ListedEndpoint> listed(std::vector<MctpNeighbour> endpoints) {
  std::vector<ListedEndpoint> out;
  out.reserve(endpoints.size());
  for (MctpNeighbour& endpoint : endpoints) out.push_back({.endpoint = std::move(endpoint)});
  return out;
}

MctpSockets open_sockets(const std::vector<ListedEndpoint>& endpoints) {
  MctpSockets out;
  for (std::size_t i = 0; i < std::min(endpoints.size(), kEndpointsAtOnce); ++i) out.push_back(transport::open_mctp_socket());
  return out;
}

void ask_endpoints(std::vector<ListedEndpoint>& endpoints, MctpSockets sockets, Clock::duration timeout) {
  std::vector<ListedEndpoint*> others;
  for (ListedEndpoint& listed : endpoints)
    if (!listed.endpoint.is_local) others.push_back(&listed);
  const std::size_t width = std::max<std::size_t>(sockets.size(), 1);
  Pool pool(std::move(sockets));
  in_order<ListedEndpoint*>(
      others.size(), width,
      [&](std::size_t i) {
        std::unique_ptr<MctpSocket> socket = pool.take();
        ask(*others[i], *socket, timeout);
        pool.give_back(std::move(socket));
        return others[i];
      },
      [](ListedEndpoint*) {});
}

Json to_json(const ListedEndpoint& listed) {
  const MctpNeighbour& endpoint = listed.endpoint;
  Json out{{"target", target_of(endpoint.address)}, {"network", endpoint.address.network}, {"eid", endpoint.address.eid}};
  out["interface"] = printable(endpoint.interface);
  out["local"] = endpoint.is_local;
  out["spdm"] = listed.types ? Json(listed.speaks_spdm()) : Json();
  out["secured"] = listed.types ? Json(listed.takes(kMctpSecuredSpdm)) : Json();
  if (listed.types) {
    out["message_types"] = Json::array();
    for (const std::uint8_t type : *listed.types) out["message_types"].push_back(cat("0x", hex(type, 2)));
  }
  if (listed.error) out["error"] = error_json(*listed.error);
  return out;
}

std::string to_text(const std::vector<ListedEndpoint>& endpoints) {
  if (endpoints.empty()) return "";
  std::vector<std::array<std::string, 4>> rows{{"ENDPOINT", "SPDM", "LOCAL", "INTERFACE"}};
  for (const ListedEndpoint& listed : endpoints)
    rows.push_back({target_of(listed.endpoint.address), spdm_text(listed), listed.endpoint.is_local ? "yes" : "no",
                    printable(listed.endpoint.interface)});
  return table(rows);
}

}  // namespace spdm::cmd
