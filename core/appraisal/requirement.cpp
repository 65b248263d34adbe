// Checks the requirements of the owner's policy. A requirement that cannot be decided is not met.
#include <algorithm>
#include <ctime>

#include "core/appraisal/appraiser.h"
#include "core/appraisal/layers.h"
#include "core/appraisal/requirements.h"
#include "core/appraisal/verdict.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm {

namespace {

// States of a layer in which it may say anything.
constexpr TcbFlags kAbnormal =
    bit_of(TcbFlag::not_configured) | bit_of(TcbFlag::not_secure) | bit_of(TcbFlag::recovery) | bit_of(TcbFlag::debug);

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += cat(out.empty() ? "" : ", ", word);
  return out;
}

}  // namespace

bool is_named(const std::string& root, const std::string& sha256, const std::vector<std::string>& names) {
  return root == sha256 || std::find(names.begin(), names.end(), root) != names.end();
}

void Appraiser::unmet(Demand demand, Finding finding) {
  if (std::find(unmet_.begin(), unmet_.end(), demand) == unmet_.end()) unmet_.push_back(demand);
  add(std::move(finding));
}

void Appraiser::undecided(Demand demand, const std::string& why, const std::string& remedy) {
  undecided_.push_back(demand);
  add({FindingId::policy_undecided, "", cat("asked for: ", words(demand, question_), "; ", why), remedy});
}

void Appraiser::check_policy() {
  if (!question_.rule.told && question_.rule.require == Requirement{} && !question_.rule.measurements) return;
  const std::string rule = question_.rule.told ? cat("rule '", question_.rule.told->rule, "'") : std::string("what was asked");
  if (question_.rule.told && question_.rule.told->exempt)
    return result(Check::policy, CheckStatus::not_needed, cat(rule, " exempts the device: nothing more is required"));
  for (const RequirementRow& row : requirements())
    if (row.is_asked(question_)) (this->*row.decide)();
  const CheckStatus status = !unmet_.empty() ? CheckStatus::fail : !undecided_.empty() ? CheckStatus::not_run : CheckStatus::pass;
  result(Check::policy, status,
         status == CheckStatus::pass
             ? cat(rule, ": its other requirements are met")
             : cat(rule, ": of its other requirements, ", unmet_.size(), " not met, ", undecided_.size(), " undecided"));
}

void Appraiser::demand_measurements() {
  if (question_.rule.measurements && !report_.measurements.empty()) demand_all_measurements(Demand::measurements);
}

void Appraiser::demand_root() {
  const std::vector<const ChainResult*> counted = counted_chains();
  if (counted.empty()) return undecided(Demand::roots, "no certificate chain was read", "see the findings above");
  for (const ChainResult* chain : counted) {
    const auto names = [&](const std::string& root) { return chain->anchor && is_named(root, chain->anchor->sha256, chain->anchor_names); };
    if (std::any_of(question_.rule.require.roots.begin(), question_.rule.require.roots.end(), names)) continue;
    return unmet(Demand::roots, {FindingId::root_not_accepted, slot_name(chain->slot),
                                 cat(chain->anchor ? cat("vouched for by ", chain->anchor->subject, " (", joined(chain->anchor_names),
                                                         ", SHA-256 ", chain->anchor->sha256, ")")
                                                   : std::string("no root of the keyring vouches for it"),
                                     ", the rule accepts: ", joined(question_.rule.require.roots)),
                                 "roots of other vendors are not accepted here: if this one should be, add it to require.roots"});
  }
}

void Appraiser::demand_version() {
  const Connection* connection = last_connection();
  if (connection == nullptr || !report_.connection->knows_algorithms())
    return undecided(Demand::min_version, "no version was negotiated", "see the findings above");
  if (connection->version() >= *question_.rule.require.min_version) return;
  unmet(Demand::min_version, {FindingId::version_too_low, "VERSION",
                              cat("SPDM ", version_name(connection->version()), " was negotiated, the rule requires ",
                                  version_name(*question_.rule.require.min_version), " or newer"),
                              "update the firmware of the device, or accept less: require.min-version"});
}

