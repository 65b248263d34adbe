// keyring add, remove: files of certificates.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/host/files.h"
#include "cmd/host/layers.h"
#include "cmd/keyring.h"
#include "cmd/output/pem.h"
#include "core/format/fingerprint.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

using certstore::Entry;
using certstore::Keyring;
namespace fs = std::filesystem;

Json entry_json(const Entry& entry, const std::string& file) {
  Json out = to_json(entry.info());
  out["file"] = printable(file);
  out["anchor"] = entry.anchor;
  return out;
}

// Reads the certificates of a file, and throws Error for anything that speaks against trusting them.
std::vector<Bytes> certificates_to_add(const std::string& source, bool allow_non_ca) {
  const Bytes bytes = read_file(source, FileKind::certificates);
  const std::string_view text = as_text(bytes);
  if (text.find("PRIVATE KEY-----") != std::string_view::npos)
    fail_at(ErrorId::usage, source, "contains a private key, which does not belong in a keyring", "give a file with certificates only");
  std::vector<Bytes> out = certstore::read_certificates(bytes, source);
  for (const Bytes& der : out) {
    const CertificateInfo info = certstore::describe(der);
    if (const std::vector<std::string> faults = certstore::faults_of(der); !faults.empty())
      fail_at(ErrorId::usage, source, cat(printable(info.subject), ": ", printable(faults.front()), ": no chain through it is trusted"),
              "ask the vendor for a root that can be trusted");
    if (!info.is_ca && !allow_non_ca)
      fail_at(ErrorId::usage, source, cat(printable(info.subject), " is not a certificate authority: it cannot vouch for a device"),
              "give the root of the vendor (see: spdmctl certs --export-root), or --allow-non-ca");
  }
  return out;
}

// What kept a file from being changed.
ErrorId cause_of(const std::error_code& failure) {
  using enum std::errc;
  for (const std::errc refused : {permission_denied, operation_not_permitted, read_only_file_system})
    if (failure == refused) return ErrorId::permission;
  for (const std::errc named_wrong : {no_such_file_or_directory, not_a_directory, is_a_directory, file_exists})
    if (failure == named_wrong) return ErrorId::usage;
  return ErrorId::io;
}

bool is_named(const Entry& entry, const std::string& wanted) {
  const fs::path file(entry.file);
  return entry.sha256() == wanted || file.filename() == wanted || file.stem() == wanted;
}

}  // namespace

fs::path writable_keyring(const TrustOptions& options) {
  if (options.keyrings.empty() && !options.roots.empty())
    throw Error(ErrorId::usage, "--root replaces the system's keyring, so a change of that would have no effect",
                "name the keyring to change with --keyring DIR");
  if (options.keyrings.size() > 1) throw Error(ErrorId::usage, "only one --keyring can be changed at a time");
  if (options.keyrings.size() == 1) {
    const fs::path directory = options.keyrings.front();
    if (std::error_code failure; !fs::is_directory(directory, failure))
      fail_at(failure ? cause_of(failure) : ErrorId::usage, directory.string(), "is not a directory", "make it first, or name another one");
    return directory;
  }
  const std::vector<fs::path> layers = layers_of("keyring.d");
  const fs::path& first = layers.front();
  make_folder(first);
  return first;
}

void make_folder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure)
    fail_at(cause_of(failure), folder.string(), failure.message(),
            cause_of(failure) == ErrorId::permission ? "run this as root, or name a directory with --keyring DIR" : "");
  // An existing file of this name is no failure of the library's.
  if (!fs::is_directory(folder, failure)) fail_at(ErrorId::usage, folder.string(), "is not a directory", "remove or rename it");
}

void remove_file(const fs::path& file) {
  std::error_code failure;
  if (fs::remove(file, failure)) return;
  if (!failure) failure = std::make_error_code(std::errc::no_such_file_or_directory);  // somebody else was faster
  fail_at(cause_of(failure), file.string(), failure.message());
}

void confine_to_keyring(const KeyringOptions& options, const Console& console) {
  Needs needs{.writable = {writable_keyring(options.trust) / "any"}};
  for (const std::vector<std::string>& files : {options.arguments, options.efi, options.kernel})
    needs.readable.insert(needs.readable.end(), files.begin(), files.end());
  for (fs::path& place : configuration_places(trust_places(options.trust))) needs.readable.push_back(std::move(place));
  work_on_files(console, std::move(needs));
}

void assert_in_layer(const fs::path& file, const fs::path& layer) {
  const fs::path folder = file.parent_path();
  const bool inner = folder.filename() == "anchors" || folder.filename() == "pins";
  std::error_code ignored;
  if (fs::equivalent(folder, layer, ignored) || (inner && fs::equivalent(folder.parent_path(), layer, ignored))) return;
  const fs::path name = inner ? folder.filename() / file.filename() : file.filename();
  fail_at(ErrorId::usage, file.string(), "belongs to a lower layer of the keyring",
          cat("mask it with: ln -s /dev/null ", shell_word((layer / name).string())));
}

std::string keyring_file_name(const std::string& source, const std::string& wished) {
  if (wished.find('/') != std::string::npos || wished.starts_with('.'))
    throw Error(ErrorId::usage, cat("--name: invalid file name '", printable(wished), "'"), "give a name without directories");
  const fs::path name = wished.empty() ? fs::path(source).filename() : fs::path(wished);
  // A keyring does not read hidden files.
  if (name.stem().string().starts_with('.'))
    throw Error(ErrorId::usage, cat("'", printable(source), "' gives no name for the keyring"), "give one with --name NAME");
  return cat(name.stem().string(), ".pem");
}

