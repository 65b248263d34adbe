// The evidence in the files of a command line, piece by piece: whole files, the lines of streams, the files of a directory, and the
// signatures that a kernel has left in one. A document of others may speak of several devices: each is a piece.
#pragma once

#include <deque>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cmd/host/lines.h"
#include "core/error.h"
#include "core/evidence/evidence.h"
#include "core/evidence/load.h"
#include "core/evidence/pcap.h"

namespace spdm::cmd {

struct EvidencePiece {
  std::string name;                            // as a report calls its source: "device.json", "fleet.ndjson:17"
  std::string what;                            // as errors about it call it
  Bytes bytes;                                 // not parsed yet, unless:
  std::optional<std::filesystem::path> entry;  // the signatures of a kernel, which are files of their own
  std::optional<Error> error;                  // it could not be read, and why
  std::optional<Evidence> evidence{};          // of one device of a document that has several: it is read already

  // Memory that it takes, roughly.
  std::size_t size() const;
};

class EvidenceFiles {
 public:
  // What is opened, for a process that confines itself first.
  static std::vector<std::filesystem::path> places(const std::vector<std::string>& files);
  // Opens no file yet. A directory stands for the signatures of a kernel where it has such, else for its files (cmd/host/folder.h).
  explicit EvidenceFiles(const std::vector<std::string>& files);

  // Whether there is exactly one piece. Reads no more of the file than that takes.
  bool is_one();
  // The next piece; nothing at the end. What cannot be read is a piece with an error, and the others are still read.
  std::optional<EvidencePiece> next();

 private:
  struct Source {
    std::string name, what;
    std::filesystem::path path;
    std::optional<Error> error = std::nullopt;
    LineFile::By by = LineFile::By::user;
  };

  void add_folder(const std::string& folder);
  // The file of sources_.front(), told apart by its contents. Throws Error.
  void open();
  EvidencePiece next_of_front();
  void open_capture(LineFile file);
  void expand(EvidencePiece piece);
  EvidencePiece take_pending();

  std::deque<Source> sources_;
  std::optional<LineFile> file_;         // of sources_.front()
  bool lines_ = false;                   // it is a stream
  std::optional<CaptureParts> capture_;  // it is a capture that is too large to be read as a whole
  bool opened_ = false;
  std::deque<EvidencePiece> pending_;  // of the file, or of the line that was read last
};

// The hint for a user who gave a stream of evidence (one piece a line) where one piece is wanted; empty for any other file.
std::string advice_on_lines(const std::filesystem::path& path);

// Throws Error: bad_input naming the piece, and what read_kernel_log_entry() throws.
Evidence read_piece(const EvidencePiece& piece);

// Reads one file as one piece of evidence; "-" is standard input. It counts as recorded even when the file says live. Throws Error.
Evidence read_recording(const std::filesystem::path& path);

}  // namespace spdm::cmd
