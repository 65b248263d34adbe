// Checks that the chains that count are sound and trusted, and that they name the function.
#include "core/appraisal/appraiser.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

void Appraiser::check_chains() {
  const std::vector<const ChainResult*> counted = counted_chains();
  bool sound = true, trusted = true, untrusted = false, unsupported = false;
  for (const ChainResult* chain : counted) {
    sound = sound && chain->sound;
    trusted = trusted && chain->trust == Trust::trusted;
    untrusted = untrusted || chain->trust == Trust::untrusted;
    for (const Finding& finding : chain->findings) {
      unsupported = unsupported || finding.id == FindingId::crypto_unsupported;
      add(finding);
    }
  }
  const Connection* connection = last_connection();
  for (const ChainResult* chain : counted) {
    if (connection == nullptr || !chain->pin || !chain->pin->min_version || connection->version() >= *chain->pin->min_version) continue;
    trusted = false;
    untrusted = true;
    add({FindingId::version_rollback, slot_name(chain->slot),
         cat("SPDM ", version_name(connection->version()), " was negotiated, the device used ", version_name(*chain->pin->min_version),
             " before (", chain->pin->origin, ")"),
         "an attacker between device and host may have removed newer versions; if its firmware is older now, change min-version in the "
         "pin"});
  }
  // The appraisal adds findings about chains of its own (check_chain_hash).
  for (const Finding& finding : report_.findings)
    if (finding.id == FindingId::chain_hash_mismatch) sound = false;
  if (counted.empty()) {
    const bool missing = !used_.empty();
    result(Check::chain, missing || question_.authenticates() ? CheckStatus::not_run : CheckStatus::not_needed,
           "no certificate chain was read");
    result(Check::trust, missing || question_.authenticates() ? CheckStatus::not_run : CheckStatus::not_needed,
           "no certificate chain was read");
    return;
  }
  const CheckStatus broken = unsupported ? CheckStatus::not_run : CheckStatus::fail;
  result(Check::chain, sound ? CheckStatus::pass : broken, sound ? chain_detail(*counted.front()) : "see the findings");
  result(Check::trust,
         trusted                     ? CheckStatus::pass
         : untrusted && !unsupported ? CheckStatus::fail
                                     : CheckStatus::not_run,
         trusted     ? trust_detail(*counted.front())
         : untrusted ? distrust_detail(counted)
                     : "could not be decided");
}

// When a root vouches but another failure prevents trust, that failure is the detail to show.
std::string Appraiser::distrust_detail(const std::vector<const ChainResult*>& chains) {
  for (const ChainResult* chain : chains)
    for (const Finding& finding : chain->findings) {
      const FindingRow& found = row(finding.id);
      const bool anchorless = finding.id == FindingId::not_trusted || finding.id == FindingId::keyring_empty;
      if (chain->trust == Trust::untrusted && found.severity == Severity::failure && !anchorless)
        return cat(found.name, finding.where.empty() ? "" : ": ", finding.where);
    }
  return "no trusted root vouches for it";
}

std::string Appraiser::trust_detail(const ChainResult& chain) {
  if (chain.anchor) return cat("vouched for by ", chain.anchor->subject);
  if (chain.pin && chain.pin->vouches) return cat("vouched for by the pin ", chain.pin->origin);
  return "a key that was provisioned by its owner";
}

std::string Appraiser::chain_detail(const ChainResult& chain) {
  if (chain.certificates.empty()) return "no certificates, a provisioned key";
  return cat(slot_name(chain.slot), ", ", chain.certificates.size(), chain.certificates.size() == 1 ? " certificate, " : " certificates, ",
             model_name(chain));
}

void Appraiser::check_identity() {
  const std::optional<PciIdentity>& expected = question_.user.identity ? question_.user.identity : evidence_.host.identity;
  // Of a device that could not be asked that is what has to be told.
  if (!expected && question_.rule.identity == IdentityDemand::required && !evidence_.error)
    add({FindingId::identity_unknown, "", "a rule requires the PCI identity, and the host does not know that of this device",
         "give it with --identity, or leave identity out of the rule"});
  if (!expected && question_.rule.identity == IdentityDemand::waived)
    add({FindingId::identity_relaxed, "", "a rule requires the PCI identity, and --identity-match none waives it", ""});
  if (!expected)
    return result(Check::identity, question_.rule.identity == IdentityDemand::required ? CheckStatus::not_run : CheckStatus::not_needed,
                  "no PCI identity to compare with");
  if (question_.user.identity_match == IdentityMatch::none) {
    add({FindingId::identity_relaxed, "", "the certificate was not compared with the PCI function", ""});
    return result(Check::identity, CheckStatus::not_needed, "not compared: --identity-match none, or identity: none in the rule");
  }
  const std::vector<const ChainResult*> counted = counted_chains();
  if (counted.empty()) return result(Check::identity, CheckStatus::not_run, "no certificate chain was read");
  const Named named = named_by(counted, *expected);
  const CheckStatus status = named.other     ? CheckStatus::fail
                             : named.unbound ? CheckStatus::not_run
                             : named.same    ? CheckStatus::pass
                                             : CheckStatus::not_needed;
  result(Check::identity, status,
         named.other     ? cat("expected ", to_string(*expected))
         : named.unbound ? std::string("the certificate names no function")
         : named.same    ? to_string(*expected)
                         : std::string("the certificate names no function; its owner speaks for the device"));
}

