#include "core/evidence/capture_source.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace spdm {

namespace {
constexpr std::size_t kPiece = std::size_t{256} << 10;
}  // namespace

CaptureSource::CaptureSource(Pieces read) : read_(std::move(read)), buffer_(kPiece) {}

void CaptureSource::fill() {
  const std::size_t got = read_({reinterpret_cast<char*>(buffer_.data()) + end_, buffer_.size() - end_});
  end_ += got;
  at_end_ = got == 0;
}

View CaptureSource::peek(std::size_t size) {
  if (end_ - begin_ < size && !at_end_) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    if (buffer_.size() < size) buffer_.resize(size);
    while (end_ < size && !at_end_) fill();
  }
  return View(buffer_).subspan(begin_, std::min(size, end_ - begin_));
}

std::size_t CaptureSource::skip(std::size_t size) {
  std::size_t passed = 0;
  for (;;) {
    const std::size_t here = std::min(size - passed, end_ - begin_);
    begin_ += here;
    passed += here;
    if (passed == size || at_end_) break;
    begin_ = end_ = 0;
    fill();
  }
  position_ += passed;
  return passed;
}

Pieces pieces_of(View whole) {
  return [whole](std::span<char> room) mutable {
    const std::size_t size = std::min(room.size(), whole.size());
    if (size != 0) std::memcpy(room.data(), whole.data(), size);
    whole = whole.subspan(size);
    return size;
  };
}

}  // namespace spdm
