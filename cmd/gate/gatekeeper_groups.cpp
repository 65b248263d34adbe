// Which functions make one device, and what the reports on them come to.
#include <algorithm>
#include <array>

#include "cmd/gate/gatekeeper_work.h"
#include "core/appraisal/verdict.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Bdf;
using transport::PciControl;
using transport::PciDevice;

namespace {

const PciDevice* find(const std::vector<PciDevice>& devices, const Bdf& bdf) {
  const auto it = std::find_if(devices.begin(), devices.end(), [&](const PciDevice& device) { return device.bdf == bdf; });
  return it == devices.end() ? nullptr : &*it;
}

// Behind a PCIe port there is one device and no other. With ARI (PCIe r6.x 6.13) its functions from 8 on look like further
// devices on the same bus; a device that failed must not get a driver that way. Ports are what the driver pcieport binds to:
// below them everything is device 0.
Bdf key_of(const PciControl& control, const Bdf& bdf) {
  Bdf key{bdf.domain, bdf.bus, bdf.device, 0};
  const std::optional<Bdf> parent = control.parent(bdf);
  if (parent && control.driver(*parent) == transport::kPortDriver) key.device = 0;
  return key;
}

// Errors of this host, not of the device: they do not count against a device that is in use.
bool is_of_the_host(ErrorId id) {
  constexpr std::array ids{ErrorId::usage, ErrorId::config, ErrorId::permission, ErrorId::lockdown, ErrorId::owned};
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// The device was refused for what it showed, not because it was never asked.
bool was_refused(const DeviceState& state) {
  return (state.decision == Decision::blocked || state.decision == Decision::late) && state.verdict == Verdict::fail;
}

std::string address(const Member& member) { return to_string(member.device.bdf); }

// No function of it speaks SPDM.
GroupResult silent_result(const Group& group, const std::string& why) {
  GroupResult out;
  const auto expected =
      std::find_if(group.members.begin(), group.members.end(), [](const Member& m) { return m.rule != nullptr && m.rule->expected; });
  if (expected != group.members.end()) {
    out.verdict = Verdict::fail;
    out.exit = Exit::policy;
    out.rule = *expected->rule;
    out.decisive = address(*expected);
    out.reason = cat("rule '", out.rule.name, "' expects it to speak SPDM: ", why);
    return out;
  }
  const auto refused = std::find_if(group.members.begin(), group.members.end(), [](const Member& m) { return was_refused(m.before); });
  if (refused != group.members.end() && refused->rule != nullptr) {
    out.verdict = Verdict::fail;
    out.exit = Exit::policy;
    out.rule = *refused->rule;
    out.decisive = address(*refused);
    out.reason = cat("it was refused before (", refused->before.reason, "), and now ", why);
    return out;
  }
  const auto in_scope = std::find_if(group.members.begin(), group.members.end(), [](const Member& m) { return m.rule != nullptr; });
  out.exit = Exit::ok;
  out.rule = *in_scope->rule;
  out.decisive = address(*in_scope);
  out.reason = cat(why, ", and no rule expects it to speak SPDM");
  out.unconcerned = true;
  return out;
}

GroupResult unfinished_result(const Member& member, std::chrono::milliseconds limit) {
  GroupResult out;
  out.exit = row(ErrorId::timeout).exit;
  out.rule = *member.rule;
  out.decisive = address(member);
  out.reason =
      cat("was not attested within the ", limit.count() / 1000, ".", limit.count() % 1000 / 100, " s that all devices have together");
  return out;
}

GroupResult result_of(const Member& member, const Report& report) {
  GroupResult out;
  out.verdict = report.verdict;
  out.exit = report.exit;
  out.reason = report.reason;
  out.rule = *member.rule;
  out.decisive = address(member);
  out.not_its_doing = report.verdict == Verdict::undetermined && report.error && is_of_the_host(report.error->id);
  return out;
}

}  // namespace

std::vector<std::size_t> Group::asked() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i].rule != nullptr && could_attest(members[i].device)) out.push_back(i);
  return out;
}

