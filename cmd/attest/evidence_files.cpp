#include "cmd/attest/evidence_files.h"

#include "cmd/attest/kernel_log_files.h"
#include "cmd/attest/targets.h"
#include "cmd/host/files.h"
#include "cmd/host/folder.h"
#include "core/evidence/file.h"
#include "core/evidence/load.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kStandardInput = "standard input";

std::string name_of(const std::filesystem::path& path) { return path == "-" ? std::string(kStandardInput) : path.string(); }

bool is_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

// A device of several has its label behind the name of the document.
EvidencePiece piece_of(const std::string& name, const std::string& what, EvidencePart part, bool is_alone) {
  const std::string label = is_alone ? std::string() : part.label;
  EvidencePiece out{.name = cat(name, label), .what = cat(what, label), .bytes = {}, .entry = std::nullopt, .error = std::move(part.error)};
  if (!out.error) out.evidence = std::move(part.evidence);
  return out;
}

// A file may claim to be live, but its reader has not seen the device.
Evidence as_recorded(Evidence evidence) {
  evidence.sha256 = evidence_sha256(evidence);
  evidence.live = false;
  return evidence;
}

}  // namespace

EvidenceFiles::EvidenceFiles(const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    const std::filesystem::path path = recording(file).value_or(file);
    if (!is_folder(file)) {
      sources_.push_back({.name = file == "-" ? std::string(kStandardInput) : file, .what = name_of(path), .path = path});
      continue;
    }
    try {
      add_folder(file);
    } catch (const Error& error) {
      sources_.push_back({.name = file, .what = file, .path = file, .error = error});
    }
  }
}

void EvidenceFiles::add_folder(const std::string& folder) {
  if (is_kernel_log(folder)) {
    for (const std::filesystem::path& entry : kernel_log_entries(folder))
      sources_.push_back({.name = entry.string(), .what = entry.string(), .path = entry});
    return;
  }
  for (FolderEntry& entry : entries_of_folder(folder))
    sources_.push_back({.name = entry.path.string(),
                        .what = entry.path.string(),
                        .path = entry.path,
                        .error = std::move(entry.error),
                        .by = LineFile::By::folder});
}

std::vector<std::filesystem::path> EvidenceFiles::places(const std::vector<std::string>& files) {
  std::vector<std::filesystem::path> out;
  for (const std::string& file : files)
    for (std::filesystem::path& place : evidence_places(recording(file).value_or(file))) out.push_back(std::move(place));
  return out;
}

std::size_t EvidencePiece::size() const {
  std::size_t out = bytes.size();
  if (evidence)
    for (const Message& message : evidence->log) out += message.bytes.size();
  return out;
}

// What is read of the file goes to pending_, unless it is a stream.
void EvidenceFiles::open() {
  const Source& source = sources_.front();
  opened_ = true;
  LineFile file(source.path, limit_of(FileKind::evidence_line), source.by);
  if (looks_like_pcap(file.beginning())) return open_capture(std::move(file));
  lines_ = file.holds_objects(limit_of(FileKind::evidence));
  if (lines_)
    file_.emplace(std::move(file));
  else
    expand({.name = source.name,
            .what = source.what,
            .bytes = file.rest(limit_of(FileKind::evidence)),
            .entry = std::nullopt,
            .error = std::nullopt});
}

// All devices of a capture that is read as a whole. Those of a larger one come as they are complete.
void EvidenceFiles::open_capture(LineFile file) {
  const Source& source = sources_.front();
  try {
    capture_.emplace(std::move(file).pieces(), source.what);
    if (!capture_->is_whole()) return;
    std::vector<EvidencePart> parts;
    while (std::optional<EvidencePart> part = capture_->next()) parts.push_back(*std::move(part));
    for (EvidencePart& part : parts) pending_.push_back(piece_of(source.name, source.what, std::move(part), parts.size() == 1));
  } catch (const Error& error) {
    pending_.push_back({.name = source.name, .what = source.what, .bytes = {}, .entry = std::nullopt, .error = error});
  }
  capture_.reset();
}

