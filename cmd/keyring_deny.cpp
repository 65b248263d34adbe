// keyring deny: certificates and keys that are never good again.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "certstore/fingerprint.h"
#include "cmd/host/files.h"
#include "cmd/keyring.h"
#include "core/format/fingerprint.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;
using certstore::Denial;
using certstore::DenialKind;

// What is never good again, for the list; file and origin are not known yet.
Denial entry_of(DenialKind kind, std::string sha256, const KeyringOptions& options) {
  Denial out;
  out.kind = kind;
  out.sha256 = std::move(sha256);
  out.comment = options.comment;
  return out;
}

// A certificate is denied as what its issuer has signed, and by its key. By the fingerprint of the whole a device escapes that
// encodes it again.
void add_certificate(const CertificateInfo& info, const std::string& source, const KeyringOptions& options, std::vector<Denial>& out) {
  const bool by_tbs = !options.key, by_key = !options.tbs;
  if ((by_tbs && info.tbs_sha256.empty()) || (by_key && info.key_sha256.empty()))
    fail_at(ErrorId::bad_input, source,
            cat("a certificate in it has no ", by_tbs && info.tbs_sha256.empty() ? "signed part in DER" : "key", " that could be denied"));
  if (by_tbs) out.push_back(entry_of(DenialKind::tbs, info.tbs_sha256, options));
  if (by_key) out.push_back(entry_of(DenialKind::key, info.key_sha256, options));
}

// Refuses the fingerprint of one thing as that of another: copied from the wrong line, it would deny nothing.
void refuse_other_kind(const certstore::Keyring& keyring, const std::string& fingerprint, DenialKind kind) {
  constexpr std::array kWays{"add --tbs, or give the file", "leave out --key and --tbs, or give the file", "add --key, or give the file"};
  constexpr std::array kThings{"signed part of the certificate", "certificate", "key"};
  for (const certstore::Entry& entry : keyring.entries())
    for (const auto& [other, of] :
         {std::pair{DenialKind::tbs, &CertificateInfo::tbs_sha256}, std::pair{DenialKind::certificate, &CertificateInfo::sha256},
          std::pair{DenialKind::key, &CertificateInfo::key_sha256}})
      if (other != kind && entry.info().*of == fingerprint)
        fail_at(ErrorId::usage, fingerprint,
                cat("is the fingerprint of the ", kThings.at(static_cast<std::size_t>(other)), " in ", printable(entry.file), ", not of a ",
                    kThings.at(static_cast<std::size_t>(kind))),
                kWays.at(static_cast<std::size_t>(other)));
}

void add_fingerprint(const std::string& digits, const certstore::Keyring& keyring, const KeyringOptions& options, const Console& console,
                     std::vector<Denial>& out) {
  const DenialKind kind = options.key ? DenialKind::key : options.tbs ? DenialKind::tbs : DenialKind::certificate;
  refuse_other_kind(keyring, digits, kind);
  const certstore::Entry* const known = keyring.find(digits);
  if (kind == DenialKind::certificate && known != nullptr) return add_certificate(known->info(), known->file, options, out);
  if (kind == DenialKind::certificate)
    console.note(cat("spdmctl: ", digits,
                     ": denied only by its fingerprint, which a re-encoded certificate evades; give the file of the "
                     "certificate if you have it"));
  out.push_back(entry_of(kind, digits, options));
}

// A device that issues its own leaf has another one tomorrow.
void warn_of_own_leaf(const CertificateInfo& info, const std::string& source, const Console& console) {
  if (info.is_ca || (has(info.spdm_oids, SpdmOid::hardware_identity) && !has(info.spdm_oids, SpdmOid::mutable_certificate))) return;
  console.note(
      cat("spdmctl: ", printable(source), ": ", printable(info.subject),
          " does not claim to be the identity of the hardware: if the device issues it itself (AliasCert), it can issue another one; "
          "deny the certificate above it, too"));
}

