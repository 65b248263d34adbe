#include "core/fleet/result_pieces.h"

#include <algorithm>
#include <exception>
#include <utility>

namespace spdm {

namespace {

constexpr std::string_view kBegin = "{\"";

std::size_t lines_in(std::string_view text) {
  std::size_t out = 0;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1)) ++out;
  return out;
}

}  // namespace

std::size_t cut_between_documents(std::string_view text) {
  for (std::size_t at = text.rfind("\n{\""); at != std::string_view::npos && at > 0; at = text.rfind("\n{\"", at - 1)) {
    std::string_view line = text.substr(0, at);
    if (const std::size_t before = line.rfind('\n'); before != std::string_view::npos) line.remove_prefix(before + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with(kBegin) && line.ends_with('}')) return at + 1;
  }
  return 0;
}

// Whether so much is there.
bool ResultPieces::fill(std::size_t size) {
  constexpr std::size_t kRead = 64U << 10;
  while (text_.size() < size && !ended_ && !broken_) {
    const std::size_t before = text_.size();
    text_.resize(before + std::min(kRead, size - before));
    std::size_t got = 0;
    try {
      got = source_(std::span(text_).subspan(before));
    } catch (...) {
      broken_ = std::current_exception();
    }
    text_.resize(before + got);
    ended_ = got == 0;
  }
  return text_.size() >= size;
}

ResultPiece ResultPieces::take(std::size_t size) {
  ResultPiece out{text_.substr(0, size), line_};
  text_.erase(0, size);
  line_ += lines_in(out.text);
  begun_ = true;
  return out;
}

std::optional<ResultPiece> ResultPieces::next() {
  for (std::size_t size = kPiece; !uncut_; size *= 2) {
    const bool more = fill(size);
    if (!more && !broken_) return begun_ && text_.empty() ? std::nullopt : std::optional(take(text_.size()));
    if (!broken_)
      if (const std::size_t cut = cut_between_documents(text_); cut > 0) return take(cut);
    uncut_ = broken_ || size >= kMost;
  }
  return std::nullopt;
}

JsonStream::Source ResultPieces::remainder() {
  return [this, at = std::size_t{0}](std::span<char> room) mutable -> std::size_t {
    if (const std::size_t count = text_.copy(room.data(), room.size(), at); count > 0) {
      at += count;
      return count;
    }
    if (broken_) std::rethrow_exception(broken_);
    return ended_ ? 0 : source_(room);
  };
}

}  // namespace spdm
