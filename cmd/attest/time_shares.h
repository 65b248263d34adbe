// Divides the time that devices have together, so that those that stall keep none of the others from being asked.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "core/protocol/link.h"
#include "core/text.h"

namespace spdm::cmd {

// Devices that are asked at the same time where all of them have one time limit. Each costs a thread that mostly waits. As many
// as this have all of the time, each; where there are more, or the system gives fewer threads, they go in rounds.
inline constexpr std::size_t kMostAtOnce = 128;

// When a device may be asked.
struct Turn {
  Clock::time_point begin, end;
};

// Keeps count of the devices that wait and of those that are asked. Reads no clock, and takes no lock.
class TimeShares {
 public:
  // `devices`: all that are to be asked. `at_once`: how many of them at the same time, at least 1.
  TimeShares(Clock::time_point deadline, std::size_t devices, std::size_t at_once)
      : deadline_(deadline), waiting_(devices), at_once_(at_once) {}

  // The turn of the next device. It has what is left until the deadline, divided by the rounds that are still to be gone. What a
  // device does not use is so divided among those that come after it.
  Turn begin(Clock::time_point now) {
    const std::size_t rounds = (waiting_ + asked_ + at_once_ - 1) / at_once_;
    --waiting_;
    ++asked_;
    const bool endless = deadline_ == Clock::time_point::max();
    if (rounds <= 1 || now >= deadline_ || endless) return {now, deadline_};
    return {now, now + (deadline_ - now) / static_cast<Clock::rep>(rounds)};
  }
  // One that was asked is done.
  void end() { --asked_; }

 private:
  Clock::time_point deadline_;
  std::size_t waiting_, asked_ = 0, at_once_;
};

// "; its share of the time that all devices have together, 15.0 s, was used up": the rest of the sentence on a device that was at
// work until its turn was over.
inline std::string used_up(const Turn& turn) {
  const auto tenths = std::chrono::round<std::chrono::duration<long, std::deci>>(turn.end - turn.begin).count();
  return cat("; its share of the total time limit, ", tenths / 10, ".", tenths % 10, " s, was used up");
}

}  // namespace spdm::cmd