void Appraiser::demand_strength() {
  const Parameters* parameters = report_.connection && report_.connection->knows_algorithms() ? &report_.connection->parameters : nullptr;
  if (parameters == nullptr || parameters->asym == nullptr || parameters->hash == nullptr)
    return undecided(Demand::min_strength, "no algorithms were negotiated", "see the findings above");
  const auto weigh = [&](std::string_view name, unsigned strength) {
    if (strength >= *question_.rule.require.min_strength) return;
    unmet(Demand::min_strength,
          {FindingId::algorithm_too_weak, "ALGORITHMS",
           cat(name, " has a strength of ", strength, " bits, the rule requires ", *question_.rule.require.min_strength, " or more"),
           "offer only stronger ones (--asym, --hash), or accept less: require.min-strength"});
  };
  weigh(parameters->asym->name, parameters->asym->strength);
  weigh(parameters->hash->name, parameters->hash->strength);
}

// Another check compares. Here it only must not go unnoticed that nothing was compared.
void Appraiser::demand_references() {
  for (const CheckResult& check : report_.checks) {
    if (check.check != Check::references || check.status == CheckStatus::not_needed) continue;
    if (check.status == CheckStatus::fail) unmet_.push_back(Demand::references);
    if (check.status == CheckStatus::not_run) undecided_.push_back(Demand::references);
    return;
  }
  undecided(Demand::references, "nothing was compared with reference values", "give them with --reference PATH, or in references.d");
}

// The signed measurement of a type. Without one it returns nullptr, and reports the demand as unmet or undecided.
const Measurement* Appraiser::signed_measurement(Demand demand, MeasurementType type) {
  const Measurement* found = nullptr;
  for (const Measurement& measurement : report_.measurements)
    if (measurement.block.type == type && (found == nullptr || !found->is_signed)) found = &measurement;
  if (found != nullptr && found->is_signed) return found;
  if (found != nullptr)
    undecided(demand, cat("the measurement ", name(type), " is not covered by a good signature"), "ask for signed measurements");
  else if (report_.measurements.empty() || report_.error || !listed_)
    undecided(demand, report_.measurements.empty() ? "no measurements were read" : "not all measurements were read",
              "read them all: spdmctl measurements, or collect evidence with measurements");
  else
    unmet(demand, {FindingId::policy_unmet, "measurements",
                   cat("asked for: ", words(demand, question_), "; the device does not say: it reports no measurement ", name(type)),
                   "ask the vendor, or accept it: take the demand out of the rule"});
  return nullptr;
}

void Appraiser::demand_all_measurements(Demand demand) {
  if (report_.all_measured || std::find(unmet_.begin(), unmet_.end(), demand) != unmet_.end()) return;
  undecided(demand, "no good signature says that these are all measurements of the device",
            "read them all: spdmctl measurements, or collect evidence with measurements");
}

bool Appraiser::reports(MeasurementType type) const {
  return std::any_of(report_.measurements.begin(), report_.measurements.end(),
                     [&](const Measurement& measurement) { return measurement.block.type == type; });
}

// What issuers say of the layers that they have certified counts beside what the device measures. Returns whether each leaf says that
// the layer which answers is in normal operation.
bool Appraiser::weigh_layer_states() {
  const std::vector<const ChainResult*> counted = counted_chains();
  bool normal = !counted.empty();
  for (const ChainResult* chain : counted) {
    bool says_so = false;
    for (std::size_t i = first_certified(*chain); i < chain->certificates.size(); ++i)
      for (const LayerState& layer : states_of(chain->certificates[i])) {
        says_so = says_so || (layer.is_normal && i + 1 == chain->certificates.size());
        if ((layer.states & kAbnormal) == 0) continue;
        unmet(Demand::debug_off, {FindingId::debug_enabled, cat(slot_name(chain->slot), ", certificate ", i + 1, ", ", layer.where),
                                  cat("its issuer reports: ", joined(names_of(layer.states & kAbnormal)),
                                      ", the rule requires normal operation and no debugging"),
                                  "a device that is or was in debug mode cannot be trusted: reset it, and find out who enabled debug"});
      }
    normal = normal && says_so;
  }
  return normal;
}

// Returns whether there are any.
bool Appraiser::weigh_layer_svns() {
  bool any = false;
  for (const ChainResult* chain : counted_chains())
    for (std::size_t i = first_certified(*chain); i < chain->certificates.size(); ++i)
      for (const LayerSvn& layer : svns_of(chain->certificates[i])) {
        any = true;
        if (layer.svn < *question_.rule.require.min_svn)
          unmet(Demand::min_svn,
                {FindingId::firmware_too_old, cat(slot_name(chain->slot), ", certificate ", i + 1, ", ", layer.where, ", svn"),
                 cat("it is ", layer.svn, ", the rule requires ", *question_.rule.require.min_svn, " or higher"),
                 "update the firmware of the device"});
      }
  return any;
}