Appraiser::Named Appraiser::named_by(const std::vector<const ChainResult*>& chains, const PciIdentity& expected) {
  Named out;
  for (const ChainResult* chain : chains) {
    const bool unnamed = chain->certificates.empty() || chain->certificates.back().cma_identities.empty();
    if (unnamed && !wants_name())
      (tell_unnamed(*chain) ? out.spoken_for : out.unbound) = true;
    else
      (names(*chain, expected) ? out.same : out.other) = true;
  }
  return out;
}

// Whether a rule, or the user, asks for the name in so many words. By itself the check compares what is there.
bool Appraiser::wants_name() const {
  return question_.rule.identity == IdentityDemand::required || question_.user.identity_match_given ||
         question_.user.identity_match == IdentityMatch::ids;
}

// PCIe r6.2 no longer asks a leaf for the name. Without one, a device with a good certificate could stand in the place of any other
// one: the owner has to say which certificates belong there. What only the collector says of the device binds nothing.
bool Appraiser::tell_unnamed(const ChainResult& chain) {
  const std::string where = cat(slot_name(chain.slot), ", leaf certificate, subjectAltName");
  const std::string unnamed = "has no PCI identity (otherName 2.23.147)";
  const std::string who = question_.rule.speaks_for_device ? cat("the rule '", question_.rule.told ? question_.rule.told->rule : "", "'")
                          : chain.pin && !chain.pin->is_claimed ? chain.pin->origin
                          : chain.scope_names_function          ? chain.anchor_scope
                                                                : std::string();
  if (!who.empty()) {
    add({FindingId::identity_unnamed, where, cat(unnamed, "; ", who, " says that it belongs there"),
         "make sure that no other device of this vendor can replace it; to bind this very device, pin it: spdmctl keyring pin TARGET"});
    return true;
  }
  add({FindingId::identity_unbound, where, cat(unnamed, ", and nothing says that this certificate belongs to the function"),
       "PCIe r6.2 no longer asks for the name; say whom it may belong to: the vendor in the scope of the root (vouches-for), a pin "
       "(spdmctl "
       "keyring pin), a rule with match: {vendor: ...} and roots, or do not compare: identity: none in the rule, --identity-match none"});
  return false;
}

namespace {

std::optional<PciIdentity> parsed(const std::string& text) try {
  return parse_pci_identity(text);
} catch (const Error&) {  // malformed: it names nothing
  return std::nullopt;
}

bool has_ids_of(const PciIdentity& one, const PciIdentity& other) { return one.vendor == other.vendor && one.device == other.device; }

// Whether a further name may be that of a sibling: of another function of the same device. Functions of a device have one vendor, and
// one serial number where they tell it (PCIe r6.1 7.9.3). Where they do not, only the device id says that they belong together.
bool may_be_sibling(const PciIdentity& one, const PciIdentity& other) {
  if (one.vendor != other.vendor || (one.serial != 0 && other.serial != 0 && one.serial != other.serial)) return false;
  if (one.subsystem_vendor && other.subsystem_vendor && one.subsystem_vendor != other.subsystem_vendor) return false;
  return one.device == other.device || (one.serial != 0 && one.serial == other.serial);
}

constexpr const char* kWayOut = "if the vendor writes it this way, use --identity-match ids, or identity: ids in the rule";

}  // namespace

// PCIe r6.1 6.31.3: a CMA otherName of the leaf names the function; others may name its siblings. Exactly is byte for byte, in
// lower case, as software that compares text does; and none may name another device, for which this one could be taken.
bool Appraiser::names(const ChainResult& chain, const PciIdentity& expected) {
  const std::string where = cat(slot_name(chain.slot), ", leaf certificate, subjectAltName");
  if (chain.certificates.empty() || chain.certificates.back().cma_identities.empty()) {
    add({FindingId::identity_missing, where, "has no PCI identity (otherName 2.23.147)",
         "PCIe r6.2 no longer asks for it: where the vendor leaves it out, take identity out of the rule and let its roots, a pin or the "
         "scope of the root speak for the device, or say --identity-match none, or identity: none in the rule"});
    return false;
  }
  const std::string wanted = to_string(expected);
  const bool ids_suffice = question_.user.identity_match == IdentityMatch::ids;
  std::string found;
  bool exact = false, by_ids = false, other = false;
  for (const std::string& text : chain.certificates.back().cma_identities) {
    found += cat(found.empty() ? "" : ", ", text);
    const std::optional<PciIdentity> identity = parsed(text);
    exact = exact || text == wanted;
    by_ids = by_ids || (identity && has_ids_of(*identity, expected));
    other = other || !identity || !may_be_sibling(*identity, expected);
  }
  if (ids_suffice ? by_ids : exact && !other) return true;
  const std::string why =
      exact ? "a name beside it is that of another device, for which this one could be taken" : cat("the function is ", wanted);
  add({FindingId::identity_mismatch, where, cat("names ", found, exact ? "; " : ", ", why),
       by_ids && !ids_suffice ? kWayOut : "the certificate belongs to another device"});
  return false;
}

}  // namespace spdm
