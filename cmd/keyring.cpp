// keyring: the certificates that this host trusts, and what is wrong with them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmd/files.h"
#include "cmd/options.h"
#include "cmd/parse.h"
#include "cmd/pem.h"
#include "cmd/render.h"
#include "cmd/verb.h"
#include "core/text.h"

namespace cmd {

namespace {

using certstore::Entry;
using certstore::Keyring;
using certstore::Problem;
using spdm::cat;
using spdm::Error;
using spdm::ErrorId;
using spdm::Exit;
using spdm::printable;
namespace fs = std::filesystem;

constexpr std::string_view kSchema = "spdmctl.keyring/1";
constexpr std::size_t kMaxCertificateFile = 1U << 20;

struct Options {
  OutputOptions output;
  TrustOptions trust;
  std::vector<std::string> arguments;
  std::string name;
  bool force = false;
};

[[noreturn]] void fail(ErrorId id, const std::string& where, const std::string& message, const std::string& hint = {}) {
  Error error(id, message, hint);
  error.device = where;
  throw error;
}

// What makes a certificate worthless as an anchor, although it can be read. RFC 3339 times in UTC compare as text.
std::string weakness_of(const Entry& entry, const std::string& now) {
  if (entry.info.not_after < now) return cat("expired on ", entry.info.not_after);
  if (entry.info.not_before > now) return cat("is not valid before ", entry.info.not_before);
  if (entry.anchor && !entry.info.is_ca) return "is no certificate authority";
  return {};
}

std::vector<Problem> problems_of(const Keyring& keyring, std::time_t at) {
  std::vector<Problem> out = keyring.problems();
  for (const Entry& entry : keyring.entries())
    if (const std::string why = weakness_of(entry, format_time(at)); !why.empty()) out.push_back({entry.file, why});
  return out;
}

std::string entry_text(const Entry& entry) {
  return cat("  ", entry.anchor ? "root         " : "intermediate ", printable(entry.info.subject), "\n               SHA-256 ",
             entry.info.sha256, "\n               ", entry.info.key, ", valid until ", entry.info.not_after, ", ", printable(entry.file),
             "\n");
}

spdm::CertificateInfo info_of(const spdm::Bytes& der) { return certstore::describe(der); }

Json entry_json(const Entry& entry) {
  Json out = spdm::to_json(entry.info);
  out["file"] = printable(entry.file);
  out["anchor"] = entry.anchor;
  return out;
}

Exit show(const Options& options, Console& console, bool check) {
  apply(options.output, console);
  const Keyring keyring = read_keyring(options.trust);
  const std::vector<Problem> problems = check ? problems_of(keyring, time_of(options.trust)) : keyring.problems();
  const Exit exit = check && !problems.empty() ? Exit::usage : Exit::ok;

  Json document = begin_document(kSchema);
  document["exit_code"] = static_cast<int>(exit);
  document["certificates"] = Json::array();
  document["problems"] = Json::array();
  std::string text;
  for (const Entry& entry : keyring.entries()) {
    document["certificates"].push_back(entry_json(entry));
    text += entry_text(entry);
  }
  if (keyring.empty()) text += "The keyring is empty: no device is trusted. Add the root of a vendor with: spdmctl keyring add FILE\n";
  for (const Problem& problem : problems) {
    document["problems"].push_back(Json{{"file", printable(problem.file)}, {"why", printable(problem.why)}});
    text += cat("problem: ", printable(problem.file), ": ", printable(problem.why), "\n");
  }
  if (check && problems.empty())
    text += cat(keyring.entries().size(), keyring.entries().size() == 1 ? " certificate" : " certificates", ", no problem\n");
  write_document(console, document, text);
  return exit;
}

// The directory to change: the one that was named, else the first layer of the system that can be written.
fs::path writable_directory(const Options& options) {
  if (options.trust.keyrings.size() > 1) throw Error(ErrorId::usage, "only one --keyring can be changed at a time");
  if (options.trust.keyrings.size() == 1) {
    const fs::path directory = options.trust.keyrings.front();
    if (std::error_code ignored; !fs::is_directory(directory, ignored))
      fail(ErrorId::usage, directory.string(), "is not a directory", "make it first, or name another one");
    return directory;
  }
  const std::vector<fs::path> layers = certstore::default_directories();
  const fs::path& first = layers.front();
  std::error_code failure;
  fs::create_directories(first, failure);
  if (failure) fail(ErrorId::permission, first.string(), failure.message(), "run this as root, or name a directory with --keyring DIR");
  return first;
}

std::string file_name_for(const std::string& source, const std::string& wished) {
  if (wished.find('/') != std::string::npos || wished.starts_with('.'))
    throw Error(ErrorId::usage, cat("--name: '", printable(wished), "' is no file name"), "give a name without directories");
  const fs::path name = wished.empty() ? fs::path(source).filename() : fs::path(wished);
  // Nor would it be read from a keyring.
  if (name.stem().string().starts_with('.'))
    throw Error(ErrorId::usage, cat("'", printable(source), "' gives no name for the keyring"), "give one with --name NAME");
  return cat(name.stem().string(), ".pem");
}

// Everything that speaks against trusting a file, before it is copied.
std::vector<spdm::Bytes> certificates_to_add(const std::string& source, bool force) {
  const spdm::Bytes bytes = read_file(source, kMaxCertificateFile);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.find("PRIVATE KEY-----") != std::string_view::npos)
    fail(ErrorId::usage, source, "holds a private key, which has no place in a keyring", "give a file with certificates only");
  std::vector<spdm::Bytes> out = certstore::read_certificates(bytes, source);
  for (const spdm::Bytes& der : out) {
    const spdm::CertificateInfo info = info_of(der);
    if (!info.is_ca && !force)
      fail(ErrorId::usage, source, cat(printable(info.subject), " is no certificate authority: it cannot vouch for a device"),
           "give the root of the vendor (see: spdmctl certs --export-root), or --force");
  }
  return out;
}

Exit add(const Options& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.empty()) throw Error(ErrorId::usage, "no file was given", "give the certificates to trust, PEM or DER");
  if (!options.name.empty() && options.arguments.size() > 1)
    throw Error(ErrorId::usage, "--name takes one file", "add the files one by one");
  // All are read before the first is written: half an addition helps nobody.
  struct Addition {
    fs::path file;
    std::vector<spdm::Bytes> certificates;
  };
  std::vector<Addition> additions;
  for (const std::string& source : options.arguments) {
    if (source == "-" && options.name.empty()) throw Error(ErrorId::usage, "standard input has no name", "give one with --name NAME");
    const std::string name = file_name_for(source, options.name);
    if (std::any_of(additions.begin(), additions.end(), [&](const Addition& other) { return other.file == name; }))
      fail(ErrorId::usage, source, cat("would be ", printable(name), ", like a file before it"),
           "add the files one by one, with --name NAME");
    additions.push_back({name, certificates_to_add(source, options.force)});
  }
  const fs::path directory = writable_directory(options);
  for (Addition& addition : additions) {
    addition.file = directory / addition.file;
    std::error_code ignored;
    if (fs::exists(addition.file, ignored) && !fs::is_regular_file(addition.file, ignored))
      fail(ErrorId::usage, addition.file.string(), "is no regular file: it masks this name", "remove it first, or give --name NAME");
    assert_new(addition.file, options.force);
  }

