// What the device says inside of an encrypted session, and whether it fits what is seen outside.
#include <algorithm>
#include <map>
#include <tuple>

#include "core/appraisal/inspector.h"
#include "core/appraisal/mmio_fit.h"
#include "core/error.h"
#include "core/protocol/inspect.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::string_view kNoSession = "no encrypted session was open";

FunctionId function_of(const PortSeen& port) { return {static_cast<std::uint32_t>(port.answer.bus) << 8 | port.answer.device_function}; }

}  // namespace

// Answers count that came inside of one encrypted session, the last in which something was answered. One that breaks a rule ends them.
void Inspector::read_answers() {
  if (connection_ == nullptr || !connection_->parameters().encrypts()) return;
  for (const SessionSeen& session : connection_->sessions())
    if (session.state != SessionState::handshake && has_answers(session)) session_ = &session;
  if (session_ == nullptr) return;
  for (const VendorSeen& seen : connection_->vendor_defined()) {
    if (!is_inside(seen.exchange)) continue;
    try {
      seen_.observe(seen.request, seen.response);
    } catch (const Error& error) {
      broken_ = error.what();
      findings_.push_back({FindingId::protocol_violation, "inspection", broken_, "report it to the vendor of the device"});
      break;
    }
  }
  out_.ports = seen_.ports();
  out_.interfaces = seen_.interfaces();
}

// An id may be used again by a later session.
bool Inspector::is_of(const SessionSeen& session, std::size_t exchange) const {
  return connection_->exchanges()[exchange].inside == session.id && exchange > session.exchange;
}

// That the handshake is done shows only in what is answered after it.
bool Inspector::has_answers(const SessionSeen& session) const {
  const auto inside = [&](const auto& seen) { return is_of(session, seen.exchange); };
  const std::vector<MeasurementsSeen>& measured = connection_->measurements();
  const std::vector<VendorSeen>& told = connection_->vendor_defined();
  return std::any_of(measured.begin(), measured.end(), inside) || std::any_of(told.begin(), told.end(), inside);
}

void Inspector::look_at_session() {
  if (has_session()) return add(InspectionItem::session, CheckStatus::pass, "opened, and messages were exchanged inside it");
  const bool known = connection_ != nullptr && connection_->negotiated();
  if (known && !connection_->parameters().opens_sessions())
    return add(InspectionItem::session, CheckStatus::fail, "the device can open none", "see the lines above");
  add(InspectionItem::session, CheckStatus::not_run, std::string(kNoSession));
}

// The same firmware answers inside and outside: all blocks that were read at both places are the same, and signed.
void Inspector::compare_measurements() {
  constexpr InspectionItem kItem = InspectionItem::session_measurements;
  using Key = std::tuple<std::uint8_t, bool, MeasurementType>;
  std::map<Key, const MeasurementBlock*> outside, inside;
  bool all_is_signed = true;
  if (connection_ != nullptr)
    for (const MeasurementsSeen& seen : connection_->measurements()) {
      const bool is_outside = connection_->exchanges()[seen.exchange].inside == 0;
      if (!is_outside && !is_inside(seen.exchange)) continue;
      all_is_signed = all_is_signed && seen.exchange < covered_.size() && covered_[seen.exchange];
      auto& place = is_outside ? outside : inside;
      for (const MeasurementBlock& block : seen.response.blocks) place[{block.index, block.raw, block.type}] = &block;
    }
  if (inside.empty() || outside.empty())
    return add(kItem, CheckStatus::not_run, cat("measurements were not read ", inside.empty() ? "inside a session" : "outside it"));
  std::string differ;
  const auto note = [&](const Key& key) { differ += cat(differ.empty() ? "" : ", ", std::get<0>(key)); };
  for (const auto& [key, block] : outside)
    if (const auto other = inside.find(key); other == inside.end() || other->second->value != block->value) note(key);
  for (const auto& [key, block] : inside)
    if (!outside.contains(key)) note(key);
  if (!differ.empty()) {
    const std::string why = cat("inside the session the device reports other values than outside; measurements: ", differ);
    findings_.push_back({FindingId::session_measurements_differ, "session", why,
                         "measure again; if they do not change by themselves, two devices answer: look at what lies between"});
    return add(kItem, CheckStatus::fail, why, "measure again");
  }
  if (!all_is_signed) return add(kItem, CheckStatus::not_run, "they are the same, but not all have a good signature");
  add(kItem, CheckStatus::pass, cat(inside.size(), " measurements are the same inside and outside, all signed"));
}

