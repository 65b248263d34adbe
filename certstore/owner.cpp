#include "certstore/owner.h"

#include <algorithm>
#include <filesystem>

#include "certstore/x509.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using enum FindingId;

std::string slot_of(const ChainResult& result) { return cat("slot ", int{result.slot}); }

constexpr const char* kProveIt =
    "if you trust that host, give --trust-host; otherwise match by what devices prove: certificate-identity, device-info, leaf-key, root";

std::string claims_in(const DeviceMatch& match, const HostView& host, const Proven& proven) {
  std::string out;
  for (const std::string& claim : open_keys(match, host, proven)) out += cat(out.empty() ? "" : ", ", claim);
  return out;
}

std::string seen(const HostView& host, const Proven& proven) {
  if (!host.is_claimed || host.identity_given || proven.identity_texts.empty()) return cat("this is ", in_words(host));
  std::string names;
  for (const std::string& text : proven.identity_texts) names += cat(names.empty() ? "" : ", ", text);
  return cat("its certificate names ", names);
}

void check_scope(const Scope& scope, std::time_t at, const HostView& host, ChainResult& result) {
  const std::string who = cat(result.anchor_file, " (", scope.file, ")");
  const auto mismatch = [&](const std::string& why) {
    result.findings.push_back({scope_mismatch, slot_of(result), why, "if it should vouch for this device, say so in its scope file"});
  };
  const Proven proven = proven_by(result);
  const DeviceMatch* best = nullptr;
  for (const DeviceMatch& match : scope.vouches_for)
    if (best == nullptr || fit(match, host, proven) > fit(*best, host, proven)) best = &match;
  const Fit fits = best == nullptr ? Fit::yes : fit(*best, host, proven);
  const auto names_it = [&](const DeviceMatch& match) { return names_function(match) && fit(match, host, proven) == Fit::yes; };
  result.scope_names_function = result.scope_names_function || std::any_of(scope.vouches_for.begin(), scope.vouches_for.end(), names_it);
  if (fits == Fit::claimed)
    result.findings.push_back({claim_decides_trust, slot_of(result),
                               cat(result.anchor->subject, " vouches for ", devices_in_words(scope), " by ", who,
                                   "; only the collector says that it is one of them: ", claims_in(*best, host, proven)),
                               kProveIt});
  if (fits < Fit::claimed)
    mismatch(cat(result.anchor->subject, " vouches for ", devices_in_words(scope), " by ", who, "; ", seen(host, proven)));
  if (!scope.models.empty() && std::find(scope.models.begin(), scope.models.end(), result.model) == scope.models.end())
    mismatch(
        cat(result.anchor->subject, " vouches for ", models_in_words(scope), " by ", who, "; this is a chain of ", name(result.model)));
  if (scope.not_after && *scope.not_after < at)
    result.findings.push_back({entry_expired, slot_of(result),
                               cat(who, " vouches until ", utc_of(*scope.not_after), ", judged at ", utc_of(at)),
                               "if you still trust this root, set a later not-after"});
}

void check_scopes(const Keyring& keyring, std::time_t at, const HostView& host, ChainResult& result) {
  if (!result.anchor) return;
  const Entry* const entry = keyring.find(result.anchor->sha256);
  if (entry == nullptr) return;
  for (const Scope& scope : entry->scopes) check_scope(scope, at, host, result);
  if (!entry->scopes.empty()) result.anchor_scope = entry->scopes.front().file;
}

bool shows(const ChainResult& result, const Pin& pin) {
  if (pin.kind == PinKind::leaf_key) return result.leaf_key_sha256 == pin.sha256;
  if (pin.kind == PinKind::root) return result.root_fingerprint == pin.sha256;
  return std::any_of(result.certificates.begin(), result.certificates.end(),
                     [&](const CertificateInfo& certificate) { return certificate.sha256 == pin.sha256; });
}

// What the device shows for this kind of pin.
std::string shown(const ChainResult& result, PinKind kind) {
  const std::string& out = kind == PinKind::leaf_key     ? result.leaf_key_sha256
                           : kind == PinKind::root       ? result.root_fingerprint
                           : result.certificates.empty() ? std::string()
                                                         : result.certificates.back().sha256;
  return out.empty() ? "none" : out;
}

