#include "cmd/attest/targets.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "cmd/attest/drive_scope.h"
#include "cmd/attest/endpoint_scope.h"
#include "cmd/attest/kernel_log_files.h"
#include "cmd/host/parallel.h"
#include "core/file.h"
#include "core/text.h"
#include "transport/naming.h"
#include "transport/pci/bus.h"
#include "transport/pci/encryption.h"
#include "transport/storage/drives.h"
#include "transport/target.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kMaxOpenedAtOnce = 64;  // threads that mostly wait: for name servers, for devices that wake up
// For each of those that nothing is left for, because others have used up the time.
constexpr std::chrono::milliseconds kLeastTime{250};

// All live targets are open at once. The soft limit is there for programs that use select(2).
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);  // where it fails, opening says what is missing
}

bool holds(const std::vector<Target>& targets, const transport::Bdf& bdf) {
  return std::any_of(targets.begin(), targets.end(), [&](const Target& target) { return address_of(target.name) == bdf; });
}

// Whether it is one of these, as the name of a function or of an endpoint says.
bool is_again(const std::vector<Target>& targets, const std::string& name) {
  if (recording(name)) return false;
  if (const std::optional<transport::Bdf> bdf = address_of(name)) return holds(targets, *bdf);
  const std::optional<transport::MctpAddress> endpoint = endpoint_of(name);
  return endpoint &&
         std::any_of(targets.begin(), targets.end(), [&](const Target& target) { return endpoint_of(target.name) == endpoint; });
}

// Throws Error{usage} for what is no kind of target.
void assert_is_target(const std::string& name) {
  try {
    transport::kind_of(name);
  } catch (Error& error) {
    const std::string why = why_no_recording(name);
    if (why.empty()) throw;
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(name, ignored);
    Error better(ErrorId::usage, why,
                 folder ? "all that is in a directory is for: spdmctl verify" : "name a recording, such as file:device.json, or a device");
    better.device = name;
    throw better;
  }
}

// What is in a drive is no recording.
void assert_is_no_drive(const std::string& name) {
  if (!name.starts_with("/dev/") || transport::kind_of_node(name) != transport::DriveKind::scsi) return;
  Error error(ErrorId::usage, "is a drive, and no recording", cat("ask it by its commands: scsi:", printable(name)));
  error.device = name;
  throw error;
}

// The name by which outputs have the target. One that names a device which is not there stays as it is: opening it tells so, and the
// others are asked all the same.
std::string known_as(const std::string& name, const transport::Host& host) {
  if (recording(name)) return name;
  try {
    return transport::canonical(name, host);
  } catch (const Error& error) {
    if (error.id == ErrorId::usage) throw;
    return name;
  }
}

void add_drives(Targets& out, const transport::Host& host) {
  const AwakeDrives drives = awake_drives(host);
  out.asleep = drives.asleep;
  for (const transport::Drive& drive : drives.list) {
    const std::string name = target_of(drive, host);
    if (std::none_of(out.list.begin(), out.list.end(), [&](const Target& target) { return target.name == name; }))
      out.list.push_back({.name = name, .sought = true});
  }
  if (drives.list.empty())
    throw Error(ErrorId::no_device, std::string(kNoDrive),
                drives.asleep > 0 ? asleep_in_words(drives.asleep) : "list drives with: spdmctl list --drives");
}

void add_endpoints_of(Targets& out, const transport::Host& host) {
  const std::vector<transport::MctpNeighbour> endpoints = endpoints_to_ask(host);
  add_endpoints(out.list, endpoints);
  if (endpoints.empty()) throw Error(ErrorId::no_device, std::string(kNoEndpoint), "mctpd adds routes; to add one by hand: mctp route add");
}