// ERROR, as the device has answered to the last message of a protocol; empty when it did not.
std::string Inspector::refusal(PciProtocol protocol) const {
  std::string out;
  for (const ErrorSeen& seen : connection_->errors()) {
    const Exchange& exchange = connection_->exchanges()[seen.exchange];
    if (seen.request != Code::vendor_defined_request || !is_inside(seen.exchange)) continue;
    Reader reader(exchange.request, "VENDOR_DEFINED_REQUEST");
    try {
      if (pci_protocol_of(VendorDefined::decode_request(reader, connection_->version())) == protocol)
        out = describe(seen.error, seen.request);
    } catch (const Error&) {  // it was not ours
    }
  }
  return out;
}

const PortSeen* Inspector::port_of_function() const {
  const std::optional<FunctionId> own = spdm::function_of(host_);
  for (const PortSeen& port : seen_.ports())
    if (own == function_of(port)) return &port;
  return nullptr;
}

void Inspector::look_at_ports() {
  constexpr InspectionItem kItem = InspectionItem::ide_km;
  const std::vector<PortSeen>& ports = seen_.ports();
  if (!has_session()) return add(kItem, CheckStatus::not_run, std::string(kNoSession));
  if (ports.empty()) {
    const std::string refused = refusal(PciProtocol::ide_km);
    if (refused.empty()) return add(kItem, CheckStatus::not_run, broken_.empty() ? "the device was not asked" : broken_);
    return add(kItem, CheckStatus::fail, cat("the device answers QUERY with ERROR ", refused), "keys for IDE cannot be set over SPDM");
  }
  const std::uint8_t last = ports.front().answer.max_port;
  const std::size_t announced = std::size_t{last} + 1;
  for (const PortSeen& port : ports)
    if (port.answer.max_port != last || port.answer.port > last)
      return add(kItem, CheckStatus::fail,
                 cat("port ", port.answer.port, " says that the last port is ", port.answer.max_port, ", not ", last));
  if (ports.size() < announced) return add(kItem, CheckStatus::fail, cat("only ", ports.size(), " of ", announced, " ports answer QUERY"));
  const PortSeen* own = port_of_function();
  if (!host_.bdf) return add(kItem, CheckStatus::pass, cat(announced, announced == 1 ? " port" : " ports"));
  if (own == nullptr)
    return add(kItem, CheckStatus::fail, cat("no port is ", printable(*host_.bdf), "; port 0 is ", to_string(function_of(ports.front()))),
               "another function may be the one that has the port; in a guest, addresses are the guest's");
  add(kItem, CheckStatus::pass, cat(announced, announced == 1 ? " port" : " ports", "; this function is port ", own->answer.port));
}

void Inspector::compare_registers() {
  constexpr InspectionItem kItem = InspectionItem::ide_registers;
  if (!has_session()) return add(kItem, CheckStatus::not_run, std::string(kNoSession));
  const PortSeen* own = port_of_function();
  if (own == nullptr || !host_.encryption) return add(kItem, CheckStatus::not_run, "there are no two copies to compare");
  const auto lie = [&](const std::string& why) {
    findings_.push_back({FindingId::ide_registers_differ, cat("port ", own->answer.port), why,
                         "something between host and device changes what is read; in a guest, configuration space is the hypervisor's"});
    add(kItem, CheckStatus::fail, why, "look at what lies between host and device");
  };
  if (!own->registers) return add(kItem, CheckStatus::fail, own->why, "report it to the vendor of the device");
  if (own->has_changed) return add(kItem, CheckStatus::fail, "the device has told of other registers before", "inspect it again");
  if (!host_.encryption->ide) return lie("the device tells of an IDE capability, and configuration space shows none");
  if (!out_.registers) return add(kItem, CheckStatus::fail, "configuration space shows registers that end within a block");
  const std::vector<IdeDifference> found = differences(*out_.registers, *own->registers);
  if (own->registers->surplus != 0)
    return lie(cat("the device tells of ", own->registers->surplus, " bytes behind the last block of its IDE capability"));
  if (found.empty()) return add(kItem, CheckStatus::pass, "the device and configuration space say the same");
  lie(cat(found.front().where, ": configuration space shows 0x", hex(found.front().first, 8), ", the device 0x",
          hex(found.front().second, 8), found.size() > 1 ? cat(", and ", found.size() - 1, " more") : ""));
}

const TdispSeen* Inspector::interface_seen() const {
  if (out_.function)
    if (const TdispSeen* own = seen_.find(*out_.function)) return own;
  return seen_.interfaces().empty() ? nullptr : &seen_.interfaces().front();
}