// One piece for each device of a document of others. Other pieces are read by whoever takes them.
void EvidenceFiles::expand(EvidencePiece piece) {
  if (piece.error || !may_hold_several(piece.bytes)) return pending_.push_back(std::move(piece));
  try {
    std::vector<EvidencePart> parts = load_parts(piece.bytes, piece.what);
    for (EvidencePart& part : parts) pending_.push_back(piece_of(piece.name, piece.what, std::move(part), parts.size() == 1));
  } catch (const Error& error) {
    pending_.push_back({.name = piece.name, .what = piece.what, .bytes = {}, .entry = std::nullopt, .error = error});
  }
}

bool EvidenceFiles::is_one() {
  if (sources_.size() != 1) return false;
  if (sources_.front().error || is_kernel_log_entry(sources_.front().path)) return true;
  try {
    open();
  } catch (const Error& error) {
    sources_.front().error = error;
  }
  return !lines_ && !capture_ && pending_.size() <= 1;
}

EvidencePiece EvidenceFiles::take_pending() {
  EvidencePiece out = std::move(pending_.front());
  pending_.pop_front();
  return out;
}

// Returns a piece without a name at the end of the source.
EvidencePiece EvidenceFiles::next_of_front() {
  const Source& source = sources_.front();
  if (source.error) throw Error(*source.error);
  if (!opened_ && is_kernel_log_entry(source.path)) {
    opened_ = true;
    return {.name = source.name, .what = source.what, .bytes = {}, .entry = source.path, .error = std::nullopt};
  }
  if (!opened_) open();
  if (!pending_.empty()) return take_pending();
  if (capture_) {
    std::optional<EvidencePart> part = capture_->next();
    return part ? piece_of(source.name, source.what, *std::move(part), false) : EvidencePiece{};
  }
  std::optional<Line> line = file_ ? file_->next() : std::nullopt;
  if (!line) return {};
  EvidencePiece out{.name = cat(source.name, ":", line->number),
                    .what = cat(source.what, ":", line->number),
                    .bytes = std::move(line->bytes),
                    .entry = std::nullopt,
                    .error = std::nullopt};
  if (line->too_long)
    out.error.emplace(ErrorId::bad_input,
                      cat(out.what, ": the line is longer than the limit of ", limit_of(FileKind::evidence_line), " bytes"),
                      std::string(row(FileKind::evidence_line).advice));
  expand(std::move(out));
  return take_pending();
}

std::optional<EvidencePiece> EvidenceFiles::next() {
  while (!sources_.empty()) {
    EvidencePiece out;
    try {
      out = next_of_front();
      if (!out.name.empty()) return out;
    } catch (Error& error) {
      const Source& source = sources_.front();
      if (error.device.empty()) error.device = source.what;
      out = {.name = source.name, .what = source.what, .bytes = {}, .entry = std::nullopt, .error = error};
    }
    sources_.pop_front();
    file_.reset();
    capture_.reset();
    lines_ = opened_ = false;
    pending_.clear();
    if (!out.name.empty()) return out;
  }
  return std::nullopt;
}

std::string advice_on_lines(const std::filesystem::path& path) try {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};
  if (!LineFile(path, limit_of(FileKind::evidence_line)).holds_objects(limit_of(FileKind::evidence))) return {};
  return cat("for evidence of several devices, one per line, use: spdmctl verify; to take one line: sed -n 1p ", shell_word(path.string()));
} catch (const Error&) {
  return {};
}

Evidence read_piece(const EvidencePiece& piece) {
  try {
    if (piece.error) throw Error(*piece.error);
    if (piece.evidence) return as_recorded(*piece.evidence);
    return as_recorded(piece.entry ? read_kernel_log_entry(*piece.entry) : load_evidence(piece.bytes, piece.what));
  } catch (Error& error) {
    if (error.device.empty()) error.device = piece.what;
    throw;
  }
}

Evidence read_recording(const std::filesystem::path& path) {
  const std::string name = name_of(path);
  try {
    return as_recorded(is_kernel_log_entry(path) ? read_kernel_log_entry(path) : load_evidence(read_file(path, FileKind::evidence), name));
  } catch (Error& error) {
    if (error.device.empty()) error.device = name;
    if (is_folder(path)) error.hint = "for a directory of evidence, or of kernel signatures, use: spdmctl verify";
    if (const std::string advice = advice_on_lines(path); !advice.empty()) error.hint = advice;
    throw;
  }
}

}  // namespace spdm::cmd
