#include "cmd/output/render_ear.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/crypto/jws.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// Trustworthiness claims that are made here (AR4SI 2.3.4); a missing one is no claim.
constexpr int kNoClaim = 0, kAffirmed = 2, kApprovedBoot = 3, kUnsafe = 32, kContraindicated = 96, kUnrecognized = 97, kCryptoFailed = 99;
constexpr int kWarning = 32, kDenied = 96;  // where the tiers begin

// The names that a part has until the whole is written.
constexpr const EarNames& kNames = kEarProfiles[0];
static_assert(kNames.value == EarProfile::veraison_2023);

CheckStatus status_of(const Report& report, Check check) {
  const CheckResult* const result = check_of(report, check);
  return result == nullptr ? CheckStatus::not_needed : result->status;
}

bool passed(const Report& report, Check check) { return status_of(report, check) == CheckStatus::pass; }
bool failed(const Report& report, Check check) { return status_of(report, check) == CheckStatus::fail; }

bool found(const Report& report, std::initializer_list<FindingId> ids) {
  return std::any_of(report.findings.begin(), report.findings.end(),
                     [&](const Finding& finding) { return std::find(ids.begin(), ids.end(), finding.id) != ids.end(); });
}

// Who the device is: key, certificates, trust, identity.
std::optional<int> instance_identity(const Report& report) {
  using enum FindingId;
  if (found(report, {signature_repeated, device_elsewhere})) return kUnrecognized;
  if (failed(report, Check::signature) && !found(report, {nonce_mismatch})) return kCryptoFailed;
  if (found(report, {revoked, denied})) return kContraindicated;
  if (found(report, {certificate_signature, digest_mismatch, chain_hash_mismatch})) return kCryptoFailed;
  for (const Check check : {Check::chain, Check::trust, Check::identity})
    if (failed(report, check)) return kUnrecognized;
  const bool identified = passed(report, Check::identity) || status_of(report, Check::identity) == CheckStatus::not_needed;
  if (passed(report, Check::signature) && passed(report, Check::chain) && passed(report, Check::trust) && identified) return kAffirmed;
  return std::nullopt;
}

// Whether the hardware is genuine: a trusted chain says that the key is bound to it (DSP0274 "hardware identity").
std::optional<int> hardware(const Report& report, std::optional<int> identity) {
  if (identity && *identity >= kDenied) return *identity == kContraindicated ? kContraindicated : kUnrecognized;
  if (identity != kAffirmed) return std::nullopt;
  for (const SlotReport& slot : report.slots) {
    if (!slot.used || !slot.chain) continue;
    for (const CertificateInfo& certificate : slot.chain->certificates)
      if (has(certificate.spdm_oids, SpdmOid::hardware_identity)) return kAffirmed;
  }
  return std::nullopt;
}

bool is_executable(const Measurement& measurement) {
  return measurement.block.type == MeasurementType::immutable_rom || measurement.block.type == MeasurementType::mutable_firmware;
}

// Where nothing was compared, the owner has said to ignore it.
bool matches(const Report& report, const Measurement& measurement) {
  std::size_t compared = 0, matching = 0;
  for (const Comparison& one : report.comparisons)
    if (one.index == measurement.block.index) {
      ++compared;
      if (one.result == Comparison::Result::match) ++matching;
    }
  return compared > 0 && matching == compared;
}

// What runs on it: only reference values can tell, and only those of all that runs; a part that was read is not enough.
std::optional<int> executables(const Report& report) {
  if (failed(report, Check::references)) return kContraindicated;
  if (!passed(report, Check::references) || !report.all_measured) return std::nullopt;
  bool any = false;
  for (const Measurement& measurement : report.measurements) {
    if (!is_executable(measurement)) continue;
    if (!matches(report, measurement)) return std::nullopt;
    any = true;
  }
  return any ? std::optional(kApprovedBoot) : std::nullopt;
}

// How it is set up: what the owner's policy asks, and whether it can be debugged.
std::optional<int> configuration(const Report& report) {
  if (failed(report, Check::policy)) return kContraindicated;
  if (found(report, {FindingId::debug_mode, FindingId::debug_enabled, FindingId::tcb_debug, FindingId::tcb_not_secure,
                     FindingId::tcb_recovery, FindingId::tcb_not_configured}))
    return kUnsafe;
  if (passed(report, Check::policy)) return kAffirmed;
  return std::nullopt;
}

std::string_view status(const Report& report, int worst) {
  if (report.verdict == Verdict::fail || worst >= kDenied) return "contraindicated";
  if (report.verdict == Verdict::undetermined || worst < kAffirmed) return "none";
  return worst >= kWarning ? "warning" : "affirming";
}

