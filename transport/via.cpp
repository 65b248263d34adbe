#include "transport/via.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/base/forwarding_link.h"
#include "transport/base/max_option.h"
#include "transport/pci/config_file.h"
#include "transport/pci/open.h"
#include "transport/storage/open.h"

namespace spdm::transport {

namespace {

// Whether configuration space can be read only. The mailbox itself would tell with its first exchange: too late for a process that
// confines itself before.
bool is_locked_down(const Host& host, const Bdf& bdf) {
  std::error_code ignored;
  if (std::filesystem::exists(host.root / "sys/kernel/security/lockdown", ignored)) return lockdown(host) != Lockdown::none;
  // Many an initrd has no securityfs. Vendor ID and Device ID are read-only (PCIe r6.x 7.5.1.1): to write them changes nothing, and the
  // kernel refuses it all the same.
  try {
    const std::unique_ptr<ConfigFile> config = open_config_file(host, bdf, ConfigAccess::change);
    config->write32(0, config->read32(0));
  } catch (const Error& error) {
    return error.id == ErrorId::lockdown;
  }
  return false;
}

Opened open_by_drive(std::string_view target, const Drive& drive, const OpenOptions& options) {
  return open_drive(drive, options, max_option(target, kPciUsage, max_message(Binding::storage), StorageLinkOptions{}.max_message));
}

// The drive's own way, taken because the mailbox is locked down: where it leads to no SPDM, the lockdown is what is wrong.
class Detour final : public ForwardingLink {
 public:
  Detour(std::unique_ptr<Link> link, const Bdf& bdf) : ForwardingLink(std::move(link)), bdf_(bdf) {}

  void connect(Clock::time_point deadline) override {
    try {
      ForwardingLink::connect(deadline);
    } catch (const Error& error) {
      if (error.id != ErrorId::no_spdm) throw;
      fail_locked_down(cat("the mailbox of ", to_string(bdf_), ", which does not speak SPDM as a drive"));
    }
  }

 private:
  Bdf bdf_;
};

Opened open_locked_down(std::string_view target, const Drive& drive, const OpenOptions& options) {
  Opened out = open_by_drive(target, drive, options);
  const PciDevice device = find_device(options.host, *drive.bdf);
  const bool has_mailbox = !device.mailboxes || !device.mailboxes->empty();
  if (has_mailbox) out.link = std::make_unique<Detour>(std::move(out.link), device.bdf);
  return out;
}

}  // namespace

Opened open_function(std::string_view target, const OpenOptions& options) {
  refuse_mctp(options.via);
  const std::optional<Bdf> bdf = parse_bdf(target.substr(0, target.find('?')));
  if (!bdf || options.via == Via::doe) return open_pci(target, options);
  const std::optional<Drive> drive = drive_of(options.host, *bdf);
  if (options.via == Via::storage) {
    if (drive) return open_by_drive(target, *drive, options);
    const PciDevice device = find_device(options.host, *bdf);
    throw Error(ErrorId::no_device,
                cat("the kernel has no NVMe controller for ", to_string(*bdf), ": ",
                    device.driver ? cat("its driver is ", printable(*device.driver)) : "it has no driver"),
                "a driver has to be bound before a drive can be asked by its own way; its mailbox needs none: --via doe");
  }
  if (drive && options.drives && is_locked_down(options.host, *bdf)) return open_locked_down(target, *drive, options);
  return open_pci(target, options);
}

}  // namespace spdm::transport
