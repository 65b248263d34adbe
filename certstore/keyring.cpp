#include "certstore/keyring.h"

#include <algorithm>
#include <system_error>

#include "certstore/read.h"
#include "core/error.h"
#include "core/text.h"

namespace certstore {

namespace {

namespace fs = std::filesystem;
using spdm::cat;
using spdm::Error;
using spdm::ErrorId;

constexpr std::string_view kAnchors = "anchors";

bool keyring_name(const fs::path& path) {
  const std::string name = path.filename().string(), extension = path.extension().string();
  return !name.starts_with('.') && (extension == ".pem" || extension == ".crt" || extension == ".cer" || extension == ".der");
}

// The names of the certificate files in a directory, sorted. Empty with `problem` unset when it does not exist.
std::vector<fs::path> sorted_files(const fs::path& directory, std::error_code& problem) {
  std::vector<fs::path> out;
  for (fs::directory_iterator at(directory, problem), end; !problem && at != end; at.increment(problem))
    if (keyring_name(at->path())) out.push_back(at->path());
  if (problem == std::errc::no_such_file_or_directory) problem.clear();
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

void Keyring::add_directory(const fs::path& directory) {
  for (const fs::path& folder : {directory, directory / kAnchors}) {
    std::error_code problem;
    for (const fs::path& file : sorted_files(folder, problem)) add_named(file, file.lexically_relative(directory).string());
    if (problem) problems_.push_back({folder.string(), problem.message()});
  }
}

void Keyring::add_named(const fs::path& file, const std::string& name) {
  if (!names_.insert(name).second) return;
  const FileBytes content = read_file(file);
  if (content.mask) return;
  if (!content.why.empty()) {
    problems_.push_back({file.string(), content.why});
    return;
  }
  try {
    // All of the file or nothing of it.
    for (const spdm::Bytes& der : read_certificates(content.bytes, file.filename().string())) add(der, file, true);
  } catch (const Error& error) {
    // The problem has the file beside it: once is enough.
    std::string_view why = error.what();
    const std::string told = cat(file.filename().string(), ": ");
    if (why.starts_with(told)) why.remove_prefix(told.size());
    problems_.push_back({file.string(), std::string(why)});
  }
}

void Keyring::add_file(const fs::path& file) {
  const FileBytes content = read_file(file);
  if (!content.why.empty()) throw Error(content.refused ? ErrorId::permission : ErrorId::bad_input, cat(file.string(), ": ", content.why));
  for (const spdm::Bytes& der : read_certificates(content.bytes, file.string())) add(der, file, false);
}

void Keyring::add(spdm::View der, const fs::path& file, bool tell_duplicates) {
  Entry entry{describe(der), file.string(), false};
  entry.anchor = entry.info.issuer == entry.info.subject || file.parent_path().filename() == kAnchors;
  const auto same =
      std::find_if(entries_.begin(), entries_.end(), [&](const Entry& known) { return known.info.sha256 == entry.info.sha256; });
  if (same == entries_.end()) {
    entries_.push_back(std::move(entry));
  } else {
    same->anchor = same->anchor || entry.anchor;
    if (tell_duplicates) problems_.push_back({file.string(), cat("the same certificate as in ", same->file), true});
  }
}

std::vector<fs::path> default_directories() {
  return {"/etc/spdmctl/keyring.d", "/run/spdmctl/keyring.d", "/usr/local/lib/spdmctl/keyring.d", "/usr/lib/spdmctl/keyring.d"};
}

}  // namespace certstore
