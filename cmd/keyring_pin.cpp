// keyring pin, unpin: what a device has to show again.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/host/files.h"
#include "cmd/host/this_host.h"
#include "cmd/keyring.h"
#include "cmd/pinning.h"
#include "core/text.h"
#include "transport/naming.h"
#include "transport/pci/address.h"

namespace spdm::cmd {

namespace {

namespace fs = std::filesystem;
using certstore::Pin;

PinKind parse_kind(const std::string& text) {
  if (const std::optional<PinKind> kind = value_of(kPinKinds, text)) return *kind;
  throw Error(ErrorId::usage, cat("--by: '", printable(text), "' is unknown"), cat("give ", names_of(kPinKinds)));
}

// The code is that of the device, as auth would end.
[[noreturn]] void refuse(const Report& report, const std::string& why, const std::string& hint) {
  Error error(ErrorId::peer, why, hint);
  error.device = report.source;
  if (report.exit != Exit::ok) error.exit = report.exit;
  throw error;
}

// Only what is proven is pinned: a device that fails for more than a missing root must not be remembered. Where its certificate names no
// function, the pin says that it belongs there.
void assert_worth_pinning(const Report& report, const TrustOptions& trust) {
  if (report.error) {
    Error error(report.error->id, report.error->message, report.error->hint);
    error.device = report.source;
    if (report.exit != Exit::ok) error.exit = report.exit;
    throw error;
  }
  for (const Finding& finding : report.findings)
    if (finding.severity() >= Severity::gap && !lacks_root_only(finding) && finding.id != FindingId::identity_unbound)
      refuse(report, cat("is not pinned, because it fails: ", finding.where, finding.where.empty() ? "" : ": ", finding.why),
             cat("see all of it with: spdmctl auth", as_given("--keyring", trust.keyrings), as_given("--root", trust.roots), " ",
                 shell_word(report.source)));
  for (const CheckResult& check : report.checks)
    if (check.check == Check::signature && check.status != CheckStatus::pass)
      refuse(report, "is not pinned, because it has not proven that it holds the key: nothing was signed",
             "pin the live device, or evidence of spdmctl auth --record");
}

std::string see_pins(const KeyringOptions& options) {
  return cat("see the pins with: spdmctl keyring show", as_given("--keyring", options.trust.keyrings));
}

std::string unpin_command(const KeyringOptions& options, const std::string& name) {
  return cat("spdmctl keyring unpin", as_given("--keyring", options.trust.keyrings), " ", shell_word(name));
}

bool is_taken(const fs::path& file) {
  std::error_code ignored;
  return fs::symlink_status(file, ignored).type() != fs::file_type::not_found;
}

Json json_of(const Pin& pin, const fs::path& file) {
  return {{"kind", name(pin.kind)}, {"sha256", pin.sha256}, {"vouches", pin.vouches}, {"file", printable(file.string())}};
}

}  // namespace

Exit pin_device(const KeyringOptions& options, Console& console) {
  apply(options.output, console);
  const PinKind kind = parse_kind(options.by);
  const fs::path pins = writable_pins(options.trust);
  const Report report = attest_one(options, console, Depth::authenticate, {pins});
  assert_worth_pinning(report, options.trust);
  const ChainResult& chain = main_chain(report);
  if (chain.pin)
    fail_at(ErrorId::usage, report.source, cat("is already pinned: ", chain.pin->origin),
            cat("unpin it first: ", unpin_command(options, report.source)));
  const NewPin made = make_pin(report, chain, kind, options.vouch ? PinUse::vouch : PinUse::compare, pins);
  if (is_taken(made.file))
    fail_at(ErrorId::usage, made.file.string(), "already exists, and pins something else",
            cat("unpin that first: ", unpin_command(options, made.file.stem().string())));
  assert_distinct({console.file(), made.file});
  write_file(made.file, made.contents);

  Json document = begin_document(kKeyringSchema);
  document["exit_code"] = 0;
  document["pinned"] = Json::array({json_of(made.pin, made.file)});
  write_document(
      console, document,
      cat("pinned: ", printable(report.source), "\n  ", name(kind), " ", made.pin.sha256, "\n  ", printable(made.file.string()), "\n"));
  if (chain.trust != Trust::trusted && !options.vouch)
    console.note(printable(cat("spdmctl: no root vouches for it yet: add its root (spdmctl keyring add",
                               as_given("--keyring", options.trust.keyrings), " FILE), or unpin it and pin it with --vouch")));
  return Exit::ok;
}

Exit unpin_device(const KeyringOptions& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.empty()) throw Error(ErrorId::usage, "no NAME or TARGET given", see_pins(options));
  if (options.arguments.size() > 1) throw Error(ErrorId::usage, "only one NAME or TARGET can be given", see_pins(options));
  const std::string wanted = transport::canonical(options.arguments.front(), this_host());
  const std::optional<transport::Bdf> bdf = transport::parse_bdf(wanted);
  const std::string made = pin_name(wanted, bdf ? std::optional(to_string(*bdf)) : std::nullopt);
  const certstore::Keyring keyring = read_keyring(options.trust);
  const auto found = std::find_if(keyring.pins().begin(), keyring.pins().end(), [&](const Pin& pin) {
    const fs::path file(pin.file);
    return file.filename() == wanted || file.stem() == wanted || file.filename() == made + ".yaml";
  });
  if (found == keyring.pins().end())
    throw Error(ErrorId::usage, cat("the keyring has no pin for '", printable(wanted), "'"), see_pins(options));
  const fs::path file(found->file), layer = writable_keyring(options.trust);
  assert_in_layer(file, layer);
  const auto in_file = std::count_if(keyring.pins().begin(), keyring.pins().end(), [&](const Pin& pin) { return pin.file == found->file; });
  if (in_file > 1 && !options.force)
    fail_at(ErrorId::usage, file.string(), cat("holds ", in_file, " pins, which would all be removed"), "give --force to remove the file");
  remove_file(file);
  Json document = begin_document(kKeyringSchema);
  document["exit_code"] = 0;
  document["unpinned"] = Json::array({json_of(*found, file)});
  write_document(console, document, cat("unpinned: ", name(found->kind), " ", found->sha256, "\n  ", printable(file.string()), "\n"));
  return Exit::ok;
}

}  // namespace spdm::cmd