void add_all(Targets& out, const transport::Host& host, transport::Via via) {
  if (via == transport::Via::storage) return add_drives(out, host);
  if (via == transport::Via::mctp) return add_endpoints_of(out, host);
  bool found = false;
  for (const transport::PciDevice& device : transport::scan(host)) {
    if (device.gone || (!device.doe_features && !device.mailboxes)) ++out.unknown;
    if (!device.may_attest()) continue;
    found = true;
    if (holds(out.list, device.bdf)) continue;
    // Where the kernel has found CMA-SPDM, a mailbox that denies it is worth a report.
    out.list.push_back({.name = to_string(device.bdf), .sought = !device.doe_features});
  }
  if (found) return;
  if (out.unknown > 0 && ::geteuid() != 0) fail_for_want_of_permission(out.unknown);
  if (out.unknown > 0)
    throw Error(ErrorId::no_device,
                cat("no PCI device that is awake has a DOE mailbox with CMA-SPDM; ", out.unknown, " could not be checked"),
                "see: spdmctl list --all");
  fail_for_want_of_devices(via);
}

}  // namespace

void add_endpoints(std::vector<Target>& out, const std::vector<transport::MctpNeighbour>& endpoints) {
  for (const transport::MctpNeighbour& endpoint : endpoints)
    if (std::none_of(out.begin(), out.end(), [&](const Target& target) { return means(target.name, endpoint.address); }))
      out.push_back({.name = target_of(endpoint.address), .sought = true, .supposed = endpoint.is_one_of_many});
}

std::optional<transport::Bdf> address_of(std::string_view target) { return transport::parse_bdf(target.substr(0, target.find('?'))); }

std::string unknown_in_words(std::size_t functions) {
  return cat("all: ", functions, " PCI functions are asleep, gone or unreachable, and were not checked; see: spdmctl list --all");
}

void fail_for_want_of_permission(std::size_t functions) {
  throw Error(ErrorId::permission, cat("cannot search ", functions, " PCI functions for mailboxes"), "run it as root");
}

std::optional<std::filesystem::path> recording(const std::string& target) {
  for (const std::string_view scheme : {"file:", "pcap:"}) {
    if (target == scheme)
      throw Error(ErrorId::usage, cat(target, " has no file name"), cat("write ", scheme, "FILE, such as file:device.json"));
    if (target.starts_with(scheme)) return target.substr(scheme.size());
  }
  std::error_code ignored;
  // A file that bears the name of a device must not stand in for it; ./NAME and file:NAME are files whatever they are called.
  const std::string_view scheme = std::string_view(target).substr(0, target.find(':'));
  const bool is_live = transport::names_function(std::string_view(target).substr(0, target.find('?'))) ||
                       (scheme.size() < target.size() && std::any_of(transport::kinds().begin(), transport::kinds().end(),
                                                                     [&](const transport::Kind& kind) { return kind.scheme == scheme; }));
  if (target == kAllDevices || is_live) return std::nullopt;
  if (std::filesystem::is_regular_file(target, ignored) || target.starts_with('/') || target.starts_with("./")) return target;
  return std::nullopt;
}

std::string why_no_recording(const std::string& name) {
  namespace fs = std::filesystem;
  std::error_code failure, ignored;
  const fs::file_status status = fs::status(name, failure);
  if (fs::is_directory(status)) return "is a directory";
  if (fs::exists(status)) return "is not a regular file";
  if (!fs::is_symlink(name, ignored)) return {};
  return failure == std::errc::too_many_symbolic_link_levels ? failure.message() : std::string(kDanglingLink);
}

std::vector<std::string> known_names(const std::vector<std::string>& names, const transport::Host& host) {
  for (const std::string& name : names) {
    if (name == kAllDevices) continue;
    if (recording(name))
      assert_is_no_drive(name);
    else
      assert_is_target(name);
  }
  std::vector<std::string> out;
  out.reserve(names.size());
  for (const std::string& name : names) out.push_back(known_as(name, host));
  return out;
}

