#include <algorithm>
#include <charconv>

#include "cmd/doctor.h"
#include "cmd/doctor_pieces.h"
#include "cmd/gate/gate_mode.h"
#include "cmd/gate/gatekeeper.h"
#include "core/error.h"
#include "core/text.h"
#include "transport/pci/bus.h"
#include "transport/pci/platform.h"
#include "transport/storage/drives.h"

namespace spdm::cmd {

using transport::Host;
using transport::PciDevice;

namespace {

using Lines = std::vector<Diagnosis>;
using Version = std::pair<unsigned, unsigned>;

constexpr Version kFirstTried{6, 1};
constexpr Version kTellsFeatures{6, 15};  // doe_features/
constexpr Version kHoldsHotAdded{6, 19};  // drivers_autoprobe=0 holds devices that are added later

// "6.12.48-amd64" is 6.12
std::optional<Version> version_of(std::string_view release) {
  Version out;
  const char* const end = release.data() + release.size();
  const auto [dot, error] = std::from_chars(release.data(), end, out.first);
  if (error != std::errc{} || dot == end || *dot != '.') return std::nullopt;
  if (std::from_chars(dot + 1, end, out.second).ec != std::errc{}) return std::nullopt;
  return out;
}

std::optional<Version> examine_kernel(Lines& out, const Host& host) {
  const std::string release = attribute(host.root / "proc/sys/kernel/osrelease").value_or("");
  const std::optional<Version> version = version_of(release);
  const std::string who = cat("Linux ", printable(release));
  if (!version) {
    out.push_back({Health::limited, "kernel", "its version cannot be read", "is /proc mounted?"});
  } else if (*version >= kHoldsHotAdded) {
    out.push_back({Health::good, "kernel", cat(who, ": the gate holds devices back at boot, and those that are added later"), ""});
  } else {
    out.push_back({Health::limited, "kernel",
                   cat(who, *version < kFirstTried ? " (older than what was tried)" : "",
                       ": the gate holds devices back at boot; one that is added later gets its driver before it is attested"),
                   "Linux 6.19 or newer holds those back, too; until then watch detects and unbinds"});
  }
  return version;
}

// Nobody is asked: a command can wake a disk.
void examine_drives(Lines& out, const std::vector<transport::Drive>& drives) {
  if (drives.empty()) return;
  std::string names;
  for (const transport::Drive& drive : drives) names += cat(names.empty() ? "" : ", ", printable(drive.name));
  out.push_back({Health::good, "drives", cat(names, ": which of them speak SPDM by their own commands, list --drives tells"), ""});
}

void examine_lockdown(Lines& out, const Host& host, bool has_drives) {
  const transport::Lockdown state = transport::lockdown(host);
  if (state == transport::Lockdown::none)
    return out.push_back({Health::good, "lockdown", "the kernel is not locked down, as far as can be seen", ""});
  out.push_back({Health::limited, "lockdown",
                 cat("is on (", state == transport::Lockdown::integrity ? "integrity" : "confidentiality",
                     "): the kernel refuses writes to PCI configuration space"),
                 cat("attest PCI devices from an initrd before lockdown, or without Secure Boot",
                     has_drives ? "; drives can be asked by their own commands, see: spdmctl list --drives" : "")});
}

bool hides_mailboxes(const PciDevice& device) { return device.hides_mailboxes(); }

void examine_mailboxes(Lines& out, const std::vector<PciDevice>& devices, const std::optional<Version>& version) {
  const auto with = those(devices, [](const PciDevice& device) { return device.has_mailbox(); });
  const auto hidden = those(devices, hides_mailboxes);
  if (with.empty() && !hidden.empty())
    return out.push_back(
        {Health::limited, "mailboxes", cat("those of ", counted(hidden.size(), "PCI function"), " cannot be seen"), "run as root"});
  if (with.empty())
    return out.push_back({Health::good, "mailboxes", cat("none of ", counted(devices.size(), "PCI function"), " has a DOE mailbox"), ""});
  const auto usable = those(devices, [](const PciDevice& d) { return d.may_attest() && !d.gone && !owner_of(d); });
  const auto silent = those(devices, [](const PciDevice& d) { return d.has_mailbox() && !d.doe_features; });
  const auto other = those(devices, [](const PciDevice& d) { return d.has_mailbox() && !d.may_attest(); });
  std::string what = cat(with.size(), " of ", counted(devices.size(), "PCI function"), with.size() == 1 ? " has" : " have",
                         " a DOE mailbox; ", usable.size(), " may be attested");
  if (!other.empty()) what += cat("; ", other.size(), other.size() == 1 ? " carries" : " carry", " no CMA-SPDM");
  out.push_back({usable.empty() ? Health::limited : Health::good, "mailboxes", what, "see: spdmctl list"});
  if (silent.empty())
    out.push_back({Health::good, "features", "the kernel tells what each mailbox carries (doe_features)", ""});
  else
    out.push_back({Health::limited, "features", cat("the kernel does not tell what these mailboxes carry: ", named(silent)),
                   version && *version >= kTellsFeatures ? "the kernel may have given them up, see dmesg; ask them: spdmctl list --discover"
                                                         : "Linux 6.15 or newer tells; ask them: spdmctl list --discover"});
}

void examine_owners(Lines& out, const std::vector<PciDevice>& devices) {
  for (const PciDevice* device : those(devices, [](const PciDevice& d) { return owner_of(d) && (d.has_mailbox() || hides_mailboxes(d)); }))
    out.push_back({Health::limited, "owner", cat(to_string(device->bdf), ": SPDM belongs to ", printable(*owner_of(*device))),
                   "it is attested by its owner, or here with --force"});
}

void examine_devices(Lines& out, const std::vector<PciDevice>& devices) {
  if (const auto gone = those(devices, [](const PciDevice& d) { return d.gone; }); !gone.empty())
    out.push_back(
        {Health::limited, "devices", cat("do not answer any more: ", named(gone)), "remove and rescan them, or reset their slot"});
  if (const auto asleep = those(devices, [](const PciDevice& d) { return d.has_no_power(); }); !asleep.empty())
    out.push_back({Health::good, "devices", cat("sleep in D3cold and were left asleep: ", named(asleep)), ""});
  const auto master = those(devices, [](const PciDevice& d) { return d.bus_master && !d.driver && !d.is_bridge(); });
  if (!master.empty())
    out.push_back({Health::limited, "bus-master", cat("may access memory although no driver is bound: ", named(master)),
                   "the firmware left it on; a policy can clear it"});
}

void examine_tsm(Lines& out, const Host& host, const std::vector<PciDevice>& devices) {
  const std::vector<transport::Tsm> tsms = transport::tsms_of(host);
  if (tsms.empty()) return out.push_back({Health::good, "tsm", "this host has no TSM: nobody else speaks SPDM for the platform", ""});
  for (const transport::Tsm& tsm : tsms) {
    const auto connected = those(devices, [&](const PciDevice& d) { return d.platform.tsm_connected == tsm.name; });
    out.push_back({Health::good, "tsm",
                   cat(tsm.name, connected.empty() ? " is connected with no device" : cat(" owns SPDM of ", named(connected))),
                   "see: spdmctl tsm show"});
  }
}

// Entries of a directory whose name contains the program's and ends as given.
bool holds_ours(const std::filesystem::path& directory, std::string_view end) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), last; !error && at != last; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.find("spdmctl") != std::string::npos && name.ends_with(end)) return true;
  }
  return false;
}

