#include "cmd/attest/evidence_files.h"

#include "cmd/attest/kernel_log_files.h"
#include "cmd/attest/targets.h"
#include "cmd/host/files.h"
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

// A file may claim to be live, but its reader has not seen the device.
Evidence as_recorded(Evidence evidence) {
  evidence.sha256 = evidence_sha256(evidence);
  evidence.live = false;
  return evidence;
}

// Adds a hint on what the user may have meant by this file.
void advise(Error& error, const std::filesystem::path& path) {
  if (has_ending(path, ".yaml")) error.hint = cat("a device profile is the target emulated:", shell_word(path.string()));
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
      for (const std::filesystem::path& entry : kernel_log_entries(file))
        sources_.push_back({.name = entry.string(), .what = entry.string(), .path = entry});
    } catch (const Error& error) {
      sources_.push_back({.name = file, .what = file, .path = file, .error = error});
    }
  }
}

std::vector<std::filesystem::path> EvidenceFiles::places(const std::vector<std::string>& files) {
  std::vector<std::filesystem::path> out;
  for (const std::string& file : files)
    for (std::filesystem::path& place : evidence_places(recording(file).value_or(file))) out.push_back(std::move(place));
  return out;
}

void EvidenceFiles::open() {
  file_.emplace(sources_.front().path, limit_of(FileKind::evidence_line));
  lines_ = file_->holds_objects(limit_of(FileKind::evidence));
}

bool EvidenceFiles::is_one() {
  if (sources_.size() != 1) return false;
  if (sources_.front().error || is_kernel_log_entry(sources_.front().path)) return true;
  try {
    open();
  } catch (const Error& error) {
    sources_.front().error = error;
  }
  return !lines_;
}

// Returns a piece without a name at the end of the source.
EvidencePiece EvidenceFiles::next_of_front() {
  const Source& source = sources_.front();
  if (source.error) throw Error(*source.error);
  EvidencePiece out{.name = source.name, .what = source.what, .bytes = {}, .entry = std::nullopt, .error = std::nullopt};
  if (!file_ && is_kernel_log_entry(source.path)) {
    out.entry = source.path;
    return out;
  }
  if (!file_) open();
  if (!lines_) {
    out.bytes = file_->rest(limit_of(FileKind::evidence));
    return out;
  }
  std::optional<Line> line = file_->next();
  if (!line) return {};
  const std::string place = cat(":", line->number);
  out.name += place;
  out.what += place;
  out.bytes = std::move(line->bytes);
  if (line->too_long)
    out.error.emplace(ErrorId::bad_input,
                      cat(out.what, ": the line is longer than the ", limit_of(FileKind::evidence_line), " bytes that are read of one"),
                      std::string(row(FileKind::evidence_line).advice));
  return out;
}

std::optional<EvidencePiece> EvidenceFiles::next() {
  while (!sources_.empty()) {
    EvidencePiece out;
    bool goes_on = false;
    try {
      out = next_of_front();
      goes_on = lines_ && !out.name.empty();
    } catch (Error& error) {
      const Source& source = sources_.front();
      if (error.device.empty()) error.device = source.what;
      if (!source.error) advise(error, source.path);
      out = {.name = source.name, .what = source.what, .bytes = {}, .entry = std::nullopt, .error = error};
    }
    if (!goes_on) {
      sources_.pop_front();
      file_.reset();
      lines_ = false;
    }
    if (!out.name.empty()) return out;
  }
  return std::nullopt;
}

std::string advice_on_lines(const std::filesystem::path& path) try {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored) || EvidenceFiles({path.string()}).is_one()) return {};
  return cat("evidence of several devices, one a line, is for: spdmctl verify; take one of them with: sed -n 1p ",
             shell_word(path.string()));
} catch (const Error&) {
  return {};
}

Evidence read_piece(const EvidencePiece& piece) {
  try {
    if (piece.error) throw Error(*piece.error);
    return as_recorded(piece.entry ? read_kernel_log_entry(*piece.entry) : load_evidence(piece.bytes, piece.what));
  } catch (Error& error) {
    if (error.device.empty()) error.device = piece.what;
    if (!piece.error) advise(error, piece.what);
    throw;
  }
}

Evidence read_recording(const std::filesystem::path& path) {
  const std::string name = name_of(path);
  try {
    return as_recorded(is_kernel_log_entry(path) ? read_kernel_log_entry(path) : load_evidence(read_file(path, FileKind::evidence), name));
  } catch (Error& error) {
    if (error.device.empty()) error.device = name;
    if (is_folder(path)) error.hint = "a directory with signatures of the kernel is for: spdmctl verify";
    if (const std::string advice = advice_on_lines(path); !advice.empty()) error.hint = advice;
    advise(error, path);
    throw;
  }
}

}  // namespace spdm::cmd