// Pins with the same match are alternatives. A device must fit one pin of each such group. Where a host only denies that a pin is
// about the device, and the device does not fit it, nobody knows.
void check_pins(const Keyring& keyring, const HostView& host, ChainResult& result) {
  const Proven proven = proven_by(result);
  std::vector<const Pin*> mine, denied;
  for (const Pin& pin : keyring.pins()) {
    const Fit how = fit(pin.match, host, proven);
    if (how >= Fit::claimed) mine.push_back(&pin);
    if (how == Fit::denied) denied.push_back(&pin);
  }
  for (const Pin* pin : denied) {
    const auto fits = [&](const Pin* other) { return other->match == pin->match && shows(result, *other); };
    if (std::any_of(denied.begin(), denied.end(), fits)) continue;
    result.findings.push_back({claim_decides_trust, slot_of(result),
                               cat(pin->origin, " pins another ", name(pin->kind),
                                   "; only the collector says that it is not about this device: ", claims_in(pin->match, host, proven)),
                               kProveIt});
    break;  // one is enough: a keyring may have many
  }
  for (const Pin* pin : mine) {
    const auto alternative = [&](const Pin* other) { return other->match == pin->match; };
    if (*std::find_if(mine.begin(), mine.end(), alternative) != pin) continue;  // its group has been checked
    const bool any = std::any_of(mine.begin(), mine.end(), [&](const Pin* other) { return alternative(other) && shows(result, *other); });
    if (any) continue;
    const auto others = std::count_if(mine.begin(), mine.end(), alternative) - 1;
    result.findings.push_back(
        {pin_mismatch, slot_of(result),
         cat(pin->origin, " pins the ", name(pin->kind), " ", pin->sha256,
             others > 0 ? cat(" (or one of ", others, " more)") : std::string(), "; the device shows ", shown(result, pin->kind)),
         cat("this is not the pinned device: find out who replaced it; or unpin it (spdmctl keyring unpin ",
             shell_word(std::filesystem::path(pin->file).filename().string()), ")")});
  }
  for (const Pin* pin : mine)
    if (shows(result, *pin) && (!result.pin || (pin->vouches && !result.pin->vouches)))
      result.pin = PinInfo{pin->origin, pin->kind, pin->sha256, pin->vouches, pin->min_version, fit(pin->match, host, proven) != Fit::yes};
}

// Trust on first use: the owner knows the device, whoever issued its certificates.
void vouch_by_pin(ChainResult& result) {
  if (!result.pin || !result.pin->vouches || !result.sound || result.trust != Trust::untrusted || result.anchor) return;
  std::erase_if(result.findings, lacks_root_only);
  result.findings.push_back(
      {pinned, slot_of(result), cat(result.pin->origin, " vouches for the ", name(result.pin->kind), "; no root of the keyring does"), {}});
  result.trust = Trust::trusted;
  if (result.pin->is_claimed)
    result.findings.push_back({claim_decides_trust, slot_of(result),
                               cat(result.pin->origin, " vouches for it only by what the collector says about the device"), kProveIt});
}

void settle(ChainResult& result) {
  Severity worst = Severity::note;
  for (const Finding& finding : result.findings)
    if (row(finding.id).check == Check::trust) worst = std::max(worst, finding.severity());
  if (worst < Severity::gap) return;
  if (worst == Severity::failure) result.trust = Trust::untrusted;
  if (worst == Severity::gap && result.trust == Trust::trusted) result.trust = Trust::not_checked;
  // The chain is not trusted, so the report must not name an anchor.
  result.anchor.reset();
  result.anchor_file.clear();
  result.anchor_scope.clear();
  result.scope_names_function = false;
}

}  // namespace

void apply_owner(const Keyring& keyring, std::time_t at, const HostView& host, ChainResult& result) {
  check_scopes(keyring, at, host, result);
  check_pins(keyring, host, result);
  vouch_by_pin(result);
  settle(result);
}

}  // namespace spdm::certstore
