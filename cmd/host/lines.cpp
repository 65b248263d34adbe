#include "cmd/host/lines.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "cmd/host/files.h"
#include "core/error.h"
#include "core/evidence/cbor_document.h"
#include "core/evidence/compression.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kFirstRoom = 16 * 1024, kRoom = 256 * 1024;
constexpr std::size_t kLookedAt = 16;  // lines that may come before the first that is an object: the banner of a login, say

View trimmed(View line) {
  const auto blank = [](std::uint8_t c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!line.empty() && blank(line.front())) line = line.subspan(1);
  while (!line.empty() && blank(line.back())) line = line.first(line.size() - 1);
  return line;
}

// Whether it is by itself an object, or an array, of JSON.
bool is_document(View line) {
  return line.size() > 1 && ((line.front() == '{' && line.back() == '}') || (line.front() == '[' && line.back() == ']')) &&
         std::all_of(line.begin(), line.end(), [](std::uint8_t c) { return c >= ' ' || c == '\t'; });
}

// Whether a document goes on behind this line. Within one document, an object begins a line only behind such a line.
bool goes_on(View line) { return !line.empty() && (line.back() == ',' || line.back() == ':' || line.back() == '['); }

}  // namespace

LineFile::LineFile(std::filesystem::path path, std::size_t limit, By by)
    : path_(std::move(path)),
      limit_(limit),
      read_(unpacked(by == By::user ? open_file(path_) : open_found(path_), path_ == "-" ? "standard input" : path_.string())),
      room_(kFirstRoom) {}

View LineFile::beginning() {
  while (ahead().size() < 4 && fill()) continue;
  return ahead();
}

Pieces LineFile::pieces() && {
  const auto file = std::make_shared<LineFile>(std::move(*this));
  return [file](std::span<char> room) {
    const std::size_t size = std::min(room.size(), file->ahead().size());
    if (size == 0) return file->read_(room);
    std::copy_n(file->ahead().begin(), size, room.begin());
    file->begin_ += size;
    return size;
  };
}

bool LineFile::fill() {
  if (at_end_) return false;
  if (begin_ > 0) {
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_), buffer_.begin());
    end_ -= std::exchange(begin_, 0);
  }
  if (end_ == buffer_.size()) buffer_.resize(end_ + std::max(room_, end_));
  room_ = kRoom;
  const std::span<std::uint8_t> room = std::span(buffer_).subspan(end_);
  const std::size_t got = read_({reinterpret_cast<char*>(room.data()), room.size()});
  end_ += got;
  at_end_ = got == 0;
  return !at_end_;
}

// The line that begins `offset` bytes ahead; nothing at the end of the file.
std::optional<LineFile::Extent> LineFile::line_at(std::size_t offset, std::size_t limit) {
  for (std::size_t searched = offset;;) {
    const View have = ahead();
    const void* found = have.size() == searched ? nullptr : std::memchr(have.data() + searched, '\n', have.size() - searched);
    const std::size_t end =
        found == nullptr ? have.size() : static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) - have.data());
    const std::size_t size = end - offset;
    if (size > limit) return Extent{.size = size, .ends = found != nullptr, .too_long = true};
    if (found != nullptr) return Extent{.size = size, .ends = true, .too_long = false};
    searched = have.size();
    if (!fill()) return size == 0 ? std::nullopt : std::optional(Extent{.size = size, .ends = false, .too_long = false});
  }
}

bool LineFile::holds_objects(std::size_t within) {
  std::size_t offset = 0, lines = 0, blank = 0;
  bool first = false, inside = false;
  // A token is one document, whatever lines a device has put into it.
  if (ahead().size() < 2) fill();
  if (looks_like_cbor(ahead())) return false;
  while (offset <= within) {
    const std::optional<Extent> line = line_at(offset, within - offset);
    if (!line) return false;
    if (line->too_long) break;
    const View text = trimmed(ahead().subspan(offset, line->size));
    offset += line->size + (line->ends ? 1 : 0);
    if (!text.empty()) {
      const bool object = is_document(text) && !inside;
      if (++lines == 1)
        first = object;
      else if (first || object)
        return true;
      if (lines == kLookedAt) return false;
      inside = goes_on(text);
    } else if (lines == 0) {
      ++blank;
      if (offset < kFirstRoom) continue;
      begin_ += std::exchange(offset, 0);  // a connection that is kept alive must not take more and more memory
      number_ += std::exchange(blank, 0);
    }
  }
  return first;
}

void LineFile::skip_line() {
  for (;;) {
    const View have = ahead();
    const auto found = std::find(have.begin(), have.end(), std::uint8_t{'\n'});
    begin_ += static_cast<std::size_t>(found - have.begin());
    if (found != have.end()) {
      ++begin_;
      return;
    }
    if (!fill()) return;
  }
}

std::optional<Line> LineFile::next() {
  while (const std::optional<Extent> line = line_at(0, limit_)) {
    Line out{.number = ++number_, .bytes = {}, .too_long = line->too_long};
    if (line->too_long) {
      skip_line();
      return out;
    }
    const View text = trimmed(ahead().first(line->size));
    out.bytes.assign(text.begin(), text.end());
    begin_ += line->size + (line->ends ? 1 : 0);
    if (!out.bytes.empty()) return out;
  }
  return std::nullopt;
}

Bytes LineFile::rest(std::size_t limit) {
  do {
    if (ahead().size() <= limit) continue;
    Error error(ErrorId::bad_input, cat("is larger than the limit of ", limit, " bytes"));
    error.device = path_ == "-" ? "" : path_.string();
    throw error;
  } while (fill());
  buffer_.resize(end_);
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
  begin_ = end_ = 0;
  buffer_.shrink_to_fit();
  return std::exchange(buffer_, {});
}

}  // namespace spdm::cmd
