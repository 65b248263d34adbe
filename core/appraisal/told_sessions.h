// Sessions whose messages the collector tells of in plain text.
#pragma once

#include <set>

#include "core/evidence/evidence.h"

namespace spdm {

class ToldSessions {
 public:
  explicit ToldSessions(const MessageLog& log) {
    for (const Message& message : log)
      if (!message.secured && message.inside != 0) ids_.insert(message.inside);
  }

  // Whether it is the record of a message that lies beside it in plain text.
  bool hold_record(const Message& message) const {
    constexpr std::size_t kIdSize = 4;  // DSP0277: every record begins with the id of its session
    if (!message.secured || ids_.empty() || message.bytes.size() < kIdSize) return false;
    return ids_.contains(Reader(message.bytes, "secured message").u32("session id"));
  }

 private:
  std::set<std::uint32_t> ids_;
};

}  // namespace spdm
