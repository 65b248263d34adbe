// The bytes of a capture, read in pieces: no more of them is in memory than a frame takes.
#pragma once

#include <cstddef>

#include "core/bytes.h"
#include "core/recognize.h"

namespace spdm {

inline constexpr std::size_t kMaxCaptureFrame = 4U << 20;  // bytes of one frame, or of a block of pcapng that is looked into

class CaptureSource {
 public:
  explicit CaptureSource(Pieces read);

  // The next `size` bytes, or fewer where the file ends before. They stay until the next call.
  View peek(std::size_t size);
  // Passes over them, and returns how many there were.
  std::size_t skip(std::size_t size);
  // Bytes before those that are next.
  std::size_t position() const { return position_; }

 private:
  void fill();

  Pieces read_;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what was read, in buffer_
  std::size_t position_ = 0;
  bool at_end_ = false;
};

// Those of a file that is in memory; the bytes must outlive them.
Pieces pieces_of(View whole);

}  // namespace spdm