std::vector<Group> group_devices(const PciControl& control, const Policy& policy, const std::vector<PciDevice>& devices) {
  std::map<Bdf, Group> groups;
  for (const bool virtual_ones : {false, true})
    for (const PciDevice& device : devices) {
      if (device.physical_function.has_value() != virtual_ones) continue;
      if (is_exempt(policy, device)) continue;
      const PciDevice* physical = virtual_ones ? find(devices, *device.physical_function) : nullptr;
      if (physical != nullptr && is_exempt(policy, *physical)) continue;
      const Bdf key = key_of(control, physical == nullptr ? device.bdf : physical->bdf);
      // A virtual function is not asked: it gets the result of its physical function.
      std::shared_ptr<const PolicyRule> rule = physical == nullptr ? rule_for(policy, device) : nullptr;
      if (rule == nullptr && is_plumbing(device)) continue;
      Group& group = groups[key];
      group.key = key;
      group.members.push_back({device, std::move(rule), {}, {}});
    }
  std::vector<Group> out;
  for (auto& [key, group] : groups)
    if (std::any_of(group.members.begin(), group.members.end(), [](const Member& member) { return member.rule != nullptr; }))
      out.push_back(std::move(group));
  return out;
}

std::set<Bdf> in_scope(const transport::Host& host, const Policy& policy, const std::vector<PciDevice>& devices) {
  std::set<Bdf> out;
  for (const Group& group : group_devices(PciControl(host), policy, devices))
    for (const Member& member : group.members) out.insert(member.device.bdf);
  return out;
}

bool declares_no_spdm(const PciDevice& device, const Report& report) {
  // An honest device does not contradict a kernel that discovered its mailboxes itself (doe_features, Linux 6.15).
  return report.error && report.error->id == ErrorId::no_spdm && report.messages == 0 && !device.doe_features;
}

GroupResult appraise_group(const Group& group, const std::vector<Report>& reports, std::chrono::milliseconds limit) {
  const std::vector<std::size_t> asked = group.asked();
  std::optional<GroupResult> passed, warned, decided;
  std::string silence = "it has no mailbox for it";
  std::map<std::string, std::string> leaves;
  for (std::size_t i = 0; i < asked.size() && !decided; ++i) {
    const Member& member = group.members[asked[i]];
    if (i == reports.size()) {
      decided = unfinished_result(member, limit);
      break;
    }
    if (const std::optional<std::string> leaf = leaf_of(reports[i])) {
      leaves[address(member)] = *leaf;
      leaves.emplace("", *leaf);
    }
    const bool denies = declares_no_spdm(member.device, reports[i]);
    if (denies) silence = reports[i].reason;
    if (!denies && reports[i].verdict == Verdict::pass) {
      if (!passed) passed = result_of(member, reports[i]);
    } else if (!denies || member.rule->expected) {
      std::optional<GroupResult>& slot = only_warns(*member.rule) ? warned : decided;
      if (!slot) slot = denies ? silent_result(group, silence) : result_of(member, reports[i]);
    }
  }
  // A function that passes does not stand in for another one that is expected to speak SPDM.
  if (!decided)
    for (const Member& member : group.members)
      if (member.rule != nullptr && member.rule->expected && !could_attest(member.device))
        decided = silent_result(group, "it has no mailbox for it");
  GroupResult out = decided ? *decided : warned ? *warned : passed ? *passed : silent_result(group, silence);
  out.leaves = std::move(leaves);
  return out;
}

GroupResult result_of_physical(const DeviceState& physical, const Policy& policy) {
  GroupResult out;
  out.verdict = physical.verdict;
  out.exit = physical.exit;
  out.reason = physical.reason;
  out.decisive = physical.bdf;
  out.rule = *rule_named(policy, physical.rule);
  out.unconcerned = physical.decision == Decision::allowed && physical.verdict == Verdict::undetermined;
  if (physical.leaf) out.leaves.emplace("", *physical.leaf);
  return out;
}

}  // namespace spdm::cmd
