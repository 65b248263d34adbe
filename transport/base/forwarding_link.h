// A link that another one is behind, for those that do one thing more.
#pragma once

#include <memory>
#include <utility>

#include "core/protocol/link.h"

namespace spdm::transport {

class ForwardingLink : public Link {
 public:
  explicit ForwardingLink(std::unique_ptr<Link> link) : link_(std::move(link)) {}

  void connect(Clock::time_point deadline) override { link_->connect(deadline); }
  Bytes exchange(View request, Clock::time_point deadline) override { return link_->exchange(request, deadline); }
  SecuredReply exchange_secured(View record, Clock::time_point deadline) override { return link_->exchange_secured(record, deadline); }
  bool carries_sessions() const override { return link_->carries_sessions(); }
  void describe(HostView& host) const override { link_->describe(host); }
  Binding binding() const override { return link_->binding(); }
  std::size_t max_receive() const override { return link_->max_receive(); }
  std::size_t max_send() const override { return link_->max_send(); }

 protected:
  // Before members of a derived class are destroyed that the link still needs.
  void close() { link_.reset(); }

 private:
  std::unique_ptr<Link> link_;
};

}  // namespace spdm::transport
