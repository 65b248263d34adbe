#include "transport/storage/open.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/text.h"
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

// The link, with what it needs as long as it lives. Its members are destroyed in the reverse order.
class DriveLink final : public Link {
 public:
  DriveLink(const Host& host, const Drive& drive, std::shared_ptr<DriveOpener> opener) : lock_(host, drive), opener_(std::move(opener)) {}

  void open(const Drive& drive, const StorageLinkOptions& options) {
    link_ = storage_link(opener_->open(drive.kind, drive.node, false), options);
  }

  void connect(Clock::time_point deadline) override { link_->connect(deadline); }
  Bytes exchange(View request, Clock::time_point deadline) override { return link_->exchange(request, deadline); }
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override { return link_->exchange_secured(record, deadline); }
  bool carries_sessions() const override { return link_->carries_sessions(); }
  void describe(HostView& host) const override { link_->describe(host); }
  Binding binding() const override { return link_->binding(); }
  std::size_t max_receive() const override { return link_->max_receive(); }
  std::size_t max_send() const override { return link_->max_send(); }

 private:
  DriveLock lock_;
  std::shared_ptr<DriveOpener> opener_;
  std::unique_ptr<Link> link_;
};

std::string_view node_of(std::string_view target) {
  target.remove_prefix(std::min(target.find(':') + 1, target.size()));
  return target.substr(0, target.find('?'));
}

Opened open_named(DriveKind kind, std::string_view usage, std::string_view target, const OpenOptions& options) {
  const std::size_t max = max_option(target, usage, Binding::storage, StorageLinkOptions{}.max_message);
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
  auto link = std::make_unique<DriveLink>(options.host, drive, options.drives);
  HostView view = view_of(drive, options);
  if (drive.bdf && options.for_session)
    if (const auto config = open_config_file(options.host, *drive.bdf, ConfigAccess::look); config->is_extended())
      refuse_encrypted(*config, *drive.bdf);
  if (drive.bdf && options.inspect) view.encryption = encryption_of(options.host, *drive.bdf);
  link->open(drive, {.max_message = max_message});
  return {std::move(link), std::move(view)};
}

}  // namespace spdm::transport
