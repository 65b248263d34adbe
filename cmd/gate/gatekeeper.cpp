#include "cmd/gate/gatekeeper.h"

#include <algorithm>
#include <atomic>

#include "cmd/gate/gatekeeper_work.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Bdf;
using transport::PciDevice;

namespace {

constexpr int kMaxRounds = 8;  // of devices that arrive while others are attested
const std::string kLock = "gate.lock";

bool has_seen(const std::vector<PciDevice>& devices, const PciDevice& one) {
  return std::any_of(devices.begin(), devices.end(), [&](const PciDevice& device) { return is_same(device, one); });
}

bool contains(const std::vector<PciDevice>& devices, const Bdf& bdf) {
  return std::any_of(devices.begin(), devices.end(), [&](const PciDevice& device) { return device.bdf == bdf; });
}

bool contains(const Group& group, const Bdf& bdf) {
  return std::any_of(group.members.begin(), group.members.end(), [&](const Member& member) { return member.device.bdf == bdf; });
}

// Without the right to read all of configuration space, every function looks as if it hid its mailboxes.
void assert_visible(const std::vector<PciDevice>& devices) {
  if (!devices.empty() && std::all_of(devices.begin(), devices.end(), [](const PciDevice& device) { return device.hides_mailboxes(); }))
    throw Error(ErrorId::permission, "the configuration space of PCI devices cannot be read", "run it as root");
}

DeviceState absent(const PolicyRule& rule) {
  DeviceState out;
  out.decision = Decision::absent;
  out.rule = rule.name;
  // An address without wildcards names the one device that is missing.
  if (const std::optional<Bdf> bdf = rule.match.bdf ? transport::parse_bdf(*rule.match.bdf) : std::nullopt) out.bdf = to_string(*bdf);
  return out;
}

}  // namespace

Gatekeeper::Gatekeeper(const transport::Host& host, Policy policy, const Options& options, Attest attest, Tell tell)
    : work_(std::make_shared<Work>(
          Work{host, std::move(policy), options, std::move(attest), std::move(tell), transport::PciControl(host, options.changed)})) {}

std::size_t Gatekeeper::left_behind() const { return *work_->left_behind; }

void Gatekeeper::Work::start(Occasion why) {
  occasion = why;
  deadline = Clock::now() + policy.timeout;
  results.clear();
  unsafe = leftover = false;
}

void Gatekeeper::Work::add_result(const DeviceState& state) {
  const std::optional<Bdf> bdf = state.decision == Decision::absent ? std::nullopt : transport::parse_bdf(state.bdf);
  if (tell) tell(state);
  results.insert_or_assign({bdf, bdf ? "" : state.rule}, state);
}

std::vector<DeviceState> Gatekeeper::Work::take_results() const {
  std::vector<DeviceState> out;
  for (const auto& [key, state] : results) out.push_back(state);
  std::stable_sort(out.begin(), out.end(), [](const DeviceState& a, const DeviceState& b) {
    return transport::parse_bdf(a.bdf) < transport::parse_bdf(b.bdf);  // one that is absent may have an address, too
  });
  return out;
}

// Attests devices that arrived while the gate was at work, before autoprobe comes back: they got no driver, or got one at once. One
// that has taken over the address of another has arrived, too.
// Returns all devices that were seen.
std::vector<PciDevice> Gatekeeper::Work::attest_newcomers(std::vector<PciDevice> known) {
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::vector<PciDevice> now = transport::scan(host);
    const auto is_new = [&](const Member& member) { return !has_seen(known, member.device); };
    std::vector<Group> groups = group_devices(control, policy, now);
    std::erase_if(groups, [&](const Group& group) { return std::none_of(group.members.begin(), group.members.end(), is_new); });
    if (groups.empty()) break;
    for (Group& group : groups) {
      remember(group);
      hold(group);
    }
    attest_all(groups);
    for (const PciDevice& device : now)
      if (!has_seen(known, device)) known.push_back(device);
  }
  return known;
}

// Releases functions that an earlier gate holds, and that are out of scope because the policy has changed: nothing else would
// ever take the override away.
void Gatekeeper::Work::release_strays(const std::vector<PciDevice>& devices, const std::vector<Group>& groups) const {
  std::vector<PciDevice> strays;
  for (const PciDevice& device : devices)
    if (is_held(device) && std::none_of(groups.begin(), groups.end(), [&](const Group& group) { return contains(group, device.bdf); }))
      strays.push_back(device);
  release(strays);
}