void write_additions(std::vector<Addition> additions, const KeyringOptions& options, Console& console) {
  const fs::path directory = writable_keyring(options.trust);
  std::vector<fs::path> outputs = {console.file()};
  for (Addition& addition : additions) {
    addition.file = directory / addition.file;
    std::error_code ignored;
    if (fs::exists(addition.file, ignored) && !fs::is_regular_file(addition.file, ignored))
      fail_at(ErrorId::usage, addition.file.string(), "is not a regular file: it masks this name", "remove it first, or give --name NAME");
    assert_new(addition.file, options.overwrite);
    outputs.push_back(addition.file);
  }
  assert_distinct(outputs);

  Json document = begin_document(kKeyringSchema);
  document["exit_code"] = 0;
  document["added"] = Json::array();
  std::string text;
  for (const Addition& addition : additions) {
    std::string pem;
    for (const Bytes& der : addition.certificates) pem += to_pem(der);
    write_file(addition.file, pem);
    for (const Bytes& der : addition.certificates) {
      const CertificateInfo info = certstore::describe(der);
      Json json = to_json(info);
      json["file"] = printable(addition.file.string());
      document["added"].push_back(std::move(json));
      text += cat("trusted: ", printable(info.subject), "\n  SHA-256 ", info.sha256, "\n  ", printable(addition.file.string()), "\n");
    }
  }
  write_document(console, document, text);
}

Exit add_files(const KeyringOptions& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.empty()) throw Error(ErrorId::usage, "no FILE given", "give the certificates to trust, PEM or DER");
  if (!options.name.empty() && options.arguments.size() > 1)
    throw Error(ErrorId::usage, "--name takes one file", "add the files one by one");
  confine_to_keyring(options, console);
  // All are read before the first is written: half an addition helps nobody.
  std::vector<Addition> additions;
  for (const std::string& source : options.arguments) {
    if (source == "-" && options.name.empty()) throw Error(ErrorId::usage, "standard input has no name", "give one with --name NAME");
    const std::string name = keyring_file_name(source, options.name);
    if (std::any_of(additions.begin(), additions.end(), [&](const Addition& other) { return other.file == name; }))
      fail_at(ErrorId::usage, source, cat("would be ", printable(name), ", the name of an earlier file"),
              "add the files one by one, with --name NAME");
    additions.push_back({name, certificates_to_add(source, options.allow_non_ca)});
  }
  write_additions(std::move(additions), options, console);
  return Exit::ok;
}

Exit remove_named(const KeyringOptions& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.size() != 1)
    throw Error(ErrorId::usage, options.arguments.empty() ? "no NAME or FINGERPRINT given" : "only one NAME or FINGERPRINT can be given",
                cat("see them with: spdmctl keyring show", as_given("--keyring", options.trust.keyrings)));
  const std::string& wanted = options.arguments.front();
  const std::string fingerprint = plain_fingerprint(wanted);
  const Keyring keyring = read_keyring(options.trust);
  const auto found = std::find_if(keyring.entries().begin(), keyring.entries().end(), [&](const Entry& entry) {
    return is_named(entry, wanted) || (!fingerprint.empty() && entry.sha256() == fingerprint);
  });
  if (found == keyring.entries().end()) {
    // A file of this name is there, and what is in it does not count: that is the cause.
    for (const certstore::Problem& problem : keyring.problems())
      if (const fs::path file(problem.file); file.filename() == wanted || file.stem() == wanted)
        fail_at(problem.cause, problem.where(), problem.why, "remove it by hand");
    throw Error(ErrorId::usage, cat("no certificate of the keyring has the name or fingerprint '", printable(wanted), "'"),
                cat("see them with: spdmctl keyring show", as_given("--keyring", options.trust.keyrings)));
  }
  const fs::path file = found->file;
  const fs::path layer = writable_keyring(options.trust);
  assert_in_layer(file, layer);
  const auto in_file = std::count_if(keyring.entries().begin(), keyring.entries().end(), [&](const Entry& e) { return e.file == file; });
  if (in_file > 1 && !options.force)
    fail_at(ErrorId::usage, file.string(), cat("holds ", in_file, " certificates, which would all be removed"),
            "give --force to remove the file");
  remove_file(file);
  // A copy under another name, or a file of a weaker layer that this one hid, would stay trusted unnoticed.
  Exit exit = Exit::ok;
  const Keyring left = read_keyring(options.trust);
  for (const Entry& entry : left.entries()) {
    const bool same = entry.sha256() == found->sha256();
    if (!same && keyring.find(entry.sha256()) != nullptr) continue;
    exit = Exit::usage;
    console.note(cat("spdmctl: ", printable(entry.file),
                     same ? ": holds the same certificate, which is still trusted" : ": was hidden by it and counts now",
                     "; remove or mask that, too"));
  }
  Json document = begin_document(kKeyringSchema);
  document["exit_code"] = static_cast<int>(exit);
  document["removed"] = Json::array({entry_json(*found, file.string())});
  write_document(
      console, document,
      cat("removed: ", printable(found->info().subject), "\n  SHA-256 ", found->sha256(), "\n  ", printable(file.string()), "\n"));
  return exit;
}

}  // namespace spdm::cmd
