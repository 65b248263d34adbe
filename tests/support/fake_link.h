// A Link without a device: answers come from a function or stand in a list, and every request is kept.
#pragma once

#include <functional>
#include <vector>

#include "core/error.h"
#include "core/protocol/link.h"

namespace fake {

using spdm::Bytes;
using spdm::View;

class Link : public spdm::Link {
 public:
  using Answer = std::function<Bytes(View request)>;

  explicit Link(Answer answer, spdm::Binding binding = spdm::Binding::none, std::size_t room = 4608)
      : answer_(std::move(answer)), binding_(binding), room_(room) {}

  // One answer per request, in order; then silence.
  explicit Link(std::vector<Bytes> answers, spdm::Binding binding = spdm::Binding::none, std::size_t room = 4608)
      : binding_(binding), room_(room) {
    answer_ = [list = std::move(answers), next = std::size_t{0}](View) mutable {
      if (next == list.size()) throw spdm::Error(spdm::ErrorId::timeout, "no answer");
      return list[next++];
    };
  }

  Bytes exchange(View request, spdm::Clock::time_point deadline) override {
    requests.push_back(spdm::to_bytes(request));
    deadlines.push_back(deadline);
    return answer_(request);
  }
  spdm::SecuredReply exchange_secured(View record, spdm::Clock::time_point deadline) override {
    if (!answer_secured) return spdm::Link::exchange_secured(record, deadline);
    records.push_back(spdm::to_bytes(record));
    return answer_secured(record);
  }
  bool carries_sessions() const override { return answer_secured != nullptr; }
  spdm::Binding binding() const override { return binding_; }
  std::size_t max_receive() const override { return room_; }

  // Answers secured messages; without it the link carries no sessions.
  std::function<spdm::SecuredReply(View record)> answer_secured;

  std::vector<Bytes> requests, records;
  std::vector<spdm::Clock::time_point> deadlines;  // of each request

 private:
  Answer answer_;
  spdm::Binding binding_;
  std::size_t room_;
};

}  // namespace fake
