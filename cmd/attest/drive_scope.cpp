#include "cmd/attest/drive_scope.h"

#include <algorithm>
#include <filesystem>

#include "core/text.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

using transport::Bdf;
using transport::Drive;
using transport::Host;
using transport::Via;

namespace {

constexpr std::string_view kNvme = "nvme:", kScsi = "scsi:";
constexpr std::string_view kNvmeClass = "0x010802";  // PCI Code and ID Assignment: NVM Express I/O controller

// The mailbox is asked where it can be; where the kernel is locked down, or it is not wanted, the drive's own way is left. Without
// securityfs, as in many an initrd, only a try tells whether it is.
bool may_take_own_way(const Host& host, Via via) {
  std::error_code ignored;
  if (via != Via::any) return via == Via::storage;
  return transport::lockdown(host) != transport::Lockdown::none ||
         !std::filesystem::exists(host.root / "sys/kernel/security/lockdown", ignored);
}

bool is_nvme(const std::filesystem::path& function) {
  try {
    return transport::read_attribute(function / "class") == kNvmeClass;
  } catch (const Error&) {  // it has gone, or is nobody's business
    return false;
  }
}

}  // namespace

bool is_drive(std::string_view target) { return target.starts_with(kNvme) || target.starts_with(kScsi); }

std::string node_of(const Drive& drive, const Host& host) { return ("/" / drive.node.lexically_relative(host.root)).string(); }

std::string target_of(const Drive& drive, const Host& host) {
  return cat(drive.kind == transport::DriveKind::nvme ? kNvme : kScsi, node_of(drive, host));
}

Drive find_drive(std::string_view target, const Host& host) {
  const std::string_view node = target.substr(0, target.find('?')).substr(target.find(':') + 1);
  return transport::find_drive(host, target.starts_with(kNvme) ? transport::DriveKind::nvme : transport::DriveKind::scsi, node);
}

HostView view_of(const Drive& drive, const Host& host) {
  HostView out;
  if (drive.bdf) {
    out.bdf = to_string(*drive.bdf);
    try {
      out = host_view(transport::find_device(host, *drive.bdf));
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): its address is all there is
    }
  }
  out.target = target_of(drive, host);
  out.drive = drive.view;
  return out;
}

AwakeDrives awake_drives(const Host& host) {
  AwakeDrives out{transport::scan_drives(host), 0};
  out.asleep = std::erase_if(out.list, [](const Drive& drive) { return drive.asleep; });
  return out;
}

std::string asleep_in_words(std::size_t drives) {
  return cat("all: ", drives, drives == 1 ? " drive is" : " drives are", " asleep and skipped: a command would wake ",
             drives == 1 ? "it; to ask it anyway, name it" : "them; to ask them anyway, name them");
}

bool may_need_drives(const std::vector<Target>& targets, const transport::OpenOptions& options) {
  std::vector<Bdf> functions;
  for (const Target& target : targets) {
    if (recording(target.name)) continue;
    if (is_drive(target.name) && options.via != Via::doe) return true;
    if (const std::optional<Bdf> bdf = address_of(target.name)) functions.push_back(*bdf);
  }
  if (functions.empty() || !may_take_own_way(options.host, options.via)) return false;
  return std::any_of(functions.begin(), functions.end(),
                     [&](const Bdf& bdf) { return is_nvme(options.host.pci() / "devices" / to_string(bdf)); });
}

bool may_need_drives(const Host& host, Via via) {
  if (!may_take_own_way(host, via)) return false;
  std::error_code failure;
  for (std::filesystem::directory_iterator at(host.pci() / "devices", failure), end; !failure && at != end; at.increment(failure))
    if (is_nvme(at->path())) return true;
  return false;
}

}  // namespace spdm::cmd
