// Before devices are attested, they are held. A driver_override that names no driver keeps every driver off.
#include <algorithm>

#include "cmd/gate/autoprobe.h"
#include "cmd/gate/gatekeeper_work.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Bdf;
using transport::PciDevice;

void Gatekeeper::Work::write(const DeviceState& state) const {
  if (options.dry_run) return;
  write_state(host, state);
  if (options.changed) options.changed(host.run() / "devices" / state.bdf, name(state.decision));
}

void Gatekeeper::Work::remember(Group& group) const {
  for (Member& member : group.members) {
    DeviceState& state = member.state;
    state.bdf = to_string(member.device.bdf);
    try {
      if (std::optional<DeviceState> before = read_state(host, state.bdf)) member.before = std::move(*before);
    } catch (const Error& error) {  // what cannot be understood is overwritten, but not in silence
      state.trouble.push_back(cat("the previous state is lost: ", error.device, ": ", error.what()));
    }
    state.time = utc_of(std::time(nullptr));
    state.occasion = occasion;
    state.identity = to_string(member.device.identity);
    state.instance = std::to_string(member.device.instance);
    state.driver = control.driver(member.device.bdf);
    state.bound_before = member.before.bound_before && occasion != Occasion::arrival && is_of(member.before, member.device);
    // The former override counts only while ours is in its place.
    if (control.driver_override(member.device.bdf) == kSentinel) state.former_override = member.before.former_override;
    compare(state, member.before);
  }
}

void Gatekeeper::Work::hold(Group& group) const {
  for (Member& member : group.members) {
    const Bdf& bdf = member.device.bdf;
    DeviceState& state = member.state;
    if (state.driver) continue;  // too late to hold: the decision says so
    try {
      const std::optional<std::string> override_now = control.driver_override(bdf);
      if (override_now != kSentinel) state.former_override = override_now;
      // Write the state first: after a kill nothing else knows the override that ours replaces.
      state.decision = Decision::pending;
      state.exit = row(ErrorId::busy).exit;
      state.reason = "held back, and not judged yet";
      if (member.rule != nullptr) state.rule = member.rule->name;
      write(state);
      control.set_driver_override(bdf, kSentinel);
      state.actions = {GateStep::driver_override};
    } catch (const Error& error) {
      if (error.id == ErrorId::permission) throw;  // all the others would fail the same way
      state.trouble.push_back(cat("could not be held back: ", error.what()));
    }
    state.driver = control.driver(bdf);  // a driver may have been faster
  }
}

// False: another device has its address, and was not meant.
bool Gatekeeper::Work::let_go(const PciDevice& device, const std::optional<std::string>& former_override,
                              std::vector<std::string>& trouble) const {
  const Descriptor grip = control.grip(device.bdf);
  if (const std::optional<PciDevice> now = now_at(device.bdf); !now || !is_same(*now, device)) return false;
  if (!control.is_at(device.bdf, grip)) return false;
  control.set_driver_override(device.bdf, former_override.value_or(""));
  return find_driver(device, trouble);
}

// Clearing an override binds no driver: the kernel looks for one when it is told to. It goes by the address alone, so whose address
// that is now is looked at just before, and again after it. False: not this device's any more.
bool Gatekeeper::Work::find_driver(const PciDevice& device, std::vector<std::string>& trouble) const {
  const Descriptor grip = control.grip(device.bdf);
  if (const std::optional<PciDevice> now = now_at(device.bdf); !now || !is_same(*now, device)) return false;
  if (control.driver(device.bdf)) return true;
  if (!control.is_at(device.bdf, grip)) return false;
  try {
    control.probe(device.bdf);
  } catch (const Error& error) {  // a driver that fails on its device is not the gate's concern
    trouble.push_back(cat("no driver could be bound: ", error.what()));
  }
  return control.is_at(device.bdf, grip);
}

bool Gatekeeper::Work::is_held(const PciDevice& device) const { return control.driver_override(device.bdf) == kSentinel; }

