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

// What one function comes to, by its own rule.
GroupResult result_of(const Member& member, Verdict verdict, Exit exit, std::string reason) {
  GroupResult out;
  out.verdict = verdict;
  out.exit = exit;
  out.reason = std::move(reason);
  out.rule = *member.rule;
  out.decisive = address(member);
  return out;
}

GroupResult expected_but_silent(const Member& member, const std::string& why) {
  return result_of(member, Verdict::fail, Exit::policy, cat("rule '", member.rule->name, "' expects it to speak SPDM: ", why));
}

GroupResult silent_again(const Member& member, const std::string& why) {
  return result_of(member, Verdict::fail, Exit::policy, cat("it was refused before (", member.before.reason, "), and now ", why));
}

GroupResult unconcerned(const Group& group, const std::string& why) {
  const auto in_scope = std::find_if(group.members.begin(), group.members.end(), [](const Member& m) { return m.rule != nullptr; });
  GroupResult out = result_of(*in_scope, Verdict::undetermined, Exit::ok, cat(why, ", and no rule expects it to speak SPDM"));
  out.unconcerned = true;
  return out;
}

GroupResult unfinished(const Member& member, std::chrono::milliseconds limit) {
  return result_of(
      member, Verdict::undetermined, row(ErrorId::timeout).exit,
      cat("was not attested within its share of the total time limit, ", limit.count() / 1000, ".", limit.count() % 1000 / 100, " s"));
}

GroupResult result_of(const Member& member, const Report& report) {
  GroupResult out = result_of(member, report.verdict, report.exit, report.reason);
  out.not_its_doing = report.verdict == Verdict::undetermined && report.error && is_of_the_host(report.error->id);
  return out;
}

// Whether the device has spoken a newer version of SPDM when it was judged before, as what was signed then shows.
std::optional<std::uint8_t> newer_before(const Member& member, const Report& report) {
  const DeviceState& before = member.before;
  const bool older = report.connection && before.version && report.connection->parameters.version < *before.version;
  return older && (before.leaf ? before.leaf : before.former_leaf) == leaf_of(report) ? before.version : std::nullopt;
}

GroupResult rolled_back(const Member& member, const Report& report, std::uint8_t before) {
  return result_of(member, Verdict::fail, row(FindingId::version_rollback).exit,
                   cat("SPDM ", version_name(report.connection->parameters.version), " was negotiated, the device used ",
                       version_name(before), " before"));
}

// The first result of each weight. A rule that only warns speaks for its own function, and lets no other rule be passed over.
struct Findings {
  std::optional<GroupResult> passed, warned, decided;

  void object(const Member& member, GroupResult result) {
    std::optional<GroupResult>& slot = only_warns(*member.rule) ? warned : decided;
    if (!slot) slot = std::move(result);
  }
};

}  // namespace

std::vector<std::size_t> Group::asked() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i].rule != nullptr && could_attest(members[i].device)) out.push_back(i);
  return out;
}

bool Group::is_expected() const {
  return std::any_of(members.begin(), members.end(), [](const Member& member) { return member.rule != nullptr && member.rule->expected; });
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

void name_rules(Group& group, const std::vector<Report>& reports, const Policy& policy) {
  const std::vector<std::size_t> asked = group.asked();
  for (std::size_t i = 0; i < asked.size() && i < reports.size(); ++i) {
    std::shared_ptr<const PolicyRule>& rule = group.members[asked[i]].rule;
    if (reports[i].policy && reports[i].policy->rule != rule->name) rule = rule_named(policy, reports[i].policy->rule);
  }
}

GroupResult appraise_group(const Group& group, const std::vector<Report>& reports, std::chrono::milliseconds limit) {
  const std::vector<std::size_t> asked = group.asked();
  const std::string hides = "it has no mailbox for it";
  Findings findings;
  std::string silence = hides;
  std::map<std::string, std::string> leaves;
  std::map<std::string, std::uint8_t> versions;
  for (std::size_t i = 0; i < asked.size() && !findings.decided; ++i) {
    const Member& member = group.members[asked[i]];
    if (i >= reports.size()) {
      findings.object(member, unfinished(member, limit));
      continue;
    }
    if (const std::optional<std::string> leaf = leaf_of(reports[i])) {
      leaves[address(member)] = *leaf;
      leaves.emplace("", *leaf);
    }
    if (const std::optional<std::uint8_t> version = proven_version(reports[i])) versions[address(member)] = *version;
    if (declares_no_spdm(member.device, reports[i])) {
      silence = reports[i].reason;
      if (member.rule->expected) findings.object(member, expected_but_silent(member, silence));
    } else if (reports[i].verdict != Verdict::pass) {
      findings.object(member, result_of(member, reports[i]));
    } else if (const std::optional<std::uint8_t> before = newer_before(member, reports[i])) {
      findings.object(member, rolled_back(member, reports[i], *before));
    } else if (!findings.passed) {
      findings.passed = result_of(member, reports[i]);
    }
  }
  // A function that passes does not stand in for another one that is expected to speak SPDM.
  for (const Member& member : group.members)
    if (member.rule != nullptr && member.rule->expected && !could_attest(member.device))
      findings.object(member, expected_but_silent(member, hides));
  if (!findings.decided && !findings.warned && !findings.passed)
    for (const Member& member : group.members)
      if (member.rule != nullptr && was_refused(member.before)) findings.object(member, silent_again(member, silence));
  GroupResult out = findings.decided  ? *findings.decided
                    : findings.warned ? *findings.warned
                    : findings.passed ? *findings.passed
                                      : unconcerned(group, silence);
  out.leaves = std::move(leaves);
  out.versions = std::move(versions);
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
