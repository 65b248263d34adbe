// Memory that all open parts of a capture take together: messages of devices, segments of TCP, messages that are put together.
#pragma once

#include <cstddef>
#include <utility>

namespace spdm {

inline constexpr std::size_t kMaxCaptureHeld = 16U << 20;  // bytes of a capture that are kept at the same time
inline constexpr std::size_t kMessageOverhead = 128;       // of memory, beside the bytes of a message

class CaptureHold {
 public:
  explicit CaptureHold(std::size_t most = kMaxCaptureHeld) : most_(most) {}
  // It is time to hand on what has ended.
  bool is_tight() const { return held_ > most_ / 4 * 3; }

 private:
  friend class HeldMemory;
  std::size_t most_, held_ = 0;
};

// The share of one part. It ends with the part.
class HeldMemory {
 public:
  explicit HeldMemory(CaptureHold& hold) : hold_(&hold) {}
  HeldMemory(HeldMemory&& other) noexcept : hold_(other.hold_), size_(std::exchange(other.size_, 0)) {}
  HeldMemory& operator=(HeldMemory&&) = delete;
  ~HeldMemory() { hold_->held_ -= size_; }

  // Whether so much is left. Where it is not, the share stays as it was.
  bool resize(std::size_t size) {
    if (size > size_ && size - size_ > hold_->most_ - hold_->held_) return false;
    hold_->held_ = hold_->held_ - size_ + size;
    size_ = size;
    return true;
  }
  std::size_t size() const { return size_; }

 private:
  CaptureHold* hold_;
  std::size_t size_ = 0;
};

}  // namespace spdm
