// A device out of a recording: it knows the answers to the requests that were recorded, in their order, and no others.
#pragma once

#include "core/evidence/evidence.h"
#include "core/protocol/link.h"

namespace transport {

class ReplayLink final : public spdm::Link {
 public:
  ReplayLink(spdm::MessageLog log, spdm::Binding binding, std::size_t max_receive)
      : log_(std::move(log)), binding_(binding), max_receive_(max_receive) {}

  // Throws Error{peer} with the first difference unless the request is the next recorded one, byte for byte.
  spdm::Bytes exchange(spdm::View request, spdm::Clock::time_point deadline) override;
  spdm::Binding binding() const override { return binding_; }
  std::size_t max_receive() const override { return max_receive_; }
  // Whether every message of the recording was used.
  bool done() const { return next_ == log_.size(); }

 private:
  spdm::MessageLog log_;
  spdm::Binding binding_;
  std::size_t max_receive_;
  std::size_t next_ = 0;
};

}  // namespace transport
