#include "cmd/gate/drive_watch.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "cmd/attest/drive_scope.h"
#include "cmd/attest/gather.h"
#include "cmd/host/parallel.h"
#include "core/calendar.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

using transport::Drive;

namespace {

constexpr std::size_t kDrivesAtOnce = 16;
constexpr std::chrono::seconds kExchange{10};  // longest wait for one answer
constexpr std::chrono::seconds kBusy{5};       // how long another spdmctl may have the drive, or its controller start

bool has_mailbox(const transport::Host& host, const Drive& drive) {
  try {
    return drive.bdf && transport::find_device(host, *drive.bdf).may_attest();
  } catch (const Error&) {  // it has gone
    return false;
  }
}

DeviceState state_of(const Drive& drive, const transport::Host& host, const Report& report, Occasion occasion) {
  DeviceState out;
  if (drive.bdf) out.bdf = to_string(*drive.bdf);
  out.drive = node_of(drive, host);
  out.time = utc_of(std::time(nullptr));
  out.occasion = occasion;
  out.decision = Decision::audited;
  out.verdict = report.verdict;
  out.exit = report.exit;
  out.reason = report.reason;
  if (report.policy) out.rule = report.policy->rule;
  out.leaf = leaf_of(report);
  out.version = proven_version(report);
  return out;
}

// Nothing for a drive that does not speak SPDM, and that no rule expects to.
std::optional<DeviceState> attest(const Drive& drive, const transport::OpenOptions& options, const Verifier& verifier,
                                  Clock::time_point deadline, Occasion occasion) {
  const HostView view = view_of(drive, options.host);
  const std::shared_ptr<const PolicyRule> rule = verifier.policy() == nullptr ? nullptr : rule_of(*verifier.policy(), view);
  const bool expected = rule && rule->expected;
  const std::string name = target_of(drive, options.host);
  try {
    Wanted wanted;
    if (rule && needs_measurements(*rule)) wanted.measurements = MeasurementMode::all;
    const Effort effort{.limits = {.exchange = kExchange, .total = Clock::duration::max()}, .deadline = deadline, .patience = kBusy};
    Evidence evidence = gather({.name = name, .host = view}, wanted, effort, &verifier, options);
    if (is_left_out(!expected, evidence)) return std::nullopt;
    evidence.time = utc_of(verifier.now());
    return state_of(drive, options.host, verifier.appraise(std::move(evidence), name), occasion);
  } catch (const Error& error) {
    return state_of(drive, options.host, error_report(error, name), occasion);
  }
}

}  // namespace

std::vector<Drive> drives_to_attest(const transport::Host& host, const Policy& policy, const std::set<std::string>& nodes) {
  std::vector<Drive> out = awake_drives(host).list;
  std::erase_if(out, [&](const Drive& drive) {
    if (!nodes.contains("") && !nodes.contains(drive.name)) return true;
    if (has_mailbox(host, drive)) return true;
    const std::shared_ptr<const PolicyRule> rule = rule_of(policy, view_of(drive, host));
    return rule && rule->exempt;
  });
  return out;
}

std::vector<DeviceState> attest_drives(const std::vector<Drive>& drives, const transport::OpenOptions& options, const Verifier& verifier,
                                       Clock::duration time, Occasion occasion) {
  const Clock::time_point deadline = Clock::now() + time;
  std::vector<DeviceState> out;
  in_order<std::optional<DeviceState>>(
      drives.size(), kDrivesAtOnce, [&](std::size_t i) { return attest(drives[i], options, verifier, deadline, occasion); },
      [&](std::optional<DeviceState> state) {
        if (state) out.push_back(*std::move(state));
      });
  return out;
}

}  // namespace spdm::cmd
