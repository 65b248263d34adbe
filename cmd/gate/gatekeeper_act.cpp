// What follows from an appraisal: a device is let go, or drivers stay away from it and more is done to it.
#include <algorithm>
#include <set>

#include "cmd/gate/gatekeeper_work.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Bdf;

namespace {

bool wants(const PolicyRule& rule, FailureAction action) {
  return std::find(rule.on_failure.begin(), rule.on_failure.end(), action) != rule.on_failure.end();
}

// One step on one function: when it fails, the state says so and no longer claims that it was done.
template <class Step>
bool attempt(Member& member, GateStep action, Step step) {
  try {
    step();
    return true;
  } catch (const Error& error) {
    DeviceState& state = member.state;
    std::erase(state.actions, action);
    state.trouble.push_back(cat(name(action), " failed: ", error.what()));
    state.exit = worse(state.exit, row(error.id).exit);
    return false;
  }
}

// The steps to come, written to the state before the first is taken: after a kill the state names all that may have been done.
std::vector<GateStep> plan(Member& member, const PolicyRule& rule) {
  std::vector out{GateStep::driver_override};
  if (member.state.driver) out.push_back(GateStep::driver_unbound);
  if (wants(rule, FailureAction::clear_bus_master)) out.push_back(GateStep::bus_master_cleared);
  if (wants(rule, FailureAction::remove)) out.push_back(GateStep::removed);
  if (wants(rule, FailureAction::power_off)) {
    if (member.device.slot)
      out.push_back(GateStep::powered_off);
    else
      member.state.trouble.emplace_back("it is in no slot with power control");
  }
  return out;
}

bool does(const Member& member, GateStep action) {
  return std::find(member.state.actions.begin(), member.state.actions.end(), action) != member.state.actions.end();
}

}  // namespace

void Gatekeeper::Work::attest_all(std::vector<Group>& groups) {
  std::vector<Panel::Job> jobs;
  std::vector<std::size_t> group_of_job;
  std::vector<bool> concluded(groups.size(), false);
  const auto settle = [&](std::size_t index, const std::vector<Report>& reports) {
    name_rules(groups[index], reports, policy);
    conclude(groups[index], appraise_group(groups[index], reports, policy.timeout));
    concluded[index] = true;
  };
  // Devices that a rule expects are asked first: the host was built for them, whatever else is plugged in at lower addresses.
  for (const bool expected : {true, false})
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].is_expected() != expected) continue;
      Panel::Job job;
      for (const std::size_t index : groups[i].asked()) {
        job.devices.push_back(groups[i].members[index].device);
        job.rules.push_back(*groups[i].members[index].rule);
      }
      if (job.devices.empty()) {
        settle(i, {});
      } else {
        jobs.push_back(std::move(job));
        group_of_job.push_back(i);
      }
    }
  {
    Panel panel(attest, std::move(jobs), deadline, options.at_once, left_behind);
    while (const std::optional<Panel::Finished> done = panel.next()) settle(group_of_job[done->job], done->reports);
  }
  for (std::size_t i = 0; i < groups.size(); ++i)
    if (!concluded[i]) settle(i, {});
}

void Gatekeeper::Work::conclude(Group& group, const GroupResult& result) {
  // What was found is true of the device that was asked, and of no other.
  if (was_replaced(group)) {
    for (const Member& member : group.members) take_over(member.device.bdf);
    return;
  }
  std::vector<transport::Bdf> replaced;
  for (Member& member : group.members) {
    DeviceState& state = member.state;
    state.verdict = result.verdict;
    state.exit = result.exit;
    state.rule = result.rule.name;
    state.reason = state.bdf == result.decisive ? result.reason : cat("as ", result.decisive, ": ", result.reason);
    auto leaf = result.leaves.find(state.bdf);
    if (leaf == result.leaves.end()) leaf = result.leaves.find("");
    if (leaf != result.leaves.end()) state.leaf = leaf->second;
    if (const auto version = result.versions.find(state.bdf); version != result.versions.end()) state.version = version->second;
    compare(state, member.before);
    state.driver = control.driver(member.device.bdf);
  }
  if (options.mode == GateMode::audit) {
    for (Member& member : group.members) {
      member.state.decision = Decision::audited;
      write(member.state);
    }
  } else if (result.verdict == Verdict::pass || result.unconcerned || only_warns(result.rule)) {
    for (Member& member : group.members)
      if (!accept(member, result)) replaced.push_back(member.device.bdf);
  } else {
    refuse(group, result);
  }
  for (const Member& member : group.members) add_result(member.state);
  for (const transport::Bdf& bdf : replaced) take_over(bdf);
}

