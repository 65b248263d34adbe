// keyring import: roots from where others keep them: the firmware, a list of a kernel, the device itself. Nothing of it is
// trusted before somebody has said so.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "certstore/efi.h"
#include "cmd/host/files.h"
#include "cmd/keyring.h"
#include "cmd/pinning.h"
#include "core/format/fingerprint.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Offer {
  std::string source, name;  // name: of its file in the keyring
  std::vector<Bytes> certificates;
};

Bytes read_list(const std::string& file, const char* wanted) {
  Bytes out = read_file(file, FileKind::root_list);
  if (out.empty()) fail_at(ErrorId::bad_input, file, "is empty", wanted);
  return out;
}

Offer from_efi(const std::string& file, const KeyringOptions& options, const Console& console) {
  const Bytes bytes = read_list(file, "give a variable of the firmware, below /sys/firmware/efi/efivars, or an .esl file");
  const certstore::EfiSignatures found = certstore::read_efi_signatures(bytes, file);
  if (found.hashes + found.others > 0)
    console.note(cat("spdmctl: ", printable(file), ": left out: ", found.hashes, " hashes of images and ", found.others,
                     " entries of other kinds, which vouch for no device"));
  return {file, keyring_file_name(file == "-" ? "" : file, options.name), found.certificates};
}

Offer from_kernel(const std::string& file, const KeyringOptions& options) {
  constexpr const char* kWanted = "give certificates in DER, one after the other, or in PEM";
  const Bytes bytes = read_list(file, kWanted);
  try {
    return {file, keyring_file_name(file == "-" ? "" : file, options.name), certstore::read_certificate_list(bytes, file)};
  } catch (Error& error) {
    if (error.hint.empty()) error.hint = kWanted;
    throw;
  }
}

Offer from_device(const KeyringOptions& options, Console& console) {
  const Report report = attest_one(options, console, Depth::look, {writable_keyring(options.trust)});
  const ChainResult& chain = main_chain(report);
  if (!chain.sound) {
    const auto bad = std::find_if(chain.findings.begin(), chain.findings.end(),
                                  [](const Finding& finding) { return finding.severity() >= Severity::gap; });
    fail_at(ErrorId::bad_input, report.source,
            cat("its chain is not sound: ", bad == chain.findings.end() ? "" : cat(bad->where, ": ", bad->why)));
  }
  if (chain.certificates.empty() || chain.certificates.front().subject != chain.certificates.front().issuer)
    fail_at(ErrorId::bad_input, report.source, "its chain does not contain its root", "get the root from the vendor of the device");
  const std::string name =
      options.name.empty() ? cat(pin_name(report.host.target, report.host.bdf), "-root.pem") : keyring_file_name({}, options.name);
  return {report.source, name, {chain.certificates.front().der}};
}

Json json_of(const CertificateInfo& info, const std::string& source) {
  Json out = to_json(info);
  out["file"] = printable(source);
  return out;
}

Offer offer_of(const KeyringOptions& options, Console& console) {
  if (options.efi.size() + options.kernel.size() + options.arguments.size() != 1)
    throw Error(ErrorId::usage, "one source must be given", "give --efi FILE, --kernel FILE, or a TARGET");
  if (!options.arguments.empty()) return from_device(options, console);
  confine_to_keyring(options, console);
  if (!options.efi.empty()) return from_efi(options.efi.front(), options, console);
  return from_kernel(options.kernel.front(), options);
}

std::vector<std::string> wanted_fingerprints(const KeyringOptions& options) {
  std::vector<std::string> out;
  for (const std::string& text : options.fingerprints)
    if (out.emplace_back(plain_fingerprint(text)).empty())
      throw Error(ErrorId::usage, cat("--fingerprint: invalid SHA-256 fingerprint '", printable(text), "'"),
                  "give 64 hex digits, with or without colons");
  return out;
}

}  // namespace

Exit import_roots(const KeyringOptions& options, Console& console) {
  apply(options.output, console);
  const std::vector<std::string> fingerprints = wanted_fingerprints(options);
  const Offer offer = offer_of(options, console);
  const std::string& source = offer.source;
  Addition addition{offer.name, {}};
  std::vector<CertificateInfo> offered;
  for (const Bytes& der : offer.certificates) {
    const CertificateInfo info = certstore::describe(der);
    if (!info.is_ca) {
      console.note(cat("spdmctl: left out: ", printable(info.subject), " is not a certificate authority: it cannot vouch for a device"));
      continue;
    }
    if (const std::vector<std::string> faults = certstore::faults_of(der); !faults.empty()) {
      console.note(
          cat("spdmctl: left out: ", printable(info.subject), ": ", printable(faults.front()), ": no chain through it is trusted"));
      continue;
    }
    offered.push_back(info);
    if (options.yes || std::find(fingerprints.begin(), fingerprints.end(), info.sha256) != fingerprints.end())
      addition.certificates.push_back(der);
  }
  if (offered.empty()) fail_at(ErrorId::bad_input, source, "no certificate authority in it that could be trusted");
  for (const std::string& fingerprint : fingerprints)
    if (std::none_of(offered.begin(), offered.end(), [&](const CertificateInfo& info) { return info.sha256 == fingerprint; }))
      fail_at(ErrorId::usage, source,
              cat("no certificate in it has the fingerprint ", fingerprint, "; the first has ", offered.front().sha256),
              "do not trust it, unless the vendor publishes this one");
  if (!addition.certificates.empty()) {
    if (std::error_code ignored; !options.overwrite && std::filesystem::exists(writable_keyring(options.trust) / addition.file, ignored))
      fail_at(ErrorId::usage, addition.file.string(), "is already in the keyring", "give another name with --name NAME, or --overwrite");
    write_additions({std::move(addition)}, options, console);
    return Exit::ok;
  }

  Json document = begin_document(kKeyringSchema);
  document["exit_code"] = static_cast<int>(Exit::usage);
  document["offered"] = Json::array();
  std::string text;
  for (const CertificateInfo& info : offered) {
    document["offered"].push_back(json_of(info, source));
    text += cat("not trusted yet: ", printable(info.subject), "\n  SHA-256 ", info.sha256, "\n  ", info.key, ", valid until ",
                info.not_after, "\n");
  }
  write_document(console, document, text);
  console.note(
      "spdmctl: nothing was added; compare the fingerprint with the one that the vendor publishes, then give --fingerprint SHA256, or "
      "--yes for all");
  return Exit::usage;
}

}  // namespace spdm::cmd
