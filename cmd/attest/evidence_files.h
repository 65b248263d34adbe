// The evidence in the files of a command line, piece by piece: whole files, the lines of streams, and the signatures that
// a kernel has left in a directory.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cmd/host/lines.h"
#include "core/error.h"
#include "core/evidence/evidence.h"

namespace spdm::cmd {

struct EvidencePiece {
  std::string name;                            // as a report calls its source: "device.json", "fleet.ndjson:17"
  std::string what;                            // as errors in it call it
  Bytes bytes;                                 // not parsed yet, unless:
  std::optional<std::filesystem::path> entry;  // the signatures of a kernel, which are files of their own
  std::optional<Error> error;                  // it could not be read, and why
};

class EvidenceFiles {
 public:
  // Opens nothing yet. A directory stands for the signatures of a kernel in it.
  explicit EvidenceFiles(const std::vector<std::string>& files);

  // Whether there is one piece and no more. Looks into the file as far as it takes to know.
  bool is_one();
  // What cannot be read is a piece with an error, and says nothing about the others.
  std::optional<EvidencePiece> next();

 private:
  struct Source {
    std::string name, what;
    std::filesystem::path path;
    std::optional<Error> error = std::nullopt;
  };

  // The file of sources_.front(), told apart by its contents. Throws Error.
  void open();
  EvidencePiece next_of_front();

  std::deque<Source> sources_;
  std::optional<LineFile> file_;  // of sources_.front()
  bool lines_ = false;            // it is a stream
};

// What helps who gave a file of evidence, one piece a line, where one piece is wanted; empty for any other file.
std::string advice_on_lines(const std::filesystem::path& path);

// Throws Error: bad_input naming the piece, and what read_kernel_log_entry() throws.
Evidence read_piece(const EvidencePiece& piece);

// One file as one piece of evidence, whatever it holds. Throws Error.
Evidence read_recording(const std::filesystem::path& path);

}  // namespace spdm::cmd
