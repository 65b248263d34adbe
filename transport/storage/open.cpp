#include "transport/storage/open.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/base/forwarding_link.h"
#include "transport/base/max_option.h"
#include "transport/pci/config_file.h"
#include "transport/pci/encryption.h"
#include "transport/pci/lock.h"
#include "transport/pci/open.h"
#include "transport/storage/opener.h"
#include "transport/storage/storage_link.h"

namespace spdm::transport {

namespace {

// One process at a time works with a drive: by the lock of its PCI function, where it is one, because its mailbox leads to the same
// responder; else by its name.
class DriveLock {
 public:
  DriveLock(const Host& host, const Drive& drive) {
    if (drive.bdf) {
      function_.emplace(host, *drive.bdf, PciLock::Way::storage);
    } else {
      file_.emplace(host, drive.name);
      file_->write(std::to_string(::getpid()));
    }
  }
  ~DriveLock() {
    try {
      if (file_) file_->write("");
    } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a name in a lock that nobody holds is not read
    }
  }
  DriveLock(const DriveLock&) = delete;
  DriveLock& operator=(const DriveLock&) = delete;

 private:
  std::optional<PciLock> function_;
  std::optional<LockFile> file_;
};

// The link, with what it needs as long as it lives: even its end sends commands.
class DriveLink final : public ForwardingLink {
 public:
  DriveLink(std::unique_ptr<DriveLock> lock, std::shared_ptr<DriveOpener> opener, std::unique_ptr<Link> link)
      : ForwardingLink(std::move(link)), lock_(std::move(lock)), opener_(std::move(opener)) {}
  ~DriveLink() override { close(); }

 private:
  std::unique_ptr<DriveLock> lock_;
  std::shared_ptr<DriveOpener> opener_;
};

std::string_view node_of(std::string_view target) {
  target.remove_prefix(std::min(target.find(':') + 1, target.size()));
  return target.substr(0, target.find('?'));
}

Opened open_named(DriveKind kind, std::string_view usage, std::string_view target, const OpenOptions& options) {
  const std::size_t max = max_option(target, usage, max_message(Binding::storage), StorageLinkOptions{}.max_message);
  refuse_mctp(options.via);
  const Drive drive = find_drive(options.host, kind, node_of(target));
  if (options.via != Via::doe) return open_drive(drive, options, max);
  if (!drive.bdf)
    throw Error(ErrorId::no_spdm, cat(drive.name, " has no mailbox: it is no PCI function of its own"),
                "ask it by its own way: --via storage");
  return open_pci(cat(to_string(*drive.bdf), target.substr(std::min(target.find('?'), target.size()))), options);
}

// Looks at the function again each time: before we had the lock it may have got an owner.
HostView view_of(const Drive& drive, const OpenOptions& options) {
  HostView out;
  if (drive.bdf) {
    const PciDevice device = find_device(options.host, *drive.bdf);
    refuse_owned(device, options);
    out = host_view(device);
  }
  out.drive = drive.view;
  return out;
}

}  // namespace

Opened open_nvme(std::string_view target, const OpenOptions& options) { return open_named(DriveKind::nvme, kNvmeUsage, target, options); }

Opened open_scsi(std::string_view target, const OpenOptions& options) { return open_named(DriveKind::scsi, kScsiUsage, target, options); }

Opened open_drive(const Drive& drive, const OpenOptions& options, std::size_t max_message) {
  if (!options.drives)
    throw Error(ErrorId::internal, cat(drive.name, " cannot be opened: nobody here holds the right to the commands of drives"));
  view_of(drive, options);
  auto lock = std::make_unique<DriveLock>(options.host, drive);
  HostView view = view_of(drive, options);
  if (drive.bdf && options.for_session)
    if (const auto config = open_config_file(options.host, *drive.bdf, ConfigAccess::look); config->is_extended())
      refuse_encrypted(*config, *drive.bdf);
  if (drive.bdf && options.inspect) view.encryption = encryption_of(options.host, *drive.bdf);
  assert_node_of(options.host, drive);
  std::unique_ptr<SecurityCommands> commands = options.drives->open(drive.kind, drive.node, options.gently);
  assert_node_of(options.host, drive);  // another one may have got its name; from here on none does
  std::unique_ptr<Link> link = storage_link(std::move(commands), {.max_message = max_message});
  return {std::make_unique<DriveLink>(std::move(lock), options.drives, std::move(link)), std::move(view)};
}

}  // namespace spdm::transport
