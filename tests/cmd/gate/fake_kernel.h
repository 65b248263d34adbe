// The kernel's part in a fake sysfs: drivers bind when they are let, functions go when they are removed.
#pragma once

#include <csignal>
#include <map>
#include <set>

#include "cmd/gate/gatekeeper.h"
#include "core/text.h"
#include "tests/support/fake_sysfs.h"

namespace gate_test {

inline std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

class FakeKernel {
 public:
  support::FakeSysfs sysfs;
  std::string driver = "nvme";  // matches every function
  bool loaded = true;
  int steps = 0;                 // changes so far
  int die_after = -1;            // the process gets a SIGKILL after that many
  std::vector<std::string> log;  // "drivers_probe=0000:03:00.0"

  spdm::transport::Host host() const { return sysfs.host(); }

  // A function with a mailbox.
  void add(const std::string& bdf, support::FakeFunction function = {}, bool mailbox = true) const {
    function.bdf = bdf;
    if (mailbox) function.mailboxes = {0x140};
    sysfs.add(function);
  }

  spdm::transport::PciControl::Changed changed() {
    return [this](const std::filesystem::path& file, std::string_view value) {
      const std::string text = trimmed(std::string(value));
      log.push_back(spdm::cat(file.lexically_relative(sysfs.root()).string(), "=", text));
      act(file, text);
      if (++steps == die_after) std::raise(SIGKILL);
    };
  }

  std::string override_of(const std::string& bdf) const {
    const std::string text = trimmed(sysfs.read(sysfs.device(bdf) / "driver_override"));
    return text == "(null)" ? "" : text;
  }
  std::string driver_of(const std::string& bdf) const {
    std::error_code none;
    return std::filesystem::read_symlink(sysfs.device(bdf) / "driver", none).filename().string();
  }
  bool exists(const std::string& bdf) const { return std::filesystem::exists(sysfs.device(bdf)); }
  std::string autoprobe() const { return trimmed(sysfs.read(sysfs.pci() / "drivers_autoprobe")); }
  bool bus_master(const std::string& bdf) const { return (sysfs.read(sysfs.device(bdf) / "config").at(4) & 4) != 0; }

  // All that a gate could change: override, driver, autoprobe of every function.
  std::map<std::string, std::string> picture() const {
    std::map<std::string, std::string> out{{"autoprobe", autoprobe()}};
    for (const auto& entry : std::filesystem::directory_iterator(sysfs.pci() / "devices")) {
      const std::string bdf = entry.path().filename().string();
      out[bdf] = spdm::cat(override_of(bdf), "|", driver_of(bdf), "|", bus_master(bdf) ? "master" : "");
    }
    return out;
  }

 private:
  void act(const std::filesystem::path& file, const std::string& value) const {
    const std::string name = file.filename().string();
    if (name == "drivers_probe") probe(value);
    if (name == "unbind") std::filesystem::remove(sysfs.device(value) / "driver");
    if (name == "remove") sysfs.remove(file.parent_path().filename().string());
    if (name == "power") power_off(trimmed(sysfs.read(file.parent_path() / "address")));
  }

  void probe(const std::string& bdf) const {
    const std::string only = override_of(bdf);
    if (loaded && exists(bdf) && driver_of(bdf).empty() && (only.empty() || only == "vfio-pci"))
      sysfs.bind(bdf, only.empty() ? driver : only);
  }

  void power_off(const std::string& address) const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(sysfs.pci() / "devices"))
      names.push_back(entry.path().filename().string());
    for (const std::string& bdf : names)
      if (bdf.starts_with(address)) sysfs.remove(bdf);
  }
};

inline spdm::Report report_with(spdm::Verdict verdict, spdm::Exit exit, const std::string& reason) {
  spdm::Report out;
  out.verdict = verdict;
  out.exit = exit;
  out.reason = reason;
  out.messages = 8;
  return out;
}

inline spdm::Report passed(char leaf = 'a') {
  spdm::Report out = report_with(spdm::Verdict::pass, spdm::Exit::ok, "authenticated");
  spdm::SlotReport& slot = out.slots.emplace_back();
  slot.used = true;
  slot.chain.emplace().certificates.emplace_back().sha256 = std::string(64, leaf);
  return out;
}

inline spdm::Report failed() { return report_with(spdm::Verdict::fail, spdm::Exit::bad_signature, "the signature is wrong"); }

inline spdm::Report errored(spdm::ErrorId id, std::size_t messages = 0) {
  spdm::Report out = report_with(spdm::Verdict::undetermined, row(id).exit, "it went wrong");
  out.error = spdm::Interruption{id, "it went wrong", ""};
  out.messages = messages;
  return out;
}

// What each function answers; one that has no row passes.
struct Answers {
  std::map<std::string, spdm::Report> reports;

  spdm::cmd::Gatekeeper::Attest attest() const {
    return [reports = reports](const spdm::transport::PciDevice& device, const spdm::PolicyRule&, spdm::Clock::time_point) {
      const auto it = reports.find(to_string(device.bdf));
      return it == reports.end() ? passed() : it->second;
    };
  }
};

inline spdm::Policy policy_of(const std::string& yaml) {
  spdm::Policy out;
  spdm::add_policy_file(out, "test.yaml", yaml);
  return out;
}

// A gate at work in this process.
inline std::vector<spdm::cmd::DeviceState> run(FakeKernel& kernel, const Answers& answers, const spdm::Policy& policy = {},
                                               spdm::GateMode mode = spdm::GateMode::enforce, bool dry_run = false) {
  spdm::cmd::Gatekeeper::Options options(mode);
  options.dry_run = dry_run;
  options.changed = kernel.changed();
  return spdm::cmd::Gatekeeper(kernel.host(), policy, options, answers.attest(), {}).run();
}

inline std::vector<spdm::cmd::DeviceState> attend(FakeKernel& kernel, const Answers& answers, const std::string& bdf,
                                                  spdm::cmd::Occasion occasion, const spdm::Policy& policy = {}) {
  spdm::cmd::Gatekeeper::Options options(spdm::GateMode::enforce);
  options.changed = kernel.changed();
  return spdm::cmd::Gatekeeper(kernel.host(), policy, options, answers.attest(), {}).attend(*spdm::transport::parse_bdf(bdf), occasion);
}

inline const spdm::cmd::DeviceState& state_of(const std::vector<spdm::cmd::DeviceState>& states, const std::string& bdf) {
  for (const spdm::cmd::DeviceState& state : states)
    if (state.bdf == bdf) return state;
  throw std::runtime_error("no state of " + bdf);
}

}  // namespace gate_test