  Json document = begin_document(kSchema);
  document["exit_code"] = 0;
  document["added"] = Json::array();
  std::string text;
  for (const Addition& addition : additions) {
    std::string pem;
    for (const spdm::Bytes& der : addition.certificates) pem += to_pem(der);
    write_file(addition.file, pem);
    for (const spdm::Bytes& der : addition.certificates) {
      const spdm::CertificateInfo info = info_of(der);
      Json json = spdm::to_json(info);
      json["file"] = printable(addition.file.string());
      document["added"].push_back(std::move(json));
      text += cat("trusted: ", printable(info.subject), "\n  SHA-256 ", info.sha256, "\n  ", printable(addition.file.string()), "\n");
    }
  }
  write_document(console, document, text);
  return Exit::ok;
}

bool is_named(const Entry& entry, const std::string& wanted) {
  const fs::path file(entry.file);
  return entry.info.sha256 == wanted || file.filename() == wanted || file.stem() == wanted;
}

// Digits of a fingerprint as other tools print it: "AB:CD:..."
std::string plain_fingerprint(std::string text) {
  std::erase(text, ':');
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text.size() == 64 ? text : std::string();
}

Exit remove(const Options& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.size() != 1)
    throw Error(ErrorId::usage, "one name or fingerprint must be given", "see them with: spdmctl keyring list");
  const std::string& wanted = options.arguments.front();
  const std::string fingerprint = plain_fingerprint(wanted);
  const Keyring keyring = read_keyring(options.trust);
  const auto found = std::find_if(keyring.entries().begin(), keyring.entries().end(), [&](const Entry& entry) {
    return is_named(entry, wanted) || (!fingerprint.empty() && entry.info.sha256 == fingerprint);
  });
  if (found == keyring.entries().end())
    throw Error(ErrorId::usage, cat("no certificate of the keyring has the name or fingerprint '", printable(wanted), "'"),
                "see them with: spdmctl keyring list");
  const fs::path file = found->file;
  const fs::path layer = writable_directory(options);
  if (!file.string().starts_with(layer.string() + "/"))
    fail(ErrorId::usage, file.string(), "belongs to a lower layer of the keyring",
         cat("mask it with: ln -s /dev/null ", (layer / file.filename()).string()));
  const auto in_file = std::count_if(keyring.entries().begin(), keyring.entries().end(), [&](const Entry& e) { return e.file == file; });
  if (in_file > 1 && !options.force)
    fail(ErrorId::usage, file.string(), cat("holds ", in_file, " certificates, all of which would go"), "give --force to remove the file");
  std::error_code failure;
  if (!fs::remove(file, failure) || failure)
    fail(failure == std::errc::permission_denied ? ErrorId::permission : ErrorId::io, file.string(), failure.message());
  // A copy under another name, or what this file has hidden in a lower layer, would go on being trusted unnoticed.
  Exit exit = Exit::ok;
  const Keyring left = read_keyring(options.trust);
  for (const Entry& entry : left.entries()) {
    const bool same = entry.info.sha256 == found->info.sha256;
    const bool counted = std::any_of(keyring.entries().begin(), keyring.entries().end(),
                                     [&](const Entry& before) { return before.info.sha256 == entry.info.sha256; });
    if (!same && counted) continue;
    exit = Exit::usage;
    console.note(cat("spdmctl: ", printable(entry.file),
                     same ? ": holds the same certificate, which is still trusted" : ": was hidden by it and counts now",
                     "; remove or mask that, too"));
  }
  Json document = begin_document(kSchema);
  document["exit_code"] = static_cast<int>(exit);
  document["removed"] = Json::array({entry_json(*found)});
  write_document(
      console, document,
      cat("removed: ", printable(found->info.subject), "\n  SHA-256 ", found->info.sha256, "\n  ", printable(file.string()), "\n"));
  return exit;
}