void Appraiser::demand_debug_off() {
  const bool normal = weigh_layer_states();
  if (normal && !reports(MeasurementType::device_mode)) return demand_all_measurements(Demand::debug_off);
  if (signed_measurement(Demand::debug_off, MeasurementType::device_mode) == nullptr) return;
  for (const Measurement& measurement : report_.measurements) {
    if (measurement.block.type != MeasurementType::device_mode) continue;
    const std::string where = cat("measurement ", measurement.block.index, " (device-mode)");
    constexpr std::uint32_t normal = 1U << 2;
    if (!measurement.device_mode || measurement.device_mode->operational_state == 0) {
      unmet(Demand::debug_off,
            {FindingId::debug_enabled, where, "it does not say in which mode it is, the rule requires normal operation", "ask the vendor"});
      continue;
    }
    const DeviceMode& mode = *measurement.device_mode;
    std::vector<std::string> states = operational_names(mode.operational_state & ~normal);
    for (std::string& state : device_mode_names(mode.device_state)) states.push_back(std::move(state));
    if (!states.empty())
      unmet(Demand::debug_off, {FindingId::debug_enabled, where,
                                cat("the device reports: ", joined(states), ", the rule requires normal operation and no debugging"),
                                "a device that is or was in debug mode cannot be trusted: reset it, and find out who enabled debug"});
  }
  demand_all_measurements(Demand::debug_off);
}

void Appraiser::demand_svn() {
  if (weigh_layer_svns() && !reports(MeasurementType::security_version)) return demand_all_measurements(Demand::min_svn);
  if (signed_measurement(Demand::min_svn, MeasurementType::security_version) == nullptr) return;
  for (const Measurement& measurement : report_.measurements) {
    if (measurement.block.type != MeasurementType::security_version) continue;
    if (measurement.security_version && *measurement.security_version >= *question_.rule.require.min_svn) continue;
    const std::string found = measurement.security_version ? cat(*measurement.security_version) : std::string("unreadable");
    unmet(Demand::min_svn, {FindingId::firmware_too_old, cat("measurement ", measurement.block.index, " (security version)"),
                            cat("it is ", found, ", the rule requires ", *question_.rule.require.min_svn, " or higher"),
                            "update the firmware of the device"});
  }
  demand_all_measurements(Demand::min_svn);
}

void Appraiser::demand_age() {
  const std::uint32_t most = *question_.rule.require.max_age;
  const auto fail = [&](const std::string& why) { unmet(Demand::max_age, {FindingId::not_fresh, "", why, "ask the device again"}); };
  const std::optional<std::int64_t> time = parse_rfc3339(evidence_.time);
  if (!time)
    return fail(cat("the evidence does not say when it was collected, the rule accepts what is at most ", duration_text(most), " old"));
  const std::int64_t age = question_.now - *time;
  if (!evidence_.live && age < -kClockSkew)
    return fail(cat("collected at ", evidence_.time, ", which is ", -age, " s after the time of judging"));
  if (age > static_cast<std::int64_t>(most))
    return fail(cat("collected at ", evidence_.time, ", ", age, " s ago, the rule accepts at most ", most, " s"));
  // For a live device or a nonce of ours the clock is not enough: the device must have signed for a fresh nonce.
  const auto fresh = [](const SignatureReport& signature) { return signature.result == SignatureResult::good && signature.fresh; };
  if ((evidence_.live || question_.user.nonce) && std::none_of(report_.signatures.begin(), report_.signatures.end(), fresh))
    undecided(Demand::max_age, "the device has signed nothing for a nonce of ours", "see the findings above");
}

void Appraiser::demand_pin() {
  const std::vector<const ChainResult*> counted = counted_chains();
  if (counted.empty()) return undecided(Demand::pin, "no certificate chain was read", "see the findings above");
  for (const ChainResult* chain : counted)
    if (chain->pin && chain->pin->is_claimed)
      undecided(Demand::pin, cat("that ", chain->pin->origin, " is about it is only a claim of the collector"),
                "pin by what devices prove, or trust the host: --trust-host");
    else if (!chain->pin)
      unmet(Demand::pin, {FindingId::pin_missing, slot_name(chain->slot), "the rule requires a pinned device, and no pin matches it",
                          "if this is the device: spdmctl keyring pin TARGET"});
}

