// Cuts a file of reports into pieces that can be read on their own, and in parallel: between a line that is a whole document and the next.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/format/json_stream.h"

namespace spdm {

struct ResultPiece {
  std::string text;  // ends behind a line, or with the file
  std::size_t line;  // number of its first line
};

class ResultPieces {
 public:
  // Bytes: most pieces are a little smaller. Larger ones would be mapped and unmapped one by one, which takes longer than to read them.
  static constexpr std::size_t kPiece = 96U << 10;
  static constexpr std::size_t kMost = 64 * kPiece;  // what has no place to cut by then is not cut at all

  explicit ResultPieces(JsonStream::Source source) : source_(std::move(source)) {}

  // The next piece; nothing at the end, and where remainder() has to be read as a stream. An empty file is one empty piece.
  std::optional<ResultPiece> next();
  // Whether what comes next cannot be cut, or the source has failed.
  bool is_uncut() const { return uncut_; }
  // What is left, from the line line() on. Throws what the source has thrown, once what it gave before is read.
  JsonStream::Source remainder();
  std::size_t line() const { return line_; }

 private:
  bool fill(std::size_t size);
  ResultPiece take(std::size_t size);

  JsonStream::Source source_;
  std::exception_ptr broken_;
  std::string text_;  // read, and not given yet
  std::size_t line_ = 1;
  bool begun_ = false, ended_ = false, uncut_ = false;
};

// Where the text may be cut: behind the last line in it that looks like a whole document and is followed by the begin of another; 0 where
// there is no such place. In a document over several lines there is none: items of an array are followed by a comma or a bracket.
std::size_t cut_between_documents(std::string_view text);

}  // namespace spdm