void Gatekeeper::Work::forget_absent(const std::vector<PciDevice>& devices) const {
  if (options.dry_run) return;
  for (const PolicyRule& rule : policy.rules)
    if (rule.expected && is_met(rule, devices)) remove_state(host, absent(rule));
}

// Reports devices that are expected and absent, and removes states of devices that have gone. But a device that was taken away
// because it failed has failed still: its state stays, and counts.
void Gatekeeper::Work::tell_missing(const std::vector<PciDevice>& devices) {
  std::set<std::string> taken_away_by;  // names of rules
  for (const DeviceState& state : read_states(host).states) {
    const std::optional<Bdf> bdf = state.decision == Decision::absent ? std::nullopt : transport::parse_bdf(state.bdf);
    if (bdf && results.count({bdf, ""}) != 0) continue;
    if (bdf && !contains(devices, *bdf) && was_taken_away(state)) {
      for (const std::string_view name : names_in(state.rule)) taken_away_by.emplace(name);
      add_result(state);
    } else if (!options.dry_run) {
      remove_state(host, state);
    }
  }
  tell_absent(devices, taken_away_by);
}

// Devices that a rule expects and that are not there, but for those of rules in `known`.
void Gatekeeper::Work::tell_absent(const std::vector<PciDevice>& devices, const std::set<std::string>& known) {
  for (const PolicyRule& rule : policy.rules) {
    if (!rule.expected || known.count(rule.name) != 0 || is_met(rule, devices)) continue;
    DeviceState state = absent(rule);
    state.time = utc_of(std::time(nullptr));
    state.occasion = occasion;
    state.verdict = Verdict::fail;
    state.exit = Exit::policy;
    state.reason = cat("rule '", rule.name, "' expects a device, and no device matches");
    write(state);
    add_result(state);
  }
}

std::vector<DeviceState> Gatekeeper::tell_absent(Occasion occasion) {
  Work& work = *work_;
  work.start(occasion);
  if (work.options.mode == GateMode::off) return {};
  const Descriptor lock = RunFolder::make(work.host, "").lock(kLock, RunFolder::Lock::exclusive, work.deadline);
  std::vector<PciDevice> devices;
  try {
    devices = transport::scan(work.host);
  } catch (const Error& error) {
    if (error.id != ErrorId::no_device) throw;  // no PCI: nothing is there
  }
  std::set<std::string> known;  // names of rules: told already, or of a device that was taken away because it failed
  for (const DeviceState& state : read_states(work.host).states) {
    const auto is_its = [&](const PolicyRule& rule) { return rule.expected && rule.name == state.rule && !is_met(rule, devices); };
    const bool lacks = std::any_of(work.policy.rules.begin(), work.policy.rules.end(), is_its);
    const std::optional<Bdf> bdf = transport::parse_bdf(state.bdf);
    if (state.decision == Decision::absent && !lacks)
      remove_state(work.host, state);
    else if (state.decision == Decision::absent || (bdf && !contains(devices, *bdf) && was_taken_away(state)))
      for (const std::string_view name : names_in(state.rule)) known.emplace(name);
  }
  work.tell_absent(devices, known);
  return work.take_results();
}

std::vector<DeviceState> Gatekeeper::run(Occasion occasion) {
  Work& work = *work_;
  work.start(occasion);
  if (work.options.mode == GateMode::off) return {};
  Descriptor lock;
  if (!work.options.dry_run)
    lock =
        RunFolder::make(work.host, "").lock(kLock, RunFolder::Lock::exclusive, occasion == Occasion::boot ? Clock::now() : work.deadline);
  work.deadline = Clock::now() + work.policy.timeout;

  const bool enforces = work.enforces();
  assert_visible(transport::scan(work.host));  // before anything is changed
  if (enforces) work.close_gate();             // first: what appears from now on finds no driver, where the kernel can do that
  const std::set<std::string> drivers = work.control.drivers();
  const std::vector<PciDevice> devices = transport::scan(work.host);
  std::vector<Group> groups = group_devices(work.control, work.policy, devices);
  for (Group& group : groups) {
    work.remember(group);
    if (enforces) work.hold(group);
  }
  work.attest_all(groups);
  if (enforces) work.release_strays(devices, groups);
  work.tell_missing(enforces ? work.attest_newcomers(devices) : devices);
  if (enforces) work.open_gate(devices, drivers, LetIn::attested);
  return work.take_results();
}

