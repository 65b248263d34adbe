#include "certstore/keyring.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "certstore/read.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAnchors = "anchors", kPins = "pins";

enum class Kind { certificates, scope, crls, denials, pins, ignored, misnamed };

struct KindRow {
  std::string_view ending;  // of the file's name
  Kind kind;
};

// The first that fits counts.
constexpr std::array kKinds{KindRow{".pem", Kind::certificates}, KindRow{".crt", Kind::certificates}, KindRow{".cer", Kind::certificates},
                            KindRow{".der", Kind::certificates}, KindRow{".crl", Kind::crls},         KindRow{".deny.yaml", Kind::denials},
                            KindRow{".yaml", Kind::scope},       KindRow{".yml", Kind::misnamed}};

// Lower-cases names of files for comparing: R2.CRL is a revocation list, too.
std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

// The kind of a file, by its name relative to the keyring directory.
Kind kind_of(const fs::path& relative) {
  const std::string name = lower(relative.filename().string());
  if (name.starts_with('.')) return Kind::ignored;
  const bool pin = relative.parent_path() == kPins;
  if (name == "deny.yaml" && !pin) return Kind::denials;
  const auto* const row =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const KindRow& candidate) { return name.ends_with(candidate.ending); });
  if (row == kKinds.end()) return Kind::ignored;
  if (!pin || row->kind == Kind::misnamed) return row->kind;
  return name.ends_with(".yaml") ? Kind::pins : Kind::ignored;
}

FileKind file_kind(Kind kind) {
  if (kind == Kind::certificates) return FileKind::certificates;
  return kind == Kind::crls ? FileKind::crl : FileKind::keyring_entry;
}

// What may not be read is not what is wrong.
ErrorId cause_of(const FileContents& content) {
  return content.is(FileContents::State::refused) ? ErrorId::permission : ErrorId::bad_input;
}

// These files narrow trust: without one of them we would trust more than the owner allows. A misnamed file may be one
// of them.
bool narrows(Kind kind) { return kind == Kind::crls || kind == Kind::denials || kind == Kind::pins || kind == Kind::misnamed; }

// The name without extension: it joins "anchors/vendor.pem" and "anchors/vendor.yaml".
std::string stem_of(const std::string& name) { return name.substr(0, name.rfind('.')); }

// The keyring files of a folder, sorted. Empty with `problem` unset when it does not exist.
std::vector<fs::path> sorted_files(const fs::path& directory, const fs::path& folder, std::error_code& problem) {
  std::vector<fs::path> out;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem))
    if (kind_of(at->path().lexically_relative(directory)) != Kind::ignored) out.push_back(at->path());
  if (problem == std::errc::no_such_file_or_directory && !dangles(folder)) problem.clear();
  std::sort(out.begin(), out.end());
  return out;
}

