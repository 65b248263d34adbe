#include "cmd/attest/subjects.h"

#include <unistd.h>

#include <algorithm>

#include "cmd/host/parallel.h"
#include "core/text.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kMaxOpenedAtOnce = 16;

bool is_pci(const Subject& subject) {
  return !recording(subject.target) && transport::kind_of(subject.target).id == transport::Scheme::pci;
}

bool holds(const std::vector<Subject>& subjects, const transport::Bdf& bdf) {
  return std::any_of(subjects.begin(), subjects.end(), [&](const Subject& subject) { return address_of(subject.target) == bdf; });
}

void add_all(Subjects& out, const transport::Host& host) {
  for (const transport::PciDevice& device : transport::scan(host)) {
    if (device.gone || (!device.doe_features && !device.mailboxes)) ++out.unknown;
    if (!device.may_attest() || holds(out.list, device.bdf)) continue;
    // Where the kernel has found CMA-SPDM, a mailbox that denies it is worth a report.
    out.list.push_back({.target = to_string(device.bdf), .sought = !device.doe_features});
  }
  if (!out.list.empty()) return;
  if (out.unknown > 0 && ::geteuid() != 0) fail_for_want_of_permission(out.unknown);
  if (out.unknown > 0)
    throw Error(ErrorId::no_device,
                cat("no PCI device that is awake has a DOE mailbox that carries CMA-SPDM; of ", out.unknown, " it is unknown"),
                "see: spdmctl list --all");
  fail_for_want_of_devices();
}

}  // namespace

std::optional<transport::Bdf> address_of(std::string_view target) { return transport::parse_bdf(target.substr(0, target.find('?'))); }

std::string unknown_in_words(std::size_t functions) {
  return cat("all: ", functions, " PCI functions are asleep, gone or out of reach: what they can do is unknown; see: spdmctl list --all");
}

void fail_for_want_of_permission(std::size_t functions) {
  throw Error(ErrorId::permission, cat("the mailboxes of ", functions, " PCI functions could not be looked for"), "run it as root");
}

std::optional<std::filesystem::path> recording(const std::string& target) {
  for (const std::string_view scheme : {"file:", "pcap:"})
    if (target.starts_with(scheme)) return target.substr(scheme.size());
  std::error_code ignored;
  // A file that bears the name of a device must not stand in for it; ./NAME and file:NAME are files whatever they are called.
  const std::string_view scheme = std::string_view(target).substr(0, target.find(':'));
  const bool is_live = address_of(target) ||
                       (scheme.size() < target.size() && std::any_of(transport::kinds().begin(), transport::kinds().end(),
                                                                     [&](const transport::Kind& kind) { return kind.scheme == scheme; }));
  if (target == kAllDevices || is_live) return std::nullopt;
  if (std::filesystem::is_regular_file(target, ignored) || target.starts_with('/') || target.starts_with("./")) return target;
  return std::nullopt;
}

Subjects subjects_of(const std::vector<std::string>& targets, const transport::Host& host) {
  for (const std::string& target : targets)
    if (target != kAllDevices && !recording(target)) transport::kind_of(target);
  Subjects out;
  // What is named comes first in the list, wherever `all` stands: named twice, a device is still one that was named.
  for (const std::string& target : targets) {
    const std::optional<transport::Bdf> bdf = recording(target) ? std::nullopt : address_of(target);
    if (target != kAllDevices && !(bdf && holds(out.list, *bdf))) out.list.push_back({.target = target});
  }
  if (std::find(targets.begin(), targets.end(), kAllDevices) != targets.end()) add_all(out, host);
  return out;
}

void fail_for_want_of_devices() {
  throw Error(ErrorId::no_device, "no PCI device of this host has a DOE mailbox that carries CMA-SPDM", "see: spdmctl list");
}

void open_devices(std::vector<Subject>& subjects, const transport::OpenOptions& options) {
  std::vector<Subject*> devices;
  for (Subject& subject : subjects)
    if (is_pci(subject)) devices.push_back(&subject);
  in_order<Subject*>(
      devices.size(), kMaxOpenedAtOnce,
      [&](std::size_t i) {
        try {
          devices[i]->opened = transport::open(devices[i]->target, options);
        } catch (const Error& error) {
          devices[i]->failure = error;
        }
        return devices[i];
      },
      [](Subject*) {});
}

bool reads_files(const std::vector<Subject>& subjects) {
  return std::any_of(subjects.begin(), subjects.end(), [](const Subject& subject) {
    return recording(subject.target) || transport::kind_of(subject.target).id == transport::Scheme::emulated;
  });
}

}  // namespace spdm::cmd