// What an argument stands for: a fingerprint, a public key, or all certificates of a file.
std::vector<Denial> denials_of(const std::string& argument, const certstore::Keyring& keyring, const KeyringOptions& options,
                               const Console& console) {
  std::vector<Denial> out;
  if (const std::string digits = plain_fingerprint(argument); !digits.empty()) {
    add_fingerprint(digits, keyring, options, console, out);
    return out;
  }
  if (std::error_code ignored; !fs::exists(argument, ignored))
    fail_at(ErrorId::usage, argument, "is neither a file nor a SHA-256 fingerprint",
            cat("a fingerprint has 64 hex digits, this has ", argument.size(), " characters"));
  const Bytes bytes = read_file(argument, FileKind::certificates);
  if (!options.tbs && as_text(bytes).find("PUBLIC KEY-----") != std::string_view::npos)
    return {entry_of(DenialKind::key, certstore::sha256(parse_public_key(bytes, argument)), options)};
  for (const Bytes& der : certstore::read_certificates(bytes, argument)) {
    const CertificateInfo info = certstore::describe(der);
    add_certificate(info, argument, options, out);
    warn_of_own_leaf(info, argument, console);
  }
  return out;
}

// The indentation of the last entry: new ones are appended with the same.
std::string indentation_of(const std::string& contents) {
  const std::size_t dash = contents.rfind("- ");
  const std::size_t line = dash == std::string::npos ? dash : contents.rfind('\n', dash) + 1;
  return dash == std::string::npos ? "  " : std::string(dash - line, ' ');
}

std::string with_entries(const fs::path& file, const std::string& before, const std::vector<Denial>& added, const std::string& check) {
  std::string out =
      before.empty() ? "# Certificates and keys that are never accepted; see spdmctl-keyring(1).\nversion: 1\ndeny:\n" : before;
  const std::string indentation = indentation_of(before);
  if (!out.ends_with('\n')) out += '\n';
  for (const Denial& entry : added)
    out += cat(indentation, "- {", name(entry.kind), ": ", entry.sha256,
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
    fail_at(ErrorId::config, file.string(), "cannot add an entry: the list is not at the end of the file, or the file is malformed",
            cat("write the entry with an editor, and check it with: ", check));
  return out;
}

}  // namespace

Exit deny_fingerprints(const KeyringOptions& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.empty())
    throw Error(ErrorId::usage, "no FINGERPRINT or FILE given", "give SHA-256 fingerprints, or files of certificates");
  if (options.key && options.tbs)
    throw Error(ErrorId::usage, "--key and --tbs cannot be combined", "leave both out: a certificate is denied by both");
  const fs::path file = writable_keyring(options.trust) / "deny.yaml";
  assert_distinct({console.file(), file});
  confine_to_keyring(options, console);
  const certstore::Keyring keyring = read_keyring(options.trust);
  std::error_code ignored;
  const bool there = fs::symlink_status(file, ignored).type() != fs::file_type::not_found;
  if (there && !fs::is_regular_file(file, ignored))
    fail_at(ErrorId::usage, file.string(), "is not a regular file: it masks this name", "remove it first");
  for (const Denial& entry : keyring.denials())
    if (const fs::path other(entry.file); !there && other.filename() == file.filename() && other.parent_path().filename() != "anchors")
      fail_at(ErrorId::usage, file.string(), cat("would hide ", printable(entry.file)), "copy that file there first");

  std::vector<Denial> added;
  for (const std::string& argument : options.arguments)
    for (Denial& entry : denials_of(argument, keyring, options, console)) {
      if (const Denial* known = find_denial(keyring.denials(), entry.kind, entry.sha256)) {
        console.note(cat("spdmctl: ", printable(argument), ": is already denied: ", printable(known->origin)));
      } else if (find_denial(added, entry.kind, entry.sha256) == nullptr) {
        entry.file = file.string();
        added.push_back(std::move(entry));
      }
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
    document["newly_denied"].push_back(Json{{"kind", name(entry.kind)}, {"sha256", entry.sha256}, {"file", printable(file.string())}});
    text += cat("denied: ", name(entry.kind), " ", entry.sha256, "\n  ", printable(file.string()), "\n");
  }
  write_document(console, document, text);
  return Exit::ok;
}

}  // namespace spdm::cmd