void examine_gate(Lines& out, const Host& host) {
  std::string found;
  const auto add = [&](bool there, std::string_view what) {
    if (there) found += cat(found.empty() ? "" : ", ", what);
  };
  std::error_code ignored;
  add(holds_ours(host.root / "usr/lib/dracut/modules.d", "spdmctl"), "dracut module");
  add(std::filesystem::exists(host.root / "usr/share/initramfs-tools/hooks/spdmctl", ignored) ||
          std::filesystem::exists(host.root / "etc/initramfs-tools/hooks/spdmctl", ignored),
      "initramfs-tools hook");
  const bool in_initrd = !found.empty();
  add(holds_ours(host.root / "usr/lib/systemd/system", ".service") || holds_ours(host.root / "etc/systemd/system", ".service"),
      "systemd units");
  if (in_initrd)
    out.push_back(
        {Health::good, "gate", cat("is installed: ", found, "; a policy takes it into initrd images that are made from then on"), ""});
  else
    out.push_back({Health::limited, "gate",
                   cat(found.empty() ? "is not installed" : cat("is not installed for the initrd (only: ", found, ")"),
                       ": drivers bind to devices before anybody has attested them"),
                   "install the module of dracut or the hook of initramfs-tools, and build the initrd anew"});
}

void examine_mode(Lines& out, const Host& host, const std::vector<std::string>& policies) {
  const ModeInForce mode = mode_in_force(host, policies);
  const std::string what = cat(name(mode.mode), " (", printable(mode.from()), ")");
  if (mode.warning.empty()) return out.push_back({Health::good, "mode", what, ""});
  out.push_back({Health::limited, "mode", what, printable(mode.warning)});
}

void examine_binding(Lines& out, const Host& host, const std::vector<PciDevice>& devices) {
  const std::optional<std::string> autoprobe = attribute(host.pci() / "drivers_autoprobe");
  if (autoprobe == "1") out.push_back({Health::good, "autoprobe", "drivers bind to devices as they come", ""});
  if (autoprobe == "0")
    out.push_back({Health::limited, "autoprobe", "is off: no driver binds by itself",
                   "a gate is at work, or was killed before it came to its end: run it again, or undo it with: spdmctl gate --release"});
  if (const auto blocked = those(devices, [](const PciDevice& d) { return d.driver_override == kSentinel; }); !blocked.empty())
    out.push_back({Health::limited, "blocked", cat("no driver may bind, says driver_override ", kSentinel, ": ", named(blocked)),
                   "they failed, or a gate was killed before it came to its end; see: spdmctl status"});
}

}  // namespace

void examine_host(Lines& out, const Host& host, const std::vector<std::string>& policies) {
  const std::optional<Version> version = examine_kernel(out, host);
  const std::vector<transport::Drive> drives = transport::scan_drives(host);
  examine_lockdown(out, host, !drives.empty());
  std::vector<PciDevice> devices;
  try {
    devices = transport::scan(host);
    examine_mailboxes(out, devices, version);
  } catch (const Error& error) {
    out.push_back({Health::limited, "pci", error.what(), error.hint});
  }
  examine_drives(out, drives);
  examine_mctp(out, host);
  examine_owners(out, devices);
  examine_devices(out, devices);
  examine_tsm(out, host, devices);
  examine_encryption(out, host, devices);
  examine_gate(out, host);
  examine_mode(out, host, policies);
  examine_binding(out, host, devices);
}

}  // namespace spdm::cmd
