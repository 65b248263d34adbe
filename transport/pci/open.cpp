#include "transport/pci/open.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/binding.h"
#include "transport/base/max_option.h"
#include "transport/pci/config_file.h"
#include "transport/pci/doe_link.h"
#include "transport/pci/encryption.h"
#include "transport/pci/ide.h"
#include "transport/pci/power.h"

namespace spdm::transport {

namespace {

// The link, with the lock and the power state that it holds. Its members are destroyed in the reverse order.
class PciLink final : public Link {
 public:
  PciLink(const Host& host, const Bdf& bdf) : lock_(host, bdf), power_(host, bdf, lock_) {}

  const PciPower& power() const { return power_; }
  bool abandoned() const { return lock_.abandoned(); }
  void attach(std::unique_ptr<Link> link) { link_ = std::move(link); }

  Bytes exchange(View request, Clock::time_point deadline) override {
    Bytes response = link_->exchange(request, deadline);
    lock_.settle();
    return response;
  }
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override {
    SecuredReply response = link_->exchange_secured(record, deadline);
    lock_.settle();
    return response;
  }
  bool carries_sessions() const override { return link_->carries_sessions(); }
  Binding binding() const override { return link_->binding(); }
  std::size_t max_receive() const override { return link_->max_receive(); }
  std::size_t max_send() const override { return link_->max_send(); }

 private:
  PciLock lock_;
  PciPower power_;
  std::unique_ptr<Link> link_;
};

struct PciTarget {
  Bdf bdf;
  std::size_t max_receive = 0;
};

PciTarget parse_target(std::string_view target) {
  const std::optional<Bdf> bdf = parse_bdf(target.substr(0, target.find('?')));
  if (!bdf) throw Error(ErrorId::usage, "not an address of a PCI function", cat("the form is ", kPciUsage));
  return {.bdf = *bdf, .max_receive = max_option(target, kPciUsage, max_message(Binding::doe), kEmuMaxReceive)};
}

// Refuses a device without a CMA-SPDM mailbox, as far as the kernel tells. It does not access the device.
void require_mailbox(const PciDevice& device) {
  const auto& features = device.doe_features;
  if (features && std::find(features->begin(), features->end(), kCmaSpdm) == features->end())
    throw Error(ErrorId::no_spdm, cat(to_string(device.bdf), " does not speak SPDM: its DOE mailboxes carry no CMA-SPDM (",
                                      to_string(kCmaSpdm), "), according to the kernel"));
  if (device.mailboxes && device.mailboxes->empty())
    throw Error(ErrorId::no_spdm, cat(to_string(device.bdf), " does not speak SPDM: it has no DOE mailbox"));
}

// Opening a session begins with GET_VERSION, which ends every session that the device has (DSP0274 "GET_VERSION").
constexpr std::string_view kNoForce = "have the owner release it; our session would end the owner's, so --force does not help";

}  // namespace

void refuse_owned(const PciDevice& device, const OpenOptions& options) {
  if (options.force && !options.for_session) return;
  if (const std::optional<std::string> owner = owner_of(device))
    throw Error(ErrorId::owned, cat("SPDM of ", to_string(device.bdf), " belongs to somebody else: ", printable(*owner)),
                options.for_session ? std::string(kNoForce) : "have the owner release it, or use --force");
}

void refuse_encrypted(ConfigSpace& config, const Bdf& bdf) {
  const std::vector<IdeStream> streams = enabled_ide_streams(config);
  if (streams.empty()) return;
  throw Error(ErrorId::owned,
              cat("SPDM of ", to_string(bdf), " belongs to somebody else: its ", to_string(streams.front()), " is enabled",
                  streams.size() > 1 ? cat(", and ", streams.size() - 1, " more") : ""),
              std::string(kNoForce));
}

std::unique_ptr<ConfigSpace> open_config(const Host& host, const Bdf& bdf) {
  const std::string name = to_string(bdf);
  std::unique_ptr<ConfigFile> config = open_config_file(host, bdf, ConfigAccess::change);
  if (config->is_extended()) return config;
  throw Error(ErrorId::no_spdm, cat(name, " does not speak SPDM: it has no extended configuration space"),
              "a function in a PCI Express slot has it; in a virtual machine, choose a machine with PCI Express");
}

Opened open_pci(std::string_view target, const OpenOptions& options) {
  const PciTarget parts = parse_target(target);
  const auto deadline = Clock::now() + options.timeout;
  const std::string name = to_string(parts.bdf);
  PciDevice device = find_device(options.host, parts.bdf);
  require_mailbox(device);
  refuse_owned(device, options);
  std::unique_ptr<ConfigSpace> config = open_config(options.host, parts.bdf);
  auto link = std::make_unique<PciLink>(options.host, parts.bdf);
  link->power().wait_until_awake(deadline);
  if (!is_present(*config))
    throw Error(ErrorId::no_device, cat(name, " is asleep or gone: its configuration space reads as all ones"), "see: spdmctl list --all");
  // Looks again: before we had the lock the device may have got an owner. And while it was asleep its configuration
  // space was not read, which has the serial number of its identity.
  device = find_device(options.host, parts.bdf);
  require_mailbox(device);
  refuse_owned(device, options);
  if (options.for_session) refuse_encrypted(*config, parts.bdf);
  HostView view = host_view(device);
  if (options.inspect) view.encryption = encryption_of(options.host, parts.bdf);
  const bool force = options.force || link->abandoned();
  link->attach(doe_link(std::move(config), {.force = force, .max_receive = parts.max_receive, .limits = {}}));
  return {std::move(link), std::move(view)};
}

}  // namespace spdm::transport