std::string policy_of(const Report& report) {
  if (!report.policy) return "spdmctl:authenticate";
  return cat("spdmctl:policy:", printable(report.policy->rule), report.policy->origin.empty() ? "" : "@", printable(report.policy->origin));
}

// What ties the appraisal to device and evidence.
Json about(const Report& report) {
  Json out{{"verdict", name(report.verdict)}, {"exit_code", static_cast<int>(report.exit)}, {"reason", printable(report.reason)}};
  if (!report.host.target.empty()) out["target"] = printable(report.host.target);
  if (report.host.bdf) out["bdf"] = printable(*report.host.bdf);
  if (!report.time.empty()) out["time"] = printable(report.time);
  if (!report.evidence_sha256.empty()) out["evidence_sha256"] = report.evidence_sha256;
  if (report.fresh) out["fresh"] = *report.fresh;
  if (const std::vector<std::string_view> claims = claims_of(report); !claims.empty()) out["claims"] = claims;
  for (const SlotReport& slot : report.slots)
    if (slot.used && slot.chain && !slot.chain->certificates.empty())
      out["certificates"].push_back(Json{{"slot", slot.slot}, {"leaf_sha256", slot.chain->certificates.back().sha256}});
  return out;
}

// The status of all devices together: the one that deserves the least trust. None says less than a warning, which is a pass.
std::string_view worst_status(const Json& submods) {
  constexpr std::array<std::string_view, 4> ranks{"contraindicated", "none", "warning", "affirming"};
  std::size_t worst = submods.empty() ? 1 : ranks.size() - 1;
  for (const Json& submod : submods) {
    const auto found = std::find(ranks.begin(), ranks.end(), submod[kNames.status].get_ref<const std::string&>());
    worst = std::min(worst, static_cast<std::size_t>(found - ranks.begin()));
  }
  return ranks.at(worst);
}

// A submod by the names of draft -03. Its nonce is that of the evidence, which is known where it is the one that was asked for.
Json renamed(Json submod, const EarNames& names, const std::optional<std::string>& nonce) {
  const bool fresh = submod[kNames.report].value("fresh", false);
  Json out;
  out[names.status] = std::move(submod[kNames.status]);
  out[names.vector] = std::move(submod[kNames.vector]);
  out[names.policy] = Json::array({std::move(submod[kNames.policy])});
  if (fresh && nonce) out["eat_nonce"] = *nonce;
  out[names.report] = std::move(submod[kNames.report]);
  return out;
}

}  // namespace

Json ear_appraisal(const Report& report) {
  Json vector = Json::object();
  int worst = 0;
  const auto claim = [&](const char* key, std::optional<int> value) {
    if (!value) return;
    vector[key] = *value;
    worst = std::max(worst, *value);
  };
  const std::optional<int> identity = instance_identity(report);
  claim("instance-identity", identity);
  claim("configuration", configuration(report));
  claim("executables", executables(report));
  claim("hardware", hardware(report, identity));
  if (vector.empty()) vector["instance-identity"] = kNoClaim;  // it must not be empty
  Json out;
  out[kNames.status] = status(report, worst);
  out[kNames.vector] = std::move(vector);
  out[kNames.policy] = policy_of(report);
  out[kNames.report] = about(report);
  return out;
}

void fail_ear_appraisal(Json& appraisal, Exit exit, const std::string& why) {
  Json& vector = appraisal[kNames.vector];
  vector["instance-identity"] = kUnrecognized;
  if (vector.contains("hardware")) vector["hardware"] = kUnrecognized;
  appraisal[kNames.status] = "contraindicated";
  Json& about = appraisal[kNames.report];
  about["verdict"] = name(Verdict::fail);
  about["exit_code"] = static_cast<int>(exit);
  about["reason"] = why;
}

Json ear_claims(Json submods, const EarHead& head) {
  const EarNames& names = row_of(kEarProfiles, head.profile);
  std::optional<std::string> nonce;
  if (head.nonce) nonce = crypto::base64url(*head.nonce);
  Json out{{"eat_profile", names.profile}};
  if (head.profile == EarProfile::ietf_2026) out[names.status] = worst_status(submods);
  out["iat"] = head.issued;
  out[names.verifier] = Json{{"developer", "spdmctl"}, {"build", "spdmctl " SPDMCTL_VERSION}};
  if (nonce) out["eat_nonce"] = *nonce;
  if (head.profile == EarProfile::ietf_2026)
    for (Json& submod : submods) submod = renamed(std::move(submod), names, nonce);
  out["submods"] = std::move(submods);
  return out;
}

}  // namespace spdm::cmd
