// Fills the lines of an inspection from evidence. Internal to core/appraisal.
#pragma once

#include "core/appraisal/analyze.h"
#include "core/appraisal/report.h"
#include "core/protocol/inspection_seen.h"
#include "core/wire/pci_vendor.h"

namespace spdm {

class Inspector {
 public:
  // `covered`: whether a good signature covers an exchange of the last connection.
  Inspector(const HostView& host, const Analysis& analysis, const std::vector<bool>& covered);

  Inspection run();
  // What is no mere lack: somebody between host and device lies, or the device breaks a rule.
  std::vector<Finding> findings() && { return std::move(findings_); }

 private:
  void add(InspectionItem item, CheckStatus status, std::string detail, std::string remedy = {}) {
    out_.lines.push_back({item, status, std::move(detail), std::move(remedy)});
  }

  // inspect_negotiation.cpp
  void look_at_capabilities();
  void look_at_algorithms();
  void look_at_algorithm(InspectionItem item, bool offered, std::string_view selected, std::span<const std::string_view> wanted);

  // inspect_platform.cpp
  void look_at_platform();
  void look_at_ide();
  void look_at_root_port();
  void look_at_streams();
  void look_at_owner();

  // inspect_session.cpp
  void read_answers();
  void look_at_session();
  void compare_measurements();
  void look_at_ports();
  void compare_registers();
  void look_at_tdisp();
  void look_at_report();
  void judge_report(const TdispSeen& seen);
  const PortSeen* port_of_function() const;
  const TdispSeen* interface_seen() const;
  std::string refusal(PciProtocol protocol) const;
  bool has_session() const { return session_ != nullptr; }
  bool is_of(const SessionSeen& session, std::size_t exchange) const;
  bool is_inside(std::size_t exchange) const { return has_session() && is_of(*session_, exchange); }
  bool has_answers(const SessionSeen& session) const;

  const HostView& host_;
  const Connection* connection_ = nullptr;  // the last one
  const std::vector<bool>& covered_;
  bool refused_ = false;                  // an earlier offer of algorithms
  const SessionSeen* session_ = nullptr;  // encrypted, and something was answered in it
  std::string broken_;                    // why answers are not read any further; empty: nothing broke a rule
  InspectionSeen seen_;
  Inspection out_;
  std::vector<Finding> findings_;
};

}  // namespace spdm
