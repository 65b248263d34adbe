// Who may meet a driver. A judgement is about one device: it says nothing of one that came later, be it at the same address.
#include <algorithm>

#include "cmd/gate/gatekeeper_work.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Bdf;
using transport::PciDevice;

namespace {

const std::string kReplaced = "it has taken the address of another device";

Group* group_of(std::vector<Group>& groups, const Bdf& bdf) {
  for (Group& group : groups)
    if (std::any_of(group.members.begin(), group.members.end(), [&](const Member& member) { return member.device.bdf == bdf; }))
      return &group;
  return nullptr;
}

}  // namespace

std::optional<PciDevice> Gatekeeper::Work::now_at(const Bdf& bdf) const {
  try {
    return transport::find_device(host, bdf);
  } catch (const Error&) {  // none, or going away
    return std::nullopt;
  }
}

std::optional<DeviceState> Gatekeeper::Work::state_of(const PciDevice& device) const {
  try {
    std::optional<DeviceState> state = read_state(host, to_string(device.bdf));
    return state && is_of(*state, device) ? state : std::nullopt;
  } catch (const Error&) {  // a state that cannot be understood is none
    return std::nullopt;
  }
}

bool Gatekeeper::Work::is_unjudged(const PciDevice& device) const {
  const std::optional<DeviceState> state = state_of(device);
  return !state || !may_be_used(*state);
}

bool Gatekeeper::Work::was_replaced(const Group& group) const {
  return std::any_of(group.members.begin(), group.members.end(), [&](const Member& member) {
    const std::optional<PciDevice> now = now_at(member.device.bdf);
    return now && !is_same(*now, member.device);
  });
}

void Gatekeeper::Work::hold_unjudged(Group& group, const std::string& trouble) {
  remember(group);
  for (Member& member : group.members)
    if (!trouble.empty()) member.state.trouble.push_back(trouble);
  if (enforces()) hold(group);
  for (Member& member : group.members) {
    DeviceState& state = member.state;
    state.exit = row(ErrorId::busy).exit;
    if (member.rule != nullptr) state.rule = member.rule->name;
    if (!enforces()) {
      state.decision = Decision::audited;
      state.reason = "not judged yet";
    } else if (state.driver) {
      state.decision = Decision::late;
      state.bound_before = true;
      state.reason = cat("driver ", *state.driver, " was bound before it was judged");
    }
    if (!enforces() || state.driver) write(state);
    add_result(state);
  }
}

void Gatekeeper::Work::hold_unjudged() {
  std::vector<Group> groups = group_devices(control, policy, transport::scan(host));
  const auto is_open = [&](const Member& member) {
    return !control.driver(member.device.bdf) && !is_held(member.device) && is_unjudged(member.device);
  };
  for (Group& group : groups)
    if (std::any_of(group.members.begin(), group.members.end(), is_open)) hold_unjudged(group, "");
}

// Another device has the address now. While autoprobe is off, it can have a driver only from us, who meant the device before it.
void Gatekeeper::Work::take_over(const Bdf& bdf) {
  std::vector<Group> groups = group_devices(control, policy, transport::scan(host));
  Group* const group = group_of(groups, bdf);
  if (group == nullptr) return;
  if (enforces() && !control.autoprobe())
    for (const Member& member : group->members) try {
        if (is_held(member.device) || !control.driver(member.device.bdf)) continue;
        control.set_driver_override(member.device.bdf, kSentinel);
        control.unbind(member.device.bdf);
      } catch (const Error&) {  // what is left of the driver is told below
      }
  hold_unjudged(*group, kReplaced);
}

std::vector<Bdf> Gatekeeper::Work::admit(const std::vector<Bdf>& bdfs) {
  const std::vector<PciDevice> devices = transport::scan(host);
  std::vector<Group> groups = group_devices(control, policy, devices);
  std::vector<Bdf> out;
  for (const PciDevice& device : devices) {
    if (std::find(bdfs.begin(), bdfs.end(), device.bdf) == bdfs.end() || control.driver(device.bdf)) continue;
    Group* const group = enforces() ? group_of(groups, device.bdf) : nullptr;
    const bool held = is_held(device);
    if (group != nullptr && is_unjudged(device)) {
      const std::optional<DeviceState> state = state_of(device);
      if (held && state && is_shut(*state)) continue;  // refused, and kept off
      if (!held) hold_unjudged(*group, "");
      out.push_back(device.bdf);
    } else if (!held) {
      try {
        std::vector<std::string> ignored;
        if (!find_driver(device, ignored)) take_over(device.bdf);
      } catch (const Error&) {  // it has gone
      }
    }
  }
  return out;
}

}  // namespace spdm::cmd
