// keyring deny: certificates and keys that are never good again.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "certstore/fingerprint.h"
#include "cmd/host/files.h"
#include "cmd/keyring.h"
#include "core/format/fingerprint.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;
using certstore::Denial;

// The fingerprints that an argument stands for: itself, or those of what is in the file.
std::vector<std::string> fingerprints_of(const std::string& argument, bool key) {
  if (std::string digits = plain_fingerprint(argument); !digits.empty()) return {digits};
  if (std::error_code ignored; !fs::exists(argument, ignored))
    fail_at(ErrorId::usage, argument, "is neither a file nor a SHA-256 fingerprint",
            cat("a fingerprint has 64 hex digits, this has ", argument.size(), " characters"));
  const Bytes bytes = read_file(argument, FileKind::certificates);
  const std::string_view text = as_text(bytes);
  if (key && text.find("PUBLIC KEY-----") != std::string_view::npos) return {certstore::sha256(parse_public_key(bytes, argument))};
  std::vector<std::string> out;
  for (const Bytes& der : certstore::read_certificates(bytes, argument)) {
    out.push_back(key ? certstore::key_fingerprint(der) : certstore::sha256(der));
    if (out.back().empty()) fail_at(ErrorId::bad_input, argument, "a certificate in it has no key that could be denied");
  }
  return out;
}

// Refuses the fingerprint of a key as one of a certificate, and the reverse: copied from the wrong line, it would deny nothing.
void refuse_other_kind(const certstore::Keyring& keyring, const std::string& fingerprint, bool key) {
  for (const certstore::Entry& entry : keyring.entries()) {
    const std::string& other = key ? entry.info.sha256 : certstore::key_fingerprint(entry.info.der);
    if (other == fingerprint)
      fail_at(ErrorId::usage, fingerprint,
              cat("is the fingerprint of the ", key ? "certificate" : "key", " in ", printable(entry.file), ", not of a ",
                  key ? "key" : "certificate"),
              key ? "leave out --key, or give the file" : "add --key, or give the file");
  }
}

// The indentation of the last entry: new ones are appended with the same.
std::string indentation_of(const std::string& contents) {
  const std::size_t dash = contents.rfind("- ");
  const std::size_t line = dash == std::string::npos ? dash : contents.rfind('\n', dash) + 1;
  return dash == std::string::npos ? "  " : std::string(dash - line, ' ');
}

std::string with_entries(const fs::path& file, const std::string& before, const std::vector<Denial>& added, const std::string& check) {
  std::string out = before.empty() ? "# Certificates and keys that are never good; see spdmctl-keyring(1).\nversion: 1\ndeny:\n" : before;
  const std::string indentation = indentation_of(before);
  if (!out.ends_with('\n')) out += '\n';
  for (const Denial& entry : added)
    out += cat(indentation, "- {", entry.key ? "key" : "certificate", ": ", entry.sha256,
               entry.comment.empty() ? "" : cat(", comment: ", Json(printable(entry.comment)).dump()), "}\n");
  // What is written is what will be read, or nothing is written.
  assert_readable(out.size(), FileKind::keyring_entry);
  std::size_t wanted = added.size(), found = 0;
  try {
    if (!before.empty()) wanted += certstore::read_denials(file.string(), before).size();
    found = certstore::read_denials(file.string(), out).size();
  } catch (const Error&) {
    if (before.empty()) throw;
  }
  if (found != wanted)
    fail_at(ErrorId::config, file.string(), "nothing can be added to it: its list does not end the file, or it is broken",
            cat("write the entry with an editor, and check it with: ", check));
  return out;
}

}  // namespace

Exit deny_fingerprints(const KeyringOptions& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.empty())
    throw Error(ErrorId::usage, "nothing was given to deny", "give SHA-256 fingerprints, or files of certificates");
  const fs::path file = writable_keyring(options.trust) / "deny.yaml";
  assert_distinct({console.file(), file});
  confine_to_keyring(options, console);
  const certstore::Keyring keyring = read_keyring(options.trust);
  std::error_code ignored;
  const bool there = fs::symlink_status(file, ignored).type() != fs::file_type::not_found;
  if (there && !fs::is_regular_file(file, ignored))
    fail_at(ErrorId::usage, file.string(), "is no regular file: it masks this name", "remove it first");
  for (const Denial& entry : keyring.denials())
    if (const fs::path other(entry.file); !there && other.filename() == file.filename() && other.parent_path().filename() != "anchors")
      fail_at(ErrorId::usage, file.string(), cat("would hide ", printable(entry.file)), "copy that file there first");

  std::vector<Denial> added;
  for (const std::string& argument : options.arguments)
    for (const std::string& fingerprint : fingerprints_of(argument, options.key)) {
      refuse_other_kind(keyring, fingerprint, options.key);
      if (const Denial* known = find_denial(keyring.denials(), options.key, fingerprint))
        console.note(cat("spdmctl: ", printable(argument), ": is denied already: ", printable(known->origin)));
      else if (find_denial(added, options.key, fingerprint) == nullptr)
        added.push_back({.key = options.key, .sha256 = fingerprint, .comment = options.comment, .file = file.string(), .origin = {}});
    }
  std::string before;
  if (there) {
    const Bytes bytes = read_file(file, FileKind::keyring_entry);
    before.assign(bytes.begin(), bytes.end());
  }
  const std::string check = cat("spdmctl keyring check", as_given("--keyring", options.trust.keyrings));
  if (!added.empty()) write_file(file, with_entries(file, before, added, check));

  Json document = begin_document(kKeyringSchema);
  document["exit_code"] = 0;
  document["newly_denied"] = Json::array();
  std::string text;
  for (const Denial& entry : added) {
    document["newly_denied"].push_back(
        Json{{"kind", entry.key ? "key" : "certificate"}, {"sha256", entry.sha256}, {"file", printable(file.string())}});
    text += cat("denied: ", entry.key ? "key " : "certificate ", entry.sha256, "\n  ", printable(file.string()), "\n");
  }
  write_document(console, document, text);
  return Exit::ok;
}

}  // namespace spdm::cmd
