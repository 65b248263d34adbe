#include "cmd/pinning.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "certstore/fingerprint.h"
#include "certstore/keyring.h"
#include "cmd/host/files.h"
#include "cmd/keyring.h"
#include "core/format/fingerprint.h"
#include "core/text.h"

namespace spdm::cmd {

using certstore::Pin;

namespace {

// Double-quoted YAML takes what JSON writes.
std::string in_quotes(std::string_view text) { return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

// How a pin matches a device, and the name of its file.
struct Handle {
  std::string match, name;
};

// The address alone where there is one: a card with other ids at the same address must fail the pin, not escape it. So an endpoint of MCTP
// goes by its network and EID, for "mctp:9" and "mctp:1:9" may be the same. A recording whose collector names no device (a capture, a
// report of measurements) is of the device that its certificate names.
Handle handle_of(const Report& report) {
  const HostView& host = report.host;
  if (host.bdf) return {cat("{bdf: \"", *host.bdf, "\"}"), pin_name(host.target, host.bdf)};
  if (host.mctp && host.mctp->network)
    return {cat("{endpoint: \"", to_string(*host.mctp), "\"}"), pin_name(cat("mctp:", to_string(*host.mctp)), {})};
  if (!host.target.empty()) return {cat("{target: ", in_quotes(pattern_for(host.target)), "}"), pin_name(host.target, {})};
  const auto by = [](std::string_view key, const std::string& value) {
    return Handle{cat("{", key, ": ", in_quotes(pattern_for(value)), "}"), pin_name(value, {})};
  };
  if (report.proven.identity_texts.size() == 1) return by("certificate-identity", report.proven.identity_texts.front());
  if (report.proven.device_infos.size() == 1) return by("device-info", report.proven.device_infos.front());
  Error error(ErrorId::usage, "neither the recording nor a certificate that a root vouches for says which device this is",
              "pin the device itself, such as spdmctl keyring pin 03:00.0, or write the pin by hand: match: {device-info: ...}");
  error.device = report.source;
  throw error;
}

// The certificate that stays when the firmware changes: of an alias chain the one with the hardware identity.
const CertificateInfo* device_certificate(const ChainResult& chain) {
  if (chain.certificates.empty()) return nullptr;
  const auto found = std::find_if(chain.certificates.rbegin(), chain.certificates.rend(),
                                  [](const CertificateInfo& info) { return has(info.spdm_oids, SpdmOid::hardware_identity); });
  return found == chain.certificates.rend() ? &chain.certificates.back() : &*found;
}

std::string fingerprint_of(const ChainResult& chain, PinKind kind) {
  if (kind == PinKind::leaf_key) return chain.leaf_key_sha256;
  if (kind == PinKind::root) return plain_fingerprint(chain.root_fingerprint);
  const CertificateInfo* const certificate = device_certificate(chain);
  return certificate == nullptr ? std::string() : certificate->sha256;
}

const ChainResult* used_chain(const Report& report) {
  for (const SlotReport& slot : report.slots)
    if (slot.used && slot.chain) return &*slot.chain;
  return nullptr;
}

}  // namespace

std::string pin_name(const std::string& target, const std::optional<std::string>& bdf) {
  constexpr std::size_t kLongest = 60;
  std::string out = bdf.value_or(target).substr(0, kLongest);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' ? static_cast<char>(c) : '-'; });
  return bdf ? out : cat(out.starts_with('.') ? "x" : "", out, "-", certstore::sha256(as_bytes(target)).substr(0, 8));
}

NewPin make_pin(const Report& report, const ChainResult& chain, PinKind kind, PinUse use, const std::filesystem::path& directory) {
  const std::string fingerprint = fingerprint_of(chain, kind);
  if (fingerprint.empty()) {
    Error error(ErrorId::bad_input, cat("slot ", chain.slot, " shows no ", name(kind), " to pin"),
                kind == PinKind::root ? "the device leaves out its root: pin its certificate or leaf-key"
                                      : cat("see: spdmctl certs ", shell_word(report.source)));
    error.device = report.source;
    throw error;
  }
  NewPin out;
  const Handle handle = handle_of(report);
  out.file = directory / cat(handle.name, ".yaml");
  out.contents = cat("# Written by spdmctl; see spdmctl-keyring(1).\nversion: 1\npins:\n  - match: ", handle.match, "\n    ", name(kind),
                     ": ", fingerprint, "\n", use == PinUse::vouch ? "    vouches: true\n" : "");
  if (report.connection && report.connection->negotiation_proven)
    out.contents += cat("    min-version: \"", version_name(report.connection->parameters.version), "\"\n");
  if (!report.time.empty()) out.contents += cat("    first-seen: ", report.time, "\n");
  if (!chain.certificates.empty()) out.contents += cat("    comment: ", in_quotes(printable(chain.certificates.back().subject)), "\n");
  assert_readable(out.contents.size(), FileKind::keyring_entry);
  out.pin = certstore::read_pins(out.file.string(), out.contents).front();
  // A name that cannot be written down would pin nothing, and nobody would notice.
  if (!matches(out.pin.match, report.host, report.proven))
    throw Error(ErrorId::usage,
                cat("'", printable(report.host.target.empty() ? handle.name : report.host.target), "' cannot be pinned by its name"));
  return out;
}

void pin_unless_known(const Report& report, const std::filesystem::path& directory, const Console& console) {
  const auto told = [&](const std::string& what) { console.note(printable(cat("spdmctl: ", report.source, ": ", what))); };
  const ChainResult* const chain = used_chain(report);
  if (report.verdict != Verdict::pass || chain == nullptr) return told("not pinned: it has not passed");
  if (chain->pin) return told(cat("not pinned anew: ", chain->pin->origin, " pins it"));
  const NewPin made = make_pin(report, *chain, PinKind::leaf_key, PinUse::compare, directory);
  std::error_code ignored;
  if (std::filesystem::symlink_status(made.file, ignored).type() != std::filesystem::file_type::not_found)
    return told(cat("not pinned: ", made.file.string(), " is there already, for another device"));
  assert_distinct({console.file(), made.file});
  write_file(made.file, made.contents);
  told(cat("pinned: leaf-key ", made.pin.sha256, ", ", made.file.string()));
}

std::filesystem::path writable_pins(const TrustOptions& options) {
  const std::filesystem::path out = writable_keyring(options) / "pins";
  make_folder(out);
  return out;
}

}  // namespace spdm::cmd
