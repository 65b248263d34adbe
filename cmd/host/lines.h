// A file that is read piece by piece: line by line without ever holding more than one, or whole. It may be compressed (compression.h).
#pragma once

#include <filesystem>
#include <optional>

#include "core/bytes.h"
#include "core/recognize.h"

namespace spdm::cmd {

struct Line {
  std::size_t number = 0;  // from 1, as editors count
  Bytes bytes;             // without the line break
  bool too_long = false;   // then there are no bytes
};

class LineFile {
 public:
  // Who has named it. Of what was found in a directory only a regular file is read.
  enum class By { user, folder };
  // "-" is standard input, where the user says so. Lines are at most `limit` bytes long. Throws Error as open_file(), or open_found().
  LineFile(std::filesystem::path path, std::size_t limit, By by = By::user);

  // The first bytes, four of them at least where the file has so many. Before anything else is read. Throws Error{io}, and as unpacked().
  View beginning();
  // All bytes, for another reader. Nothing is read from this one any more.
  Pieces pieces() &&;

  // Whether this is a stream of JSON objects or arrays, one a line, and no single document: there is a second line, and one of the
  // first 16 (for some may be broken) is by itself such a one, from bracket to bracket. Reads no more than that takes, and at most
  // `within` bytes. Blank lines at the front do not count, and may be dropped. Throws Error{io}.
  bool holds_objects(std::size_t within);

  // The next line that is not blank. Throws Error{io}.
  std::optional<Line> next();
  // All that is left. Throws Error{bad_input} when it is more than `limit` bytes, io.
  Bytes rest(std::size_t limit);

 private:
  struct Extent {
    std::size_t size = 0;
    bool ends = false;  // by a line break; else by the end of the file, or it is too long
    bool too_long = false;
  };

  View ahead() const { return View(buffer_).subspan(begin_, end_ - begin_); }
  std::optional<Extent> line_at(std::size_t offset, std::size_t limit);
  bool fill();
  void skip_line();

  std::filesystem::path path_;
  std::size_t limit_;
  Pieces read_;
  Bytes buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what was read and not yet given out
  std::size_t room_;                 // bytes to read at once; more once a file turns out to be long
  bool at_end_ = false;
  std::size_t number_ = 0;
};

}  // namespace spdm::cmd
