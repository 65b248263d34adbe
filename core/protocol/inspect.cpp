#include "core/protocol/inspect.h"

#include <algorithm>
#include <cstdio>

#include "core/protocol/inspection_seen.h"
#include "core/wire/pci_vendor.h"

namespace spdm {

namespace {

// What stands around a portion of a report: VENDOR_DEFINED_RESPONSE with the ids of PCI-SIG and the protocol, TDISP, two lengths.
constexpr std::size_t kAroundPortion = 12 + kTdispHeaderSize + 4;
constexpr std::size_t kMostOfReport = 0xFFFF;  // OFFSET and LENGTH have 16 bits

class Inspector {
 public:
  Inspector(Requester& requester, FunctionId function) : requester_(requester), function_(function) {}

  void run() {
    query_ports();
    ask_interface();
  }

 private:
  // False where the device answers ERROR.
  bool ask(PciProtocol protocol, View message) {
    const Connection& connection = requester_.connection();
    const std::size_t errors = connection.errors().size();
    try {
      requester_.ask(wrap(protocol, message).encode(Code::vendor_defined_request, connection.version()));
    } catch (const Error& error) {
      if (!is_refusal(error, connection, errors)) throw;
      return false;
    }
    const VendorSeen& last = connection.vendor_defined().back();
    seen_.observe(last.request, last.response);
    return true;
  }

  // PCIe r6.x 6.33.3: the number of ports is in each answer; the first one counts.
  void query_ports() {
    unsigned last = 0;
    for (unsigned port = 0; port <= last; ++port) {
      if (!ask(PciProtocol::ide_km, IdeKmQuery{static_cast<std::uint8_t>(port)}.encode())) return;
      if (port == 0) last = seen_.ports().front().answer.max_port;
    }
  }

  void ask_interface() {
    if (!ask(PciProtocol::tdisp, encode_tdisp(TdispQuestion::version, function_))) return;
    const TdispSeen& interface = *seen_.find(function_);
    if (!interface.has_version()) return;
    if (!ask(PciProtocol::tdisp, GetTdispCapabilities{}.encode(function_))) return;
    if (!ask(PciProtocol::tdisp, encode_tdisp(TdispQuestion::state, function_))) return;
    // Else there is none (INVALID_INTERFACE_STATE).
    if (interface.state == TdiState::config_locked || interface.state == TdiState::run) read_report();
  }

  void read_report() {
    const Connection& connection = requester_.connection();
    const std::size_t room =
        connection.parameters().chunking() ? requester_.limits().max_message : std::size_t{requester_.data_transfer_size()};
    const std::size_t most = std::min(room > kAroundPortion ? room - kAroundPortion : 1, kMostOfReport);
    const auto read = [&] { return seen_.find(function_)->report.size(); };
    do {
      const std::size_t before = read();
      const GetDeviceInterfaceReport request{static_cast<std::uint16_t>(before),
                                             static_cast<std::uint16_t>(std::min(most, kMostOfReport - before))};
      if (!ask(PciProtocol::tdisp, request.encode(function_)) || read() == before) return;  // TDISP_ERROR
    } while (!seen_.find(function_)->has_report());
  }

  Requester& requester_;
  FunctionId function_;
  InspectionSeen seen_;
};

}  // namespace

std::optional<FunctionId> function_of(const HostView& host) {
  unsigned domain = 0, bus = 0, device = 0, function = 0;
  if (!host.bdf || std::sscanf(host.bdf->c_str(), "%x:%x:%x.%x", &domain, &bus, &device, &function) != 4) return std::nullopt;
  if (bus > 0xFF || device > 0x1F || function > 7) return std::nullopt;
  return FunctionId{bus << 8 | device << 3 | function};
}

void inspect(Requester& requester, FunctionId function) { Inspector(requester, function).run(); }

}  // namespace spdm