void Inspector::look_at_tdisp() {
  const TdispSeen* seen = interface_seen();
  const auto rest_unknown = [&] {
    add(InspectionItem::interface_state, CheckStatus::not_run, "its state was not told");
    add(InspectionItem::interface_report, CheckStatus::not_run, "there is none");
  };
  if (seen != nullptr) out_.function = seen->function;
  if (!has_session() || seen == nullptr) {
    const std::string refused = has_session() ? refusal(PciProtocol::tdisp) : "";
    if (refused.empty())
      add(InspectionItem::tdisp, CheckStatus::not_run,
          !has_session()    ? std::string(kNoSession)
          : broken_.empty() ? "the device was not asked"
                            : broken_);
    else
      add(InspectionItem::tdisp, CheckStatus::fail, cat("the device answers GET_TDISP_VERSION with ERROR ", refused));
    return rest_unknown();
  }
  if (seen->error && !seen->capabilities)
    add(InspectionItem::tdisp, CheckStatus::fail, cat(name(seen->refused), ": TDISP_ERROR ", name(seen->error->code)),
        seen->error->code == TdispErrorCode::invalid_interface ? "name the function of the interface with --function-id" : "");
  else if (!seen->has_version())
    add(InspectionItem::tdisp, CheckStatus::fail, "the device does not speak TDISP 1.0");
  else if (!seen->capabilities)
    add(InspectionItem::tdisp, CheckStatus::not_run, "its capabilities were not told");
  else
    add(InspectionItem::tdisp, CheckStatus::pass, cat("TDISP 1.0, interface ", to_string(seen->function)));
  if (!seen->state) return rest_unknown();
  const bool is_error = seen->state == TdiState::error;
  add(InspectionItem::interface_state, is_error ? CheckStatus::fail : CheckStatus::pass, std::string(name(*seen->state)),
      is_error ? "the party that locked the interface must stop it, or reset the device" : "");
  look_at_report();
}

void Inspector::look_at_report() {
  constexpr InspectionItem kItem = InspectionItem::interface_report;
  const TdispSeen& seen = *interface_seen();
  const bool is_locked = seen.state == TdiState::config_locked || seen.state == TdiState::run;
  if (!is_locked) return add(kItem, CheckStatus::not_needed, "the interface is not locked, so there is none");
  if (!seen.has_report())
    return add(kItem, CheckStatus::not_run,
               seen.error ? cat("TDISP_ERROR ", name(seen.error->code)) : cat("only ", seen.report.size(), " bytes of it were read"));
  judge_report(seen);
}

void Inspector::judge_report(const TdispSeen& seen) {
  constexpr InspectionItem kItem = InspectionItem::interface_report;
  const auto fail = [&](const std::string& why) {
    findings_.push_back({FindingId::interface_report_wrong, cat("interface ", to_string(seen.function)), why,
                         "do not accept the interface; report it to the vendor of the device"});
    add(kItem, CheckStatus::fail, why);
  };
  try {
    out_.report = decode_interface_report(seen.report);
  } catch (const Error& error) {
    return fail(error.what());
  }
  const bool has_msix = std::any_of(out_.report->ranges.begin(), out_.report->ranges.end(),
                                    [](const MmioRange& range) { return range.is_msix_table() || range.is_msix_pba(); });
  const std::string said = cat(out_.report->ranges.size(), " ranges of memory, ", seen.report.size(), " bytes");
  const bool is_of_function = host_.encryption && seen.function == spdm::function_of(host_);
  if (!is_of_function) return add(kItem, CheckStatus::pass, cat(said, "; not compared with the BARs of the function"));
  constexpr std::uint16_t kTableSize = 0x07FF;  // of Message Control
  if (has_msix && !host_.encryption->msix_control) return fail("it has ranges of MSI-X, and the function has no MSI-X");
  if (has_msix && ((out_.report->msix_control ^ *host_.encryption->msix_control) & kTableSize) != 0)
    return fail(cat("its MSI-X table has ", (out_.report->msix_control & kTableSize) + 1, " entries, that of the function ",
                    (*host_.encryption->msix_control & kTableSize) + 1));
  std::vector<PciBar> bars;
  for (const PciBar& bar : host_.encryption->bars) {
    if (bar.begin != 0) bars.push_back(bar);
    // A ROM is placed only where somebody reads it.
    if (bar.begin == 0 && bar.index != kPciRom)
      return add(kItem, CheckStatus::not_run, "the kernel has found no place for a BAR of the function");
  }
  const MmioFit fit = fit_into(out_.report->ranges, bars);
  if (fit.is_too_large) return fail(fit.why);
  // A guest sees each BAR where its hypervisor has put it.
  if (!fit.why.empty()) return add(kItem, CheckStatus::fail, fit.why, "in a guest, addresses are the guest's: compare on the host");
  add(kItem, CheckStatus::pass, cat(said, ", within the BARs of the function"));
}

}  // namespace spdm
