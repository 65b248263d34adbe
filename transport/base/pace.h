// The pace of polling for something that gets ready at an unknown time: often at first, when a look costs less than the
// time it may save, then less and less often. It adds at most an eighth to the time waited (and the kernel's timer
// slack), and at most 1/128 s.
#pragma once

#include <algorithm>
#include <thread>

#include "core/protocol/link.h"

namespace spdm::transport {

class Pace {
 public:
  explicit Pace(Clock::time_point end) : end_(end) {}

  // Waits until the next look is due; false when the time is up. There is one last look after the end: a process that
  // was not scheduled for a while must still see what was ready in time.
  bool wait() {
    if (over_) return false;
    const auto now = Clock::now();
    over_ = now >= end_;
    if (const auto elapsed = now - start_; !over_ && elapsed >= kSpin)
      std::this_thread::sleep_for(std::min({elapsed / 8, kLongest, end_ - now}));
    return true;
  }

 private:
  static constexpr Clock::duration kSpin = std::chrono::microseconds(50);
  static constexpr Clock::duration kLongest = std::chrono::nanoseconds(std::chrono::seconds(1)) / 128;

  Clock::time_point start_ = Clock::now();
  Clock::time_point end_;
  bool over_ = false;
};

}  // namespace spdm::transport
