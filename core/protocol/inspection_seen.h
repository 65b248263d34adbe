// What a device has answered to the questions of IDE_KM and TDISP that change nothing. The requester at work and the appraisal of
// recordings look at answers with this, so neither takes what the other refuses.
#pragma once

#include <optional>
#include <string>

#include "core/wire/ide_km.h"
#include "core/wire/ide_registers.h"
#include "core/wire/tdisp.h"
#include "core/wire/vendor_defined.h"

namespace spdm {

// One port, as QUERY_RESP tells of it.
struct PortSeen {
  IdeKmQueryResp answer;
  std::optional<IdeRegisters> registers;  // nothing where the registers end within a block
  std::string why;                        // then
  bool has_changed = false;               // the port has told of other registers before
};

// One device interface.
struct TdispSeen {
  FunctionId function;
  std::vector<std::uint8_t> versions;
  std::optional<TdispCapabilities> capabilities;
  std::optional<TdiState> state;           // the last that was told
  Bytes report;                            // as far as it was read
  std::optional<std::size_t> report_size;  // of all of it
  // The last TDISP_ERROR, and what it answers.
  std::optional<TdispError> error;
  TdispCode refused{};

  bool has_version() const;
  bool has_report() const { return report_size && report.size() == *report_size; }
};

class InspectionSeen {
 public:
  // Other messages than these questions change nothing. Throws Error{peer} when an answer breaks a rule.
  void observe(const VendorDefined& request, const VendorDefined& response);

  const std::vector<PortSeen>& ports() const { return ports_; }
  const std::vector<TdispSeen>& interfaces() const { return interfaces_; }
  // nullptr when nothing was asked about it.
  const TdispSeen* find(FunctionId function) const;
  bool empty() const { return ports_.empty() && interfaces_.empty(); }

 private:
  void observe_ide_km(View request, View response);
  void observe_tdisp(View request, View response);
  TdispSeen& interface_of(FunctionId function);

  std::vector<PortSeen> ports_;
  std::vector<TdispSeen> interfaces_;
};

}  // namespace spdm