using Run = Exit (*)(const Options&, Console&);

CLI::App* add_sub(CLI::App& parser, const std::shared_ptr<std::pair<Options, Run>>& state, const char* name, const char* summary, Run run) {
  CLI::App* sub = parser.add_subcommand(name, summary);
  add_output_options(*sub, state->first.output);
  add_repeatable(*sub, "--keyring", state->first.trust.keyrings, "The directory to use, in place of the system's keyring")
      ->type_name("DIR")
      ->envname("SPDMCTL_KEYRING");
  sub->parse_complete_callback([state, run] { state->second = run; });
  return sub;
}

Action setup(CLI::App& parser) {
  auto state = std::make_shared<std::pair<Options, Run>>();
  Options& options = state->first;
  add_sub(parser, state, "list", "Show every certificate that counts, and files that cannot be used",
          [](const Options& o, Console& c) { return show(o, c, false); });
  CLI::App* check = add_sub(parser, state, "check", "As list, and say what is expired or no authority; exit code 2 when something is wrong",
                            [](const Options& o, Console& c) { return show(o, c, true); });
  check->add_option("--at", options.trust.at, "Certificates must be valid at this time; now if not given")->type_name("RFC3339");
  CLI::App* adding = add_sub(parser, state, "add", "Trust the certificates of files", add);
  adding->add_option("file", options.arguments, "PEM or DER files; - is standard input")->type_name("FILE");
  adding->add_option("--name", options.name, "Name in the keyring; that of the file if not given")->type_name("NAME");
  adding->add_flag("--force", options.force, "Replace a file of that name; take certificates that are no authorities");
  CLI::App* removing = add_sub(parser, state, "remove", "Trust a certificate no longer", remove);
  removing->add_option("name", options.arguments, "File name or SHA-256 fingerprint")->type_name("NAME");
  removing->add_flag("--force", options.force, "Remove a file of several certificates");
  return [state](Console& console) {
    if (state->second == nullptr)
      throw Error(ErrorId::usage, "keyring: list, check, add or remove is missing", "see: spdmctl keyring --help");
    return state->second(state->first, console);
  };
}

}  // namespace

const Verb keyring_verb{"keyring", "List, check and change the certificates that this host trusts",
                        "  spdmctl keyring list\n"
                        "  spdmctl keyring add vendor-root.pem\n"
                        "  spdmctl keyring remove vendor-root\n",
                        setup};

}  // namespace cmd
