// A decorator that keeps what passes: both directions, in the order of the wire.
#pragma once

#include "core/evidence/evidence.h"
#include "core/protocol/link.h"

namespace transport {

// Link and log must outlive it. A request whose response never came stays in the log without one.
class RecordLink final : public spdm::Link {
 public:
  RecordLink(spdm::Link& link, spdm::MessageLog& log) : link_(link), log_(log) {}

  spdm::Bytes exchange(spdm::View request, spdm::Clock::time_point deadline) override;
  spdm::Binding binding() const override { return link_.binding(); }
  std::size_t max_receive() const override { return link_.max_receive(); }
  std::size_t max_send() const override { return link_.max_send(); }

 private:
  spdm::Link& link_;
  spdm::MessageLog& log_;
};

}  // namespace transport