std::vector<DeviceState> Gatekeeper::attend(const std::vector<Bdf>& bdfs, Occasion occasion) {
  Work& work = *work_;
  work.start(occasion);
  if (work.options.mode == GateMode::off) return {};
  const bool locks = !work.options.dry_run;
  std::optional<RunFolder> folder;
  if (locks) folder = RunFolder::make(work.host, "");
  // A shared lock, which excludes run() on all devices. Several devices may be attended at the same time.
  Descriptor lock;
  if (locks) lock = folder->lock(kLock, RunFolder::Lock::shared, work.deadline);

  const std::vector<PciDevice> devices = transport::scan(work.host);
  assert_visible(devices);
  std::vector<Group> groups = group_devices(work.control, work.policy, devices);
  std::erase_if(groups, [&](const Group& group) {
    return std::none_of(bdfs.begin(), bdfs.end(), [&](const Bdf& bdf) { return contains(group, bdf); });
  });
  // The kernel announces each function of a device that arrives: calls for one device wait for each other, and every call takes
  // the locks in the same order.
  std::vector<Descriptor> group_locks;
  for (Group& group : groups) {
    if (locks) group_locks.push_back(folder->lock(cat("gate-", to_string(group.key), ".lock"), RunFolder::Lock::exclusive, work.deadline));
    if (work.attend_virtual(group, bdfs)) continue;
    work.remember(group);
    if (work.enforces()) work.hold(group);
  }
  std::erase_if(groups, [](const Group& group) { return group.members.empty(); });
  work.deadline = Clock::now() + work.policy.timeout;  // the time spent on locks does not count
  work.attest_all(groups);
  work.forget_absent(devices);
  return work.take_results();
}

// When only virtual functions arrived, and their physical function has been attested, they get its result. Its driver makes
// dozens of them at once, and asking it again for each would give the same answer.
bool Gatekeeper::Work::attend_virtual(Group& group, const std::vector<Bdf>& bdfs) {
  const auto asked = [&](const Member& member) { return std::find(bdfs.begin(), bdfs.end(), member.device.bdf) != bdfs.end(); };
  std::optional<DeviceState> physical;
  for (const Member& member : group.members) {
    if (!asked(member)) continue;
    if (!member.device.physical_function || occasion != Occasion::arrival) return false;
    try {
      physical = read_state(host, to_string(*member.device.physical_function));
    } catch (const Error&) {  // then it is asked again
      return false;
    }
    if (!physical || physical->decision == Decision::pending || physical->decision == Decision::audited) return false;
    const std::optional<PciDevice> now = now_at(*member.device.physical_function);
    if (!now || !is_of(*physical, *now)) return false;  // another device has taken the place of the one that was asked
  }
  std::erase_if(group.members, [&](const Member& member) { return !asked(member); });
  remember(group);
  if (enforces()) hold(group);
  conclude(group, result_of_physical(*physical, policy));
  group.members.clear();
  return true;
}

std::vector<Bdf> Gatekeeper::admit(const std::vector<Bdf>& bdfs) {
  Work& work = *work_;
  work.start(Occasion::arrival);
  const Descriptor lock = RunFolder::make(work.host, "").lock(kLock, RunFolder::Lock::exclusive, work.deadline);
  return work.admit(bdfs);
}

void Gatekeeper::hold_unjudged() {
  Work& work = *work_;
  work.start(Occasion::arrival);
  if (!work.enforces()) return;
  const Descriptor lock = RunFolder::make(work.host, "").lock(kLock, RunFolder::Lock::exclusive, work.deadline);
  work.hold_unjudged();
}

std::vector<Bdf> Gatekeeper::release(const std::vector<Bdf>& only) {
  Work& work = *work_;
  work.start(Occasion::request);
  const Descriptor lock = RunFolder::make(work.host, "").lock(kLock, RunFolder::Lock::exclusive, Clock::now());
  std::vector<PciDevice> devices = transport::scan(work.host);
  const std::vector<Group> groups = group_devices(work.control, work.policy, devices);
  if (!only.empty())
    std::erase_if(devices, [&](const PciDevice& device) {
      // A device is let go as a whole, as it was held.
      const auto asked = [&](const Bdf& bdf) {
        const auto same = [&](const Group& group) { return contains(group, bdf) && contains(group, device.bdf); };
        return bdf == device.bdf || std::any_of(groups.begin(), groups.end(), same);
      };
      return std::none_of(only.begin(), only.end(), asked);
    });
  std::vector<Bdf> out = work.release(devices);
  if (only.empty()) {
    work.leftover = true;  // drivers may have come since, and found nothing
    work.open_gate(devices, {}, LetIn::all);
  }
  return out;
}

}  // namespace spdm::cmd