Targets targets_of(const std::vector<std::string>& given, const transport::Host& host, transport::Via via) {
  const std::vector<std::string> names = known_names(given, host);
  Targets out;
  // Named targets come first, wherever `all` stands: a device that is named and part of `all` counts as named.
  for (const std::string& name : names)
    if (name != kAllDevices && !is_again(out.list, name)) out.list.push_back({.name = name});
  if (std::find(names.begin(), names.end(), kAllDevices) == names.end()) return out;
  try {
    add_all(out, host, via);
  } catch (const Error& error) {
    if (out.list.empty() || (error.id != ErrorId::no_device && error.id != ErrorId::permission)) throw;
    out.none = cat(error.what(), error.hint.empty() ? "" : "; ", error.hint);
  }
  return out;
}

void fail_for_want_of_devices(transport::Via via) {
  if (via == transport::Via::storage)
    throw Error(ErrorId::no_device, "no drive of this host that is awake speaks SPDM through security commands",
                "see: spdmctl list --drives --all");
  if (via == transport::Via::mctp)
    throw Error(ErrorId::no_device, "no MCTP endpoint with a route speaks SPDM", "see: spdmctl list --mctp --all");
  throw Error(ErrorId::no_device, std::string(kNoDevice), std::string(kSeeDevices));
}

HostView view_of(const std::string& target, const transport::Host& host, bool inspect) {
  HostView out;
  if (const std::optional<transport::Bdf> bdf = address_of(target)) {
    out.bdf = to_string(*bdf);
    try {
      out = transport::host_view(transport::find_device(host, *bdf));
      if (inspect) out.encryption = transport::encryption_of(host, *bdf);
    } catch (const Error&) {  // no such device: name and address are all there is; or one that cannot be inspected
    }
  } else if (is_drive(target)) {
    try {
      out = view_of(find_drive(target, host), host);
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): no such drive: its name is all there is
    }
  } else if (is_endpoint(target)) {
    out = view_of_endpoint(target, host);
  }
  out.target = target;
  return out;
}

void open_targets(std::vector<Target>& targets, const transport::OpenOptions& options,
                  const std::function<void(transport::OpenOptions&, const HostView&)>& adapt) {
  raise_descriptor_limit();
  const Clock::time_point end = Clock::now() + options.timeout;
  std::vector<Target*> live;
  for (Target& target : targets) {
    target.host.target = target.name;
    if (!recording(target.name)) live.push_back(&target);
  }
  in_order<Target*>(
      live.size(), kMaxOpenedAtOnce,
      [&](std::size_t i) {
        Target& target = *live[i];
        transport::OpenOptions own = options;
        try {
          if (adapt) adapt(own, view_of(target.name, options.host));
          own.gently = target.sought;
          own.timeout = std::max<Clock::duration>(end - Clock::now(), kLeastTime);
          target.opened = transport::open(target.name, own);
          target.host = target.opened->host;
        } catch (const Error& error) {
          target.failure = error;
          target.host = view_of(target.name, options.host, own.inspect);
        }
        return &target;
      },
      [](Target*) {});
}

std::vector<std::filesystem::path> recordings_of(const std::vector<Target>& targets) {
  std::vector<std::filesystem::path> out;
  for (const Target& target : targets)
    if (const std::optional<std::filesystem::path> file = recording(target.name))
      for (std::filesystem::path& place : evidence_places(*file)) out.push_back(std::move(place));
  return out;
}

bool is_on_socket(const Target& target) {
  return !recording(target.name) && !transport::names_function(target.name) && !is_drive(target.name) && !is_endpoint(target.name) &&
         !target.name.starts_with("emulated:");
}

bool connects(const std::vector<Target>& targets) { return std::any_of(targets.begin(), targets.end(), is_on_socket); }

bool sends_mctp(const std::vector<Target>& targets) {
  return std::any_of(targets.begin(), targets.end(), [](const Target& target) { return target.opened && is_endpoint(target.name); });
}

}  // namespace spdm::cmd
