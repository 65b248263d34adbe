#include "certstore/keyring.h"

#include <algorithm>
#include <system_error>

#include "certstore/keyring_names.h"
#include "certstore/name_slips.h"
#include "certstore/read.h"
#include "core/encoding.h"
#include "core/error.h"
#include "core/file.h"
#include "core/guard.h"
#include "core/recognize.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

namespace fs = std::filesystem;

// What may not be read is not what is wrong.
ErrorId cause_of(const FileContents& content) {
  return content.is(FileContents::State::refused) ? ErrorId::permission : ErrorId::bad_input;
}

struct Found {
  std::string name;  // in its folder
  EntryKind kind;
};

// The keyring files of a folder, sorted. `inner`: its name in the directory of the keyring. Empty with `problem` unset when it does not
// exist.
std::vector<Found> sorted_files(const fs::path& folder, std::string_view inner, std::error_code& problem) {
  std::vector<Found> out;
  for (fs::directory_iterator at(folder, problem), end; !problem && at != end; at.increment(problem)) {
    std::error_code ignored;
    std::string name = at->path().filename().string();
    const EntryKind kind = kind_of(inner, name);
    if (kind != EntryKind::ignored && (kind != EntryKind::unknown || !at->is_directory(ignored))) out.push_back({std::move(name), kind});
  }
  if (problem == std::errc::no_such_file_or_directory && !dangles(folder)) problem.clear();
  std::sort(out.begin(), out.end(), [](const Found& a, const Found& b) { return a.name < b.name; });
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

void Keyring::add_directory(const fs::path& directory, const Guard& guard) {
  for (const std::string_view inner : {std::string_view(), kAnchors, kPins}) {
    const fs::path folder = inner.empty() ? directory : directory / inner;
    if (const std::string why = exposure(folder, guard); !why.empty()) {
      problems_.push_back({folder.string(), cat(why, "; ", remedy_of_exposure(guard)), false, true});
      if (inner.empty()) return;
      continue;
    }
    std::error_code problem;
    for (const Found& found : sorted_files(folder, inner, problem))
      add_named(folder / found.name, inner.empty() ? found.name : cat(inner, "/", found.name), found.kind, guard);
    if (problem) problems_.push_back({folder.string(), problem.message(), false, true});
    if (problem == std::errc::permission_denied) problems_.back().cause = ErrorId::permission;
  }
  for (const UnreadFolder& one : unread_folders(directory))
    problems_.push_back({one.folder.string(),
                         cat("is not read: of sub-directories only anchors and pins of the keyring are",
                             one.narrowing.empty() ? "" : cat("; ", one.narrowing, " would narrow trust")),
                         false, !one.narrowing.empty()});
  apply_scopes();
}

// A file that is not read is told where somebody meant it to count.
void Keyring::tell_unknown(const fs::path& file, const FileContents& content) {
  if (const std::optional<Slip> slip = slip_of(content.bytes))
    problems_.push_back({file.string(), slip->why, false, slip->narrows});
  else if (sounds_narrowing(file))
    problems_.push_back({file.string(),
                         cat("is not read", content.why.empty() ? "" : cat(" (", content.why, ")"),
                             ": a deny list is deny.yaml or NAME.deny.yaml, a revocation list is NAME.crl, an OCSP response NAME.ocsp; put "
                             "anything else elsewhere"),
                         false, true});
}

void Keyring::add_named(const fs::path& file, const std::string& name, EntryKind kind, const Guard& guard) {
  if (!names_.insert(name).second) return;
  const FileContents content = read_configuration(file, file_kind(kind), guard);
  if (content.is(FileContents::State::mask)) return;
  if (kind == EntryKind::unknown) return tell_unknown(file, content);
  const bool certificates = kind == EntryKind::certificates;
  const bool empty = content.why.empty() && content.bytes.empty();
  if (empty && certificates && !sounds_narrowing(file)) return;
  const std::string path = file.string();
  const auto text = [&] { return std::string(as_text(content.bytes)); };
  std::string told = cat(path, ":");  // the text that the error may begin with
  bool fatal = narrows(kind) || empty;
  try {
    if (kind == EntryKind::misnamed) throw Error(ErrorId::bad_input, "is not read: name it .yaml");
    if (!content.why.empty()) throw Error(cause_of(content), cat(content.why, content.hint.empty() ? "" : "; ", content.hint));
    if (empty) throw Error(ErrorId::bad_input, std::string(kEmptyFile));
    assert_encoding(content.bytes, file_kind(kind));
    // Appends all entries of the file at once, or none.
    const auto take = [](auto& all, auto more) {
      all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
    };
    switch (kind) {
      case EntryKind::certificates:
        told = cat(file.filename().string(), ": ");
        for (Bytes& der : read_certificates(content.bytes, file.filename().string())) add(std::move(der), file, name, true);
        break;
      case EntryKind::scope:
        if (const auto other = scopes_.find(stem_of(name)); other != scopes_.end()) {
          fatal = true;  // one of them would silently not count
          throw Error(ErrorId::bad_input, cat("is about the same certificates as ", other->second.file, ": join the two"));
        }
        scopes_[stem_of(name)] = {path, {}, read_scope(path, text())};
        break;
      case EntryKind::crls:
        take(crls_, read_crls(content.bytes, path));
        break;
      case EntryKind::ocsp:
        take(ocsp_, read_ocsp(content.bytes, path));
        break;
      case EntryKind::denials:
        take(denials_, read_denials(path, text()));
        break;
      case EntryKind::pins:
        take(pins_, read_pins(path, text()));
        break;
      case EntryKind::ignored:
      case EntryKind::misnamed:
      case EntryKind::unknown:
        break;
    }
  } catch (const Error& error) {
    Problem problem = problem_of(path, error, told, fatal);
    if (certificates) problem.fatal = problem.fatal || sounds_narrowing(file) || holds_crl(content.bytes) || holds_ocsp(content.bytes);
    if (kind != EntryKind::scope || fatal) return problems_.push_back(std::move(problem));
    if (const std::string other = not_a_scope(content.bytes); !other.empty()) {
      problem.why += cat("; it ", other);
      problem.fatal = true;
    }
    scopes_[stem_of(name)] = {path, cat(problem.where(), ": ", problem.why), {}, std::move(problem)};
  }
}

void Keyring::add_file(const fs::path& file, const Guard& guard) {
  const FileContents content = read_configuration(file, FileKind::certificates, guard);
  if (!content.why.empty()) throw Error(cause_of(content), cat(file.string(), ": ", content.why), content.hint);
  if (const std::optional<Error> wrong = wrong_kind(content.bytes, FileKind::certificates))
    throw Error(wrong->id, cat(file.string(), ": ", wrong->what()), wrong->hint);
  for (Bytes& der : read_certificates(content.bytes, file.string())) add(std::move(der), file, file.filename().string(), false);
}

void Keyring::add(Bytes der, const fs::path& file, const std::string& name, bool of_directory) {
  Entry entry(std::move(der), file.string());
  const bool anchor = of_directory && name.starts_with(cat(kAnchors, "/"));
  const auto [at, is_new] = by_fingerprint_.try_emplace(entry.sha256(), entries_.size());
  if (is_new) {
    entry.anchor = entry.is_self_issued();
    entries_.push_back(std::move(entry));
  } else if (of_directory) {
    problems_.push_back({file.string(), cat("the same certificate as in ", entries_[at->second].file), true});
  }
  Entry& kept = entries_[at->second];
  kept.anchor = kept.anchor || anchor;
  const auto add_once = [](std::vector<std::string>& all, std::string one) {
    if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(std::move(one));
  };
  add_once(kept.names, name);
  if (of_directory) add_once(kept.stems, stem_of(name));
}

const Entry* Keyring::find(std::string_view sha256) const {
  const auto found = by_fingerprint_.find(sha256);
  return found == by_fingerprint_.end() ? nullptr : &entries_[found->second];
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

// A scope without its certificates limits nothing. It may be there first; but where the name has a slip, somebody vouches for more
// than the owner wants, and where it cannot be read and is called so, it may be a deny list.
void Keyring::tell_orphan(const std::string& stem, const ScopeFile& scope, const NamesOfCertificates& names,
                          std::vector<Problem>& out) const {
  const bool beside = names.has_stem(stem);
  const auto is_free = [&](const std::string& name) { return scopes_.count(stem_of(name)) == 0; };
  const std::string meant = beside ? std::string() : names.meant_by(stem, is_free);
  Problem problem = scope.problem.value_or(Problem{scope.file, "there is no certificate file of this name"});
  if (scope.problem && beside && !problem.fatal) problem.why += "; the certificates beside it vouch for nothing";
  if (!beside)
    problem.why += cat(scope.problem ? "; there is no certificate file of its name" : "", ", such as ", stem, ".pem: it limits nothing");
  if (!meant.empty()) problem.why += cat("; if it is about ", meant, ", name it ", stem_of(meant), ".yaml");
  problem.fatal = problem.fatal || !meant.empty() || (!beside && scope.problem && sounds_narrowing(scope.file));
  if (!beside || scope.problem) out.push_back(std::move(problem));
}

std::vector<Problem> Keyring::problems() const {
  std::vector<Problem> out = problems_;
  if (scopes_.empty()) return out;
  const NamesOfCertificates names(names_);
  for (const auto& [stem, scope] : scopes_) tell_orphan(stem, scope, names, out);
  return out;
}

void Keyring::assert_complete() const {
  for (const Problem& problem : problems())
    if (problem.fatal)
      throw Error(problem.cause, cat(problem.where(), ": ", problem.why),
                  "nothing is trusted until this is fixed, or the file is removed or masked");
}

}  // namespace spdm::certstore
