#include "transport/pci/doe_link.h"

#include <algorithm>
#include <optional>

#include "core/text.h"
#include "transport/base/binding.h"

namespace spdm::transport {

namespace {

class DoeLink final : public Link {
 public:
  DoeLink(std::unique_ptr<ConfigSpace> config, const DoeLinkOptions& options) : config_(std::move(config)), options_(options) {
    options_.limits.max_object = (kDoeHeader + options_.max_receive + 3) / 4 * 4;
  }

  Bytes exchange(View request, Clock::time_point deadline) override;
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override;
  bool carries_sessions() const override { return carries_sessions_; }
  Binding binding() const override { return Binding::doe; }
  // max_send() is the same (Link's default): QEMU's mailboxes have this limit in both directions, and do not report
  // when it is exceeded.
  std::size_t max_receive() const override { return options_.max_receive; }

 private:
  // Calls `use` with the mailbox, which is looked for the first time.
  template <class Use>
  auto with_mailbox(Clock::time_point deadline, Use use);
  void find_mailbox(Clock::time_point deadline);

  std::unique_ptr<ConfigSpace> config_;
  DoeLinkOptions options_;
  std::optional<DoeMailbox> mailbox_;
  bool carries_sessions_ = false;  // `mailbox_` carries secured CMA-SPDM, too
  std::optional<Error> gone_;
};

template <class Use>
auto DoeLink::with_mailbox(Clock::time_point deadline, Use use) {
  if (gone_) throw *gone_;
  try {
    if (!mailbox_) find_mailbox(deadline);
    return use(*mailbox_);
  } catch (const Error& error) {
    // From now on another device may answer at this address.
    if (error.id == ErrorId::no_device) gone_ = error;
    throw;
  }
}

Bytes DoeLink::exchange(View request, Clock::time_point deadline) {
  return with_mailbox(deadline, [&](DoeMailbox& mailbox) { return mailbox.exchange(kDoeSpdm, request, deadline); });
}

SecuredReply DoeLink::exchange_secured(View record, Clock::time_point deadline) {
  return with_mailbox(deadline, [&](DoeMailbox& mailbox) {
    // A mailbox silently discards an object of a type that it does not carry (PCIe r6.x 6.30.1).
    if (!carries_sessions_)
      throw Error(ErrorId::unsupported,
                  cat("no session can be opened: the device's DOE mailbox carries no secured CMA-SPDM (", to_string(kSecuredCmaSpdm), ")"));
    DoeAnswer answer = mailbox.exchange_secured(record, deadline);
    return SecuredReply{answer.type == kDoeSecuredSpdm, std::move(answer.payload)};
  });
}

void DoeLink::find_mailbox(Clock::time_point deadline) {
  const std::vector<std::uint16_t> offsets = find_extended(*config_, kDoeCapability);
  if (offsets.empty()) throw Error(ErrorId::no_spdm, "the device has no DOE mailbox");
  std::optional<Error> first;  // the first error that prevented the discovery of a mailbox
  for (const std::uint16_t offset : offsets) {
    try {
      DoeMailbox mailbox(*config_, offset, options_.limits);
      mailbox.claim(options_.force, deadline);
      const std::vector<DoeFeature> features = mailbox.discover(deadline);
      const auto carries = [&](const DoeFeature& feature) {
        return std::find(features.begin(), features.end(), feature) != features.end();
      };
      if (!carries(kCmaSpdm)) continue;
      mailbox_.emplace(mailbox);
      carries_sessions_ = carries(kSecuredCmaSpdm);
      return;
    } catch (const Error& error) {
      if (error.id != ErrorId::busy && error.id != ErrorId::peer && error.id != ErrorId::timeout) throw;
      if (!first) first = error;
    }
  }
  if (first) throw *first;
  throw Error(ErrorId::no_spdm, cat("the device has ", offsets.size(), " DOE mailbox", offsets.size() == 1 ? "" : "es",
                                    ", but none carries CMA-SPDM (", to_string(kCmaSpdm), ")"));
}

}  // namespace

std::unique_ptr<Link> doe_link(std::unique_ptr<ConfigSpace> config, const DoeLinkOptions& options) {
  return std::make_unique<DoeLink>(std::move(config), options);
}

}  // namespace spdm::transport