// False when another device has its address by the end.
bool Gatekeeper::Work::accept(Member& member, const GroupResult& result) const {
  DeviceState& state = member.state;
  // A driver that an earlier decision let in was not too early. A device that arrives starts anew, even if it is the same device.
  const bool let_in_before = member.before.decision == Decision::allowed && is_of(member.before, member.device) &&
                             state.same_device.value_or(false) && occasion != Occasion::arrival;
  const bool late = state.driver && !let_in_before && !result.unconcerned;
  state.decision = late ? Decision::late : Decision::allowed;
  state.bound_before = late;
  if (late) state.reason += cat("; driver ", *state.driver, " was bound before");
  if (result.verdict != Verdict::pass && !result.unconcerned) state.reason += "; the rule only warns";
  state.actions.clear();
  write(state);
  if (!enforces()) return true;
  const std::size_t trouble = state.trouble.size();
  bool same = true;
  try {
    if (control.driver_override(member.device.bdf) == kSentinel) same = let_go(member.device, state.former_override, state.trouble);
  } catch (const Error& error) {
    state.trouble.push_back(cat("could not be released: ", error.what()));
    state.exit = worse(state.exit, row(error.id).exit);
  }
  if (state.trouble.size() != trouble) write(state);
  return same;
}

void Gatekeeper::Work::refuse(Group& group, const GroupResult& result) {
  const auto directory = [&](const Member& member) { return member.device.directory(host); };
  const auto is_there = [&](const Member& member) {
    std::error_code ignored;
    return std::filesystem::exists(directory(member), ignored);
  };
  std::vector<Member*> refused;
  for (Member& member : group.members) {
    DeviceState& state = member.state;
    if (state.driver && result.not_its_doing && occasion != Occasion::arrival) {
      // The device is in use, and the only objection is that this host could not ask it. One that has just come is not in use yet.
      state.decision = member.before.decision == Decision::allowed ? Decision::allowed : Decision::late;
      state.bound_before = state.decision == Decision::late;
      state.reason += cat("; driver ", *state.driver, " stays bound");
      state.actions.clear();
    } else {
      state.bound_before = state.bound_before || state.driver;
      state.decision = state.bound_before ? Decision::late : Decision::blocked;
      if (state.driver) state.reason += cat("; driver ", *state.driver, " was bound before");
      const std::optional<std::string> override_now = control.driver_override(member.device.bdf);
      if (override_now != kSentinel) state.former_override = override_now;
      state.actions = plan(member, result.rule);
      refused.push_back(&member);
    }
    write(state);
  }
  if (!enforces()) return;

  std::map<const Member*, std::size_t> trouble;
  for (const Member* member : refused) trouble[member] = member->state.trouble.size();
  for (Member* member : refused) {
    const bool held = attempt(*member, GateStep::driver_override, [&] {
      if (control.driver_override(member->device.bdf) != kSentinel && is_there(*member))
        control.set_driver_override(member->device.bdf, kSentinel);
    });
    unsafe = unsafe || (!held && is_there(*member));
  }
  // Virtual functions first. A function that is gone needs no further step: virtual functions go with the driver of their physical
  // one.
  std::reverse(refused.begin(), refused.end());
  const auto each = [&](GateStep action, const std::function<void(const Member&)>& step) {
    for (Member* member : refused)
      if (does(*member, action) && is_there(*member)) attempt(*member, action, [&] { step(*member); });
  };
  each(GateStep::driver_unbound, [&](const Member& member) {
    if (control.driver(member.device.bdf)) control.unbind(member.device.bdf);
    if (control.driver(member.device.bdf)) throw Error(ErrorId::io, "the driver is still bound");
  });
  each(GateStep::bus_master_cleared, [&](const Member& member) { control.clear_bus_master(member.device.bdf); });
  each(GateStep::removed, [&](const Member& member) { control.remove(member.device.bdf); });
  std::set<std::string> slots;
  for (Member* member : refused)
    if (does(*member, GateStep::powered_off) && slots.insert(*member->device.slot).second)
      attempt(*member, GateStep::powered_off, [&] { control.power_off(*member->device.slot); });
  for (const Member* member : refused)
    if (member->state.trouble.size() != trouble[member]) write(member->state);
}

}  // namespace spdm::cmd
