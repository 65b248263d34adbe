#include "core/protocol/inspection_seen.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/pci_vendor.h"

namespace spdm {

namespace {

void take_report(TdispSeen& seen, const GetDeviceInterfaceReport& request, const DeviceInterfaceReport& answer) {
  const std::size_t total = std::size_t{request.offset} + answer.portion.size() + answer.remainder;
  if (request.offset == 0) {
    seen.report.clear();
    seen.report_size = total;
  }
  if (request.offset != seen.report.size()) return;  // a requester reads it out of order: it is not put together
  // PCIe r6.x 11.3.11, N372: the report of a locked interface does not change.
  if (total != seen.report_size)
    malformed("DEVICE_INTERFACE_REPORT", "REMAINDER_LENGTH", cat("the report was ", *seen.report_size, " bytes, now it is ", total));
  append(seen.report, answer.portion);
}

// What was told before counts no more.
void forget(TdispSeen& seen, TdispCode question) {
  if (question == TdispCode::get_tdisp_version) seen.versions.clear();
  if (question == TdispCode::get_tdisp_version || question == TdispCode::get_tdisp_capabilities) seen.capabilities.reset();
  if (question == TdispCode::get_device_interface_state) seen.state.reset();
  if (question == TdispCode::get_device_interface_report) {
    seen.report.clear();
    seen.report_size.reset();
  }
}

}  // namespace

bool TdispSeen::has_version() const { return std::find(versions.begin(), versions.end(), kTdispVersion) != versions.end(); }

const TdispSeen* InspectionSeen::find(FunctionId function) const {
  const auto found = std::find_if(interfaces_.begin(), interfaces_.end(), [&](const TdispSeen& seen) { return seen.function == function; });
  return found == interfaces_.end() ? nullptr : &*found;
}

TdispSeen& InspectionSeen::interface_of(FunctionId function) {
  const auto found = std::find_if(interfaces_.begin(), interfaces_.end(), [&](const TdispSeen& seen) { return seen.function == function; });
  if (found != interfaces_.end()) return *found;
  TdispSeen& out = interfaces_.emplace_back();
  out.function = function;
  return out;
}

void InspectionSeen::observe(const VendorDefined& request, const VendorDefined& response) {
  const std::optional<PciProtocol> protocol = pci_protocol_of(request);
  if (!protocol) return;
  if (pci_protocol_of(response) != protocol) malformed("VENDOR_DEFINED_RESPONSE", "PROTOCOL_ID", "is not the one that was asked");
  if (*protocol == PciProtocol::ide_km)
    observe_ide_km(pci_message_of(request), pci_message_of(response));
  else
    observe_tdisp(pci_message_of(request), pci_message_of(response));
}

void InspectionSeen::observe_ide_km(View request, View response) {
  if (ide_km_object_of(request) != IdeKmObject::query) return;
  Reader asked(request, "QUERY"), reader(response, "QUERY_RESP");
  const IdeKmQuery query = IdeKmQuery::decode(asked);
  PortSeen seen;
  seen.answer = IdeKmQueryResp::decode(reader, query);
  try {
    seen.registers = decode_ide_registers(seen.answer.registers);
  } catch (const Error& error) {
    seen.why = error.what();
  }
  const auto known = std::find_if(ports_.begin(), ports_.end(), [&](const PortSeen& port) { return port.answer.port == query.port; });
  if (known == ports_.end())
    ports_.push_back(std::move(seen));
  else {
    seen.has_changed = known->has_changed || known->answer.encode() != seen.answer.encode();
    *known = std::move(seen);
  }
}

void InspectionSeen::observe_tdisp(View request, View response) {
  Reader asked(request, "TDISP request");
  const TdispHeader question = TdispHeader::decode(asked);
  const bool is_ours = question.code == TdispCode::get_tdisp_version || question.code == TdispCode::get_tdisp_capabilities ||
                       question.code == TdispCode::get_device_interface_state || question.code == TdispCode::get_device_interface_report;
  if (!is_ours || question.version != kTdispVersion) return;
  Reader reader(response, "TDISP response");
  const TdispHeader answer = TdispHeader::decode(reader, question);
  TdispSeen& seen = interface_of(question.function);
  if (answer.code == TdispCode::tdisp_error) {
    forget(seen, question.code);
    seen.error = TdispError::decode(reader);
    seen.refused = question.code;
    return;
  }
  switch (question.code) {
    case TdispCode::get_tdisp_version:
      seen.versions = TdispVersions::decode(reader).versions;
      break;
    case TdispCode::get_tdisp_capabilities:
      seen.capabilities = TdispCapabilities::decode(reader);
      break;
    case TdispCode::get_device_interface_state: {
      const TdiState state = DeviceInterfaceState::decode(reader).state;
      if (state != seen.state) forget(seen, TdispCode::get_device_interface_report);  // it was the report of another time
      seen.state = state;
      break;
    }
    default: {
      const GetDeviceInterfaceReport wanted = GetDeviceInterfaceReport::decode(asked);
      take_report(seen, wanted, DeviceInterfaceReport::decode(reader, wanted));
      break;
    }
  }
}

}  // namespace spdm