// Sub-folders that are not read, but seem to hold keyring files; sorted.
std::vector<fs::path> unread_folders(const fs::path& directory) {
  std::vector<fs::path> out;
  std::error_code problem, inner;
  for (fs::directory_iterator at(directory, problem), end; !problem && at != end; at.increment(problem)) {
    const std::string name = at->path().filename().string();
    if (name == kAnchors || name == kPins || name.starts_with('.') || !at->is_directory(inner)) continue;
    if (!sorted_files(at->path(), at->path(), inner).empty()) out.push_back(at->path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

// Makes a Problem of an Error. It removes the file's name from the text, because Problem::file has it.
Problem problem_of(const std::string& file, const Error& error, std::string_view told, bool fatal) {
  std::string_view why = error.what();
  if (why.starts_with(told)) why.remove_prefix(told.size());
  Problem out{file, {}, false, fatal};
  if (error.id == ErrorId::permission) out.cause = error.id;
  const std::size_t end = why.find_first_not_of("0123456789:");  // "3:5: " of YAML
  if (end != std::string_view::npos && end > 1 && why.substr(end - 1).starts_with(": ")) {
    out.place = why.substr(0, end - 1);
    why.remove_prefix(end + 1);
  } else if (why.starts_with(' ')) {
    why.remove_prefix(1);
  }
  out.why = cat(why, error.hint.empty() || out.place.empty() ? "" : "; ", out.place.empty() ? "" : error.hint);
  return out;
}

}  // namespace

void Keyring::add_directory(const fs::path& directory) {
  for (const fs::path& folder : {directory, directory / kAnchors, directory / kPins}) {
    std::error_code problem;
    for (const fs::path& file : sorted_files(directory, folder, problem)) add_named(file, file.lexically_relative(directory).string());
    if (problem) problems_.push_back({folder.string(), problem.message(), false, true});
    if (problem == std::errc::permission_denied) problems_.back().cause = ErrorId::permission;
  }
  for (const fs::path& folder : unread_folders(directory))
    problems_.push_back({folder.string(), "is not read: of sub-directories only anchors and pins are"});
  apply_scopes();
}

void Keyring::add_named(const fs::path& file, const std::string& name) {
  if (!names_.insert(name).second) return;
  const Kind kind = kind_of(name);
  const FileContents content = read_configuration(file, file_kind(kind));
  const bool empty = content.why.empty() && content.bytes.empty();
  if (content.is(FileContents::State::mask) || (empty && kind == Kind::certificates)) return;
  const std::string text(content.bytes.begin(), content.bytes.end()), path = file.string();
  std::string told = cat(path, ":");  // the text that the error may begin with
  try {
    if (kind == Kind::misnamed) throw Error(ErrorId::bad_input, "is not read: name it .yaml");
    if (!content.why.empty()) throw Error(cause_of(content), content.why);
    if (empty) throw Error(ErrorId::bad_input, std::string(kEmptyFile));
    // Appends all entries of the file at once, or none.
    const auto take = [](auto& all, auto more) {
      all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    };
    switch (kind) {
      case Kind::certificates:
        told = cat(file.filename().string(), ": ");
        for (const Bytes& der : read_certificates(content.bytes, file.filename().string())) add(der, file, stem_of(name), true);
        break;
      case Kind::scope:
        scopes_[stem_of(name)] = {path, {}, read_scope(path, text)};
        break;
      case Kind::crls:
        take(crls_, read_crls(content.bytes, path));
        break;
      case Kind::denials:
        take(denials_, read_denials(path, text));
        break;
      case Kind::pins:
        take(pins_, read_pins(path, text));
        break;
      case Kind::ignored:
      case Kind::misnamed:
        break;
    }
  } catch (const Error& error) {
    const bool fatal = narrows(kind) || empty || (kind == Kind::certificates && holds_crl(content.bytes));
    problems_.push_back(problem_of(path, error, told, fatal));
    if (kind == Kind::scope) {
      scopes_[stem_of(name)] = {path, cat(problems_.back().where(), ": ", problems_.back().why), {}};
      if (!fatal) problems_.back().why += "; the certificates beside it vouch for nothing";
    }
  }
}

void Keyring::add_file(const fs::path& file) {
  const FileContents content = read_configuration(file, FileKind::certificates);
  if (!content.why.empty()) throw Error(cause_of(content), cat(file.string(), ": ", content.why), content.hint);
  for (const Bytes& der : read_certificates(content.bytes, file.string())) add(der, file, {}, false);
}

void Keyring::add(View der, const fs::path& file, const std::string& stem, bool tell_duplicates) {
  Entry entry{describe(der), file.string(), false};
  entry.anchor = entry.info.issuer == entry.info.subject || file.parent_path().filename() == kAnchors;
  auto same = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& known) { return known.info.sha256 == entry.info.sha256; });
  if (same == entries_.end()) {
    entries_.push_back(std::move(entry));
    same = entries_.end() - 1;
  } else {
    same->anchor = same->anchor || entry.anchor;
    if (tell_duplicates) problems_.push_back({file.string(), cat("the same certificate as in ", same->file), true});
  }
  if (!stem.empty()) same->stems.push_back(stem);
}

// A scope applies to the certificates with its name in every layer, so that an owner can narrow what a package trusts.
void Keyring::apply_scopes() {
  for (Entry& entry : entries_) {
    entry.scopes.clear();
    entry.blocked.clear();
    for (const std::string& stem : entry.stems) {
      const auto found = scopes_.find(stem);
      if (found == scopes_.end()) continue;
      if (found->second.why.empty())
        entry.scopes.push_back(found->second.scope);
      else
        entry.blocked = found->second.why;
    }
  }
}

std::vector<Problem> Keyring::problems() const {
  std::vector<Problem> out = problems_;
  for (const auto& [stem, scope] : scopes_) {
    const bool beside = std::any_of(names_.begin(), names_.end(), [&stem = stem](const std::string& name) {
      return stem_of(name) == stem && kind_of(name) == Kind::certificates;
    });
    if (!beside) out.push_back({scope.file, cat("there is no certificate file of this name, such as ", stem, ".pem: it limits nothing")});
  }
  return out;
}

void Keyring::assert_complete() const {
  for (const Problem& problem : problems_)
    if (problem.fatal)
      throw Error(problem.cause, cat(problem.where(), ": ", problem.why),
                  "nobody is trusted until this is mended, or the file removed or masked");
}

}  // namespace spdm::certstore