void Gatekeeper::Work::close_gate() {
  const std::optional<AutoprobeNote> before = read_note(host);
  leftover = before && !before->watch;
  if (!before) {
    write_note(host, {.autoprobe = control.autoprobe()});
    if (options.changed) options.changed(note_path(host), "written");
  }
  control.set_autoprobe(false);
}

// Every device in scope is decided. What failed has an override that no driver fits, whatever the kernel probes from now
// on, so autoprobe is restored. What came too late to be judged is held first: it would meet the next driver that is registered.
//
// No device may stay without a driver only because it arrived while autoprobe was off. In the initrd that is rare: no
// module is loaded before udev starts, and later ones bind by themselves, for autoprobe is on again. But a function may
// have arrived meanwhile (kernels from 6.19 on leave it alone), or a driver may have been registered: then the kernel is told
// to look again, as it would have done. It respects overrides of others by itself.
void Gatekeeper::Work::open_gate(const std::vector<PciDevice>& first, const std::set<std::string>& drivers, LetIn which) {
  const std::optional<AutoprobeNote> before = read_note(host);
  if (unsafe || !before) return;
  // A watch that holds devices as they are plugged in goes on doing so, and restores autoprobe itself.
  if (before->watch && which == LetIn::attested) return;
  if (which == LetIn::attested) hold_unjudged();
  control.set_autoprobe(before->autoprobe);
  if (which == LetIn::attested) hold_unjudged();  // they came just before that
  const bool all = leftover || control.drivers() != drivers;
  if (before->autoprobe) {
    const std::vector<PciDevice> now = transport::scan(host);
    const std::vector<Group> groups = which == LetIn::attested ? group_devices(control, policy, now) : std::vector<Group>{};
    const auto in_scope = [&](const PciDevice& device) {
      return std::any_of(groups.begin(), groups.end(), [&](const Group& group) {
        return std::any_of(group.members.begin(), group.members.end(), [&](const Member& m) { return m.device.bdf == device.bdf; });
      });
    };
    for (const PciDevice& device : now) {
      const auto same = [&](const PciDevice& other) { return is_same(other, device); };
      const bool was_there = std::any_of(first.begin(), first.end(), same);
      if (control.driver(device.bdf) || is_held(device) || (was_there && !all)) continue;
      if (in_scope(device) && is_unjudged(device)) continue;  // it came after the last look: what receives its event has it judged
      try {
        std::vector<std::string> ignored;
        if (!find_driver(device, ignored) && which == LetIn::attested) take_over(device.bdf);
      } catch (const Error&) {  // it has gone: not the gate's concern
      }
    }
  }
  remove_note(host);
  if (options.changed) options.changed(note_path(host), "removed");
}

std::vector<Bdf> Gatekeeper::Work::release(const std::vector<PciDevice>& devices) const {
  std::vector<Bdf> out;
  for (const PciDevice& device : devices) {
    std::optional<DeviceState> state;
    try {
      state = read_state(host, to_string(device.bdf));
    } catch (const Error&) {  // the former override is lost; the device is let go all the same
    }
    // The state is removed last: until then it keeps the former override, and that the device was held.
    const bool held = is_held(device);
    const bool tells_of_hold = state && (state->decision == Decision::pending || state->decision == Decision::blocked ||
                                         (state->decision == Decision::late && !state->actions.empty()));
    if (!held && !tells_of_hold) continue;
    std::vector<std::string> ignored;
    try {
      if (held) let_go(device, state ? state->former_override : std::nullopt, ignored);
      if (!held) find_driver(device, ignored);
    } catch (const Error& error) {
      if (error.id != ErrorId::no_device) throw;  // it has gone meanwhile, and the hold with it
    }
    out.push_back(device.bdf);
    if (!state) continue;
    remove_state(host, *state);
    if (options.changed) options.changed(host.run() / "devices" / state->bdf, "removed");
  }
  return out;
}

}  // namespace spdm::cmd
