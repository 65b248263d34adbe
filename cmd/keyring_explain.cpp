// keyring explain: who vouches for a device, by what, and how far; or what is missing.
#include <algorithm>

#include "cmd/keyring.h"
#include "cmd/output/wrap.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

std::string line(std::string_view title, std::string_view text) {
  constexpr std::size_t kWidth = 12;
  return cat("  ", title, std::string(title.size() < kWidth ? kWidth - title.size() : 1, ' '), text, "\n");
}

std::string answer(const ChainResult& chain) {
  if (chain.trust == Trust::not_checked) return "could not be decided";
  if (chain.trust != Trust::trusted) return chain.sound ? "not trusted: no root or pin vouches for it" : "the chain is broken";
  if (chain.anchor) return cat("trusted, by ", printable(chain.anchor->subject));
  return chain.pin ? cat("trusted, by the pin ", printable(chain.pin->origin)) : "trusted, by its owner";
}

std::string path_text(const ChainResult& chain) {
  std::string out;
  const bool above = chain.anchor && std::none_of(chain.certificates.begin(), chain.certificates.end(),
                                                  [&](const CertificateInfo& info) { return info.sha256 == chain.anchor->sha256; });
  if (above) out += line("path", cat(printable(chain.anchor->subject), ", not sent, in ", printable(chain.anchor_file)));
  for (const CertificateInfo& info : chain.certificates) {
    const bool anchor = chain.anchor && info.sha256 == chain.anchor->sha256;
    out +=
        line(out.empty() ? "path" : "", cat(printable(info.subject), anchor ? cat(", in ", printable(chain.anchor_file)) : std::string()));
  }
  return out;
}

std::string crl_text(const CrlInfo& crl) {
  if (crl.file.empty()) return cat(printable(crl.issuer), ": no list");
  const std::string about = crl.source == RevocationSource::ocsp ? cat("OCSP response about serial ", crl.serial, ", ") : std::string();
  return cat(printable(crl.issuer), ": ", about, "of ", crl.this_update, crl.next_update.empty() ? "" : ", next ", crl.next_update, ", ",
             printable(crl.file));
}

std::string finding_text(const Finding& finding) {
  std::string out = line(name(finding.severity()), cat(row(finding.id).name, finding.where.empty() ? "" : ": ", printable(finding.where)));
  out += line("", printable(finding.why));
  if (!finding.remedy.empty()) out += line("", cat("-> ", printable(finding.remedy)));
  return out;
}

std::string chain_text(const SlotReport& slot, bool verbose) {
  const ChainResult& chain = *slot.chain;
  std::string out = line(slot.slot == kProvisionedKey ? "slot 255" : cat("slot ", slot.slot), answer(chain));
  for (const Completion& issuer : chain.completed)
    out += line("issuer", cat(printable(issuer.subject), ", above the path, in ", printable(issuer.file)));
  out += path_text(chain);
  out += line("root", cat("SHA-256 ", shortened(printable(chain.root_fingerprint), verbose)));
  if (!chain.leaf_key_sha256.empty()) out += line("leaf key", cat("SHA-256 ", shortened(chain.leaf_key_sha256, verbose)));
  if (chain.anchor) out += line("scope", chain.anchor_scope.empty() ? "any device" : printable(chain.anchor_scope));
  for (std::size_t i = 0; i < chain.crls.size(); ++i) out += line(i == 0 ? "revocation" : "", crl_text(chain.crls[i]));
  out += line("pin", chain.pin ? cat(name(chain.pin->kind), ", ", printable(chain.pin->origin)) : std::string("none"));
  for (const Finding& finding : chain.findings) out += finding_text(finding);
  return out;
}

// Whether it stands in the text of a slot.
bool is_of_a_chain(const Report& report, const Finding& finding) {
  const auto same = [&](const Finding& other) {
    return other.id == finding.id && other.where == finding.where && other.why == finding.why;
  };
  return std::any_of(report.slots.begin(), report.slots.end(), [&](const SlotReport& slot) {
    return slot.chain && std::any_of(slot.chain->findings.begin(), slot.chain->findings.end(), same);
  });
}

std::string trust_text(const Report& report, const Console& console) {
  std::string out = cat(printable(report.source), "\n");
  bool any = false;
  for (const SlotReport& slot : report.slots) {
    if (!slot.chain) continue;
    out += cat(any ? "\n" : "", chain_text(slot, console.verbose));
    any = true;
  }
  for (const Finding& finding : report.findings)
    if (finding.severity() >= Severity::warning && !is_of_a_chain(report, finding)) out += finding_text(finding);
  if (!any) out += line("", printable(report.reason));
  return out;
}

}  // namespace

Exit explain_trust(const KeyringOptions& options, Console& console) {
  Attestation attestation;
  attestation.output = options.output;
  attestation.trust = options.trust;
  attestation.protocol = options.protocol;
  attestation.targets = options.arguments;
  Plan plan = attestation.plan(console);
  plan.wanted.challenge = false;
  plan.question.user.depth = Depth::look;
  plan.question.user.one_slot = !plan.wanted.all_slots;  // as auth: the slot that it would challenge decides
  plan.policy = trust_policy(options.policy, true);
  plan.text = trust_text;
  return attestation.run(console, std::move(plan));
}

}  // namespace spdm::cmd