void Appraiser::demand_crls() {
  const std::vector<const ChainResult*> counted = counted_chains();
  if (counted.empty()) return undecided(Demand::crls, "no certificate chain was read", "see the findings above");
  for (const ChainResult* chain : counted) {
    if (chain->crls.empty())
      undecided(Demand::crls, cat(slot_name(chain->slot), ": no issuer of its chain is known"), "see the findings above");
    for (const CrlInfo& crl : chain->crls) weigh_crl(cat(slot_name(chain->slot), ", ", crl.issuer), crl);
  }
}

void Appraiser::weigh_crl(const std::string& where, const CrlInfo& crl) {
  const std::uint32_t most = *question_.rule.require.max_crl_age;
  if (crl.file.empty()) {
    undecided_.push_back(Demand::crls);
    return add({FindingId::crl_missing, where,
                cat("it has no revocation list, and no OCSP response about what it issued, the rule requires one of at most ",
                    duration_text(most)),
                "get the list of this issuer, or the answer of its responder, and put it into the keyring"});
  }
  const std::optional<std::int64_t> made = parse_rfc3339(crl.this_update);
  if (!made) return undecided(Demand::crls, cat(crl.file, " does not say when it was made"), "get a newer one");
  if (question_.now - *made < -kClockSkew)
    return undecided(Demand::crls,
                     cat(crl.file, " is of ", crl.this_update, ", which is ", *made - question_.now, " s after the time of judging"),
                     "set the clock, or get another one");
  if (question_.now - *made <= static_cast<std::int64_t>(most)) return;
  unmet(Demand::crls, {FindingId::not_fresh, where,
                       cat("its ", crl.source == RevocationSource::ocsp ? "OCSP response " : "revocation list ", crl.file, " is of ",
                           crl.this_update, ", ", question_.now - *made, " s ago, the rule accepts at most ", most, " s"),
                       "get a newer one and put it into the keyring"});
}

void Appraiser::demand_negotiation() {
  if (report_.connection && report_.connection->negotiation_proven) return;
  undecided(Demand::negotiation, "no good signature covers it", "use CHALLENGE, or signed measurements in SPDM 1.2 or newer");
}

// The state of a demand after all checks.
DemandState Appraiser::state_of(Demand demand) const {
  const auto is = [&](Check check, CheckStatus status) {
    const CheckResult* result = check_of(report_, check);
    return result != nullptr && result->status == status;
  };
  const auto any = [&](std::initializer_list<Check> checks, CheckStatus status) {
    return std::any_of(checks.begin(), checks.end(), [&](Check check) { return is(check, status); });
  };
  const auto holds = [&](const std::vector<Demand>& demands) { return std::find(demands.begin(), demands.end(), demand) != demands.end(); };
  const auto state = [](bool failed, bool open) { return failed ? DemandState::unmet : open ? DemandState::undecided : DemandState::met; };

  const std::initializer_list<Check> core = {Check::protocol, Check::chain, Check::trust, Check::signature};
  if (demand == Demand::authenticated) return state(any(core, CheckStatus::fail), any(core, CheckStatus::not_run) || report_.error);
  const Check check = row_of(demand).check;
  const bool own = check != Check::policy;  // a check of its own decides, and what was found beside it
  return state(holds(unmet_) || (own && is(check, CheckStatus::fail)),
               holds(undecided_) || (own && (is(check, CheckStatus::not_run) || check_of(report_, check) == nullptr)));
}

// Fills the policy's part of the report.
void Appraiser::tell_policy() {
  report_.policy = question_.rule.told;
  if (!report_.policy) return;
  PolicyResult& told = *report_.policy;
  if (told.exempt || report_.verdict == Verdict::pass) told.actions.clear();
  const CheckResult* identity = check_of(report_, Check::identity);
  const bool nothing_to_compare = identity != nullptr && identity->status == CheckStatus::not_needed;
  for (const Demand demand : demands_of(question_)) {
    // The host knows no identity, or nobody wanted it compared.
    if (demand == Demand::identity && nothing_to_compare) continue;
    told.demands.push_back({words(demand, question_), state_of(demand)});
  }
}

}  // namespace spdm
