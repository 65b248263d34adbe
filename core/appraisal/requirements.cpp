#include "core/appraisal/requirements.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/appraisal/appraiser.h"
#include "core/calendar.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

using yaml::Section;
using yaml::Value;

constexpr std::size_t kMaxRoots = 256;
constexpr std::uint32_t kMaxStrength = 256;  // bits
constexpr std::chrono::seconds kMaxAge = std::chrono::days(36'500);

std::uint32_t read_age(const Value& value) { return static_cast<std::uint32_t>(read_duration(value, kMaxAge).count()); }

// A fingerprint is brought into one form ("AB:CD:..." is another); a file name stays as it is.
std::string read_root(const Value& value) {
  const std::string text = value.text();
  if (text.empty() || text.find('/', text.starts_with("anchors/") ? 8 : 0) != std::string::npos)
    value.fail(cat("'", printable(text), "' names no root"), "write the name of a file of the keyring, or a SHA-256 fingerprint");
  std::string digits;
  for (const char c : text)
    if (c != ':') digits += static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);
  const bool fingerprint = digits.size() == 64 && digits.find_first_not_of("0123456789abcdef") == std::string::npos;
  // Long, and only hex digits: a mistyped fingerprint, not a file name.
  if (!fingerprint && digits.size() > 32 && digits.find_first_not_of("0123456789abcdef") == std::string::npos)
    value.fail(cat("has ", digits.size(), " hex digits"), "the SHA-256 fingerprint of a certificate has 64");
  return fingerprint ? digits : text;
}

std::vector<std::string> read_roots(const Value& value) {
  std::vector<std::string> out;
  for (const Value& root : value.list()) out.push_back(read_root(root));
  if (out.empty()) value.fail("names no root, which no device could meet", "leave the key out to accept every root of the keyring");
  if (out.size() > kMaxRoots) value.fail(cat("names more than ", kMaxRoots, " roots"));
  return out;
}

// Only roots on both lists may vouch; an empty list allows every root. When no root is on both lists, the result is a
// demand that no chain meets: an empty list would allow all.
void narrow(std::vector<std::string>& out, const std::vector<std::string>& other) {
  if (other.empty()) return;
  if (out.empty()) {
    out = other;
    return;
  }
  std::erase_if(out, [&](const std::string& root) { return std::find(other.begin(), other.end(), root) == other.end(); });
  if (out.empty()) out.emplace_back("(none: the rules name different roots)");
}

std::string listed(const std::vector<std::string>& roots) {
  std::string out;
  for (const std::string& root : roots) out += cat(out.empty() ? "" : ", ", printable(root));
  return out;
}

// All that one of both asks for.
void add_lines(std::vector<InspectionItem>& out, const std::vector<InspectionItem>& other) {
  out.insert(out.end(), other.begin(), other.end());
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
}

std::vector<InspectionItem> read_lines(const Value& value) {
  std::vector<InspectionItem> out;
  for (const Value& line : value.list()) add_lines(out, {line.word(kInspectionItems)});
  if (out.empty()) value.fail("names no line of the inspection", cat("give some of: ", names_of(kInspectionItems)));
  return out;
}

std::vector<std::string> names_of_lines(const std::vector<InspectionItem>& lines) {
  std::vector<std::string> out;
  out.reserve(lines.size());
  for (const InspectionItem item : lines) out.emplace_back(name(item));
  return out;
}

// The larger (raise) or the smaller (lower) of two limits. Either may be missing.
template <class T>
void raise(std::optional<T>& own, const std::optional<T>& other) {
  if (other) own = own ? std::max(*own, *other) : *other;
}

template <class T>
void lower(std::optional<T>& own, const std::optional<T>& other) {
  if (other) own = own ? std::min(*own, *other) : *other;
}

// A flag that is not set asks for nothing.
Json shown(bool flag) { return flag ? Json(true) : Json(); }

constexpr std::array kRequirements{
    RequirementRow(
        Demand::identity, "identity", Needs::chain,
        [](const Value& value, PolicyRule& out) { out.identity = value.word(kIdentityMatches); },
        // A rule without this key asks for an exact match, so that a lax rule does not weaken it.
        [](PolicyRule& out, const PolicyRule& other) {
          const bool said = out.identity || other.identity;
          if (said) out.identity = std::min(out.identity.value_or(IdentityMatch::exact), other.identity.value_or(IdentityMatch::exact));
        },
        [](const PolicyRule& rule) { return rule.identity ? Json(name(*rule.identity)) : Json(); },
        [](const Question& question) { return question.user.identity_match != IdentityMatch::none; },
        [](const Question& question) {
          return std::string(question.user.identity_match == IdentityMatch::ids ? "the certificate names its vendor and device id"
                                                                                : "the certificate names the function");
        },
        Check::identity, &Appraiser::decided_by_its_check),
    RequirementRow(
        Demand::measurements, "measurements", Needs::measurements,
        [](const Value& value, PolicyRule& out) { out.measurements = value.boolean(); },
        [](PolicyRule& out, const PolicyRule& other) { out.measurements = out.measurements || other.measurements; },
        [](const PolicyRule& rule) { return shown(rule.measurements); },
        [](const Question& question) { return question.wants_measurements(); },
        [](const Question&) { return std::string("signed measurements"); }, Check::measurements, &Appraiser::demand_measurements),
    RequirementRow(
        Demand::roots, "roots", Needs::chain, [](const Value& value, PolicyRule& out) { out.require.roots = read_roots(value); },
        [](PolicyRule& out, const PolicyRule& other) { narrow(out.require.roots, other.require.roots); },
        [](const PolicyRule& rule) { return rule.require.roots.empty() ? Json() : Json(rule.require.roots); },
        [](const Question& question) { return !question.rule.require.roots.empty(); },
        [](const Question& question) {
          const std::vector<std::string>& roots = question.rule.require.roots;
          return cat(roots.size() == 1 ? "vouched for by " : "vouched for by one of: ", listed(roots));
        },
        Check::policy, &Appraiser::demand_root),
    RequirementRow(
        Demand::pin, "pin", Needs::chain, [](const Value& value, PolicyRule& out) { out.require.pin = value.boolean(); },
        [](PolicyRule& out, const PolicyRule& other) { out.require.pin = out.require.pin || other.require.pin; },
        [](const PolicyRule& rule) { return shown(rule.require.pin); }, [](const Question& question) { return question.rule.require.pin; },
        [](const Question&) { return std::string("the device that is pinned"); }, Check::policy, &Appraiser::demand_pin),
    RequirementRow(
        Demand::min_version, "min-version", Needs::chain,
        [](const Value& value, PolicyRule& out) { out.require.min_version = value.word(kVersions); },
        [](PolicyRule& out, const PolicyRule& other) { raise(out.require.min_version, other.require.min_version); },
        [](const PolicyRule& rule) { return rule.require.min_version ? Json(version_name(*rule.require.min_version)) : Json(); },
        [](const Question& question) { return question.rule.require.min_version.has_value(); },
        [](const Question& question) { return cat("SPDM ", version_name(question.rule.require.min_version.value_or(k10)), " or newer"); },
        Check::policy, &Appraiser::demand_version),
    RequirementRow(
        Demand::min_strength, "min-strength", Needs::chain,
        [](const Value& value, PolicyRule& out) { out.require.min_strength = value.number(1, kMaxStrength); },
        [](PolicyRule& out, const PolicyRule& other) { raise(out.require.min_strength, other.require.min_strength); },
        [](const PolicyRule& rule) { return rule.require.min_strength ? Json(*rule.require.min_strength) : Json(); },
        [](const Question& question) { return question.rule.require.min_strength.has_value(); },
        [](const Question& question) { return cat("algorithms of ", question.rule.require.min_strength.value_or(0), " bits or more"); },
        Check::policy, &Appraiser::demand_strength),
    RequirementRow(
        Demand::references, "references", Needs::measurements,
        [](const Value& value, PolicyRule& out) { out.require.references = value.boolean(); },
        [](PolicyRule& out, const PolicyRule& other) { out.require.references = out.require.references || other.require.references; },
        [](const PolicyRule& rule) { return shown(rule.require.references); },
        [](const Question& question) { return question.rule.require.references; },
        [](const Question&) { return std::string("measurements match reference values"); }, Check::policy, &Appraiser::demand_references),
    RequirementRow(
        Demand::debug_off, "debug", Needs::measurements,
        [](const Value& value, PolicyRule& out) { out.require.debug_off = value.word(kDebugStates) == DebugState::off; },
        [](PolicyRule& out, const PolicyRule& other) { out.require.debug_off = out.require.debug_off || other.require.debug_off; },
        [](const PolicyRule& rule) { return rule.require.debug_off ? Json(name(DebugState::off)) : Json(); },
        [](const Question& question) { return question.rule.require.debug_off; },
        [](const Question&) { return std::string("in normal operation, and debug is off"); }, Check::policy, &Appraiser::demand_debug_off),
    RequirementRow(
        Demand::min_svn, "min-svn", Needs::measurements,
        [](const Value& value, PolicyRule& out) { out.require.min_svn = value.number64(0, UINT64_MAX); },
        [](PolicyRule& out, const PolicyRule& other) { raise(out.require.min_svn, other.require.min_svn); },
        [](const PolicyRule& rule) { return rule.require.min_svn ? Json(*rule.require.min_svn) : Json(); },
        [](const Question& question) { return question.rule.require.min_svn.has_value(); },
        [](const Question& question) { return cat("security version ", question.rule.require.min_svn.value_or(0), " or higher"); },
        Check::policy, &Appraiser::demand_svn),
    RequirementRow(
        Demand::max_age, "max-age", Needs::chain, [](const Value& value, PolicyRule& out) { out.require.max_age = read_age(value); },
        [](PolicyRule& out, const PolicyRule& other) { lower(out.require.max_age, other.require.max_age); },
        [](const PolicyRule& rule) { return rule.require.max_age ? Json(duration_text(*rule.require.max_age)) : Json(); },
        [](const Question& question) { return question.rule.require.max_age.has_value(); },
        [](const Question& question) { return cat("asked at most ", duration_text(question.rule.require.max_age.value_or(0)), " ago"); },
        Check::policy, &Appraiser::demand_age),
    RequirementRow(
        Demand::crls, "crl", Needs::chain,
        [](const Value& value, PolicyRule& out) { out.require.max_crl_age = read_age(Section(value, {"max-age"}).get("max-age")); },
        [](PolicyRule& out, const PolicyRule& other) { lower(out.require.max_crl_age, other.require.max_crl_age); },
        [](const PolicyRule& rule) {
          return rule.require.max_crl_age ? Json{{"max-age", duration_text(*rule.require.max_crl_age)}} : Json();
        },
        [](const Question& question) { return question.rule.require.max_crl_age.has_value(); },
        [](const Question& question) {
          return cat("revocation lists or OCSP responses of at most ", duration_text(question.rule.require.max_crl_age.value_or(0)));
        },
        Check::policy, &Appraiser::demand_crls),
    RequirementRow(
        Demand::negotiation, "negotiation", Needs::chain,
        [](const Value& value, PolicyRule& out) { out.require.negotiation = value.word(kNegotiationStates) == NegotiationState::proven; },
        [](PolicyRule& out, const PolicyRule& other) { out.require.negotiation = out.require.negotiation || other.require.negotiation; },
        [](const PolicyRule& rule) { return rule.require.negotiation ? Json(name(NegotiationState::proven)) : Json(); },
        [](const Question& question) { return question.rule.require.negotiation; },
        [](const Question&) { return std::string("a signature covers the negotiation"); }, Check::policy, &Appraiser::demand_negotiation),
    RequirementRow(
        Demand::session, "session", Needs::chain, [](const Value& value, PolicyRule& out) { out.require.session = value.boolean(); },
        [](PolicyRule& out, const PolicyRule& other) { out.require.session = out.require.session || other.require.session; },
        [](const PolicyRule& rule) { return shown(rule.require.session); },
        [](const Question& question) { return question.rule.require.session; },
        [](const Question&) { return std::string("a secure session"); }, Check::policy, &Appraiser::demand_session),
    RequirementRow(
        Demand::cnsa2, "cnsa2", Needs::chain, [](const Value& value, PolicyRule& out) { out.require.cnsa2 = value.boolean(); },
        [](PolicyRule& out, const PolicyRule& other) { out.require.cnsa2 = out.require.cnsa2 || other.require.cnsa2; },
        [](const PolicyRule& rule) { return shown(rule.require.cnsa2); },
        [](const Question& question) { return question.rule.require.cnsa2; },
        [](const Question&) { return std::string("algorithms of CNSA 2.0"); }, Check::policy, &Appraiser::demand_cnsa2),
    RequirementRow(
        Demand::ready_for, "ready-for", Needs::measurements,
        [](const Value& value, PolicyRule& out) { out.require.ready_for = value.word(kReadinesses); },
        [](PolicyRule& out, const PolicyRule& other) { raise(out.require.ready_for, other.require.ready_for); },
        [](const PolicyRule& rule) { return rule.require.ready_for ? Json(name(*rule.require.ready_for)) : Json(); },
        [](const Question& question) { return question.rule.require.ready_for.has_value(); },
        [](const Question& question) { return cat("ready for ", words(question.rule.require.ready_for.value_or(Readiness::ide))); },
        Check::policy, &Appraiser::demand_readiness),
    RequirementRow(
        Demand::inspection, "inspection", Needs::measurements,
        [](const Value& value, PolicyRule& out) { out.require.inspection = read_lines(value); },
        [](PolicyRule& out, const PolicyRule& other) { add_lines(out.require.inspection, other.require.inspection); },
        [](const PolicyRule& rule) { return rule.require.inspection.empty() ? Json() : Json(names_of_lines(rule.require.inspection)); },
        [](const Question& question) { return !question.rule.require.inspection.empty(); },
        [](const Question& question) { return cat("inspected well: ", listed(names_of_lines(question.rule.require.inspection))); },
        Check::policy, &Appraiser::demand_inspection),
};

// A row for each demand but the first, Demand::authenticated, which has no key: it always must hold.
constexpr bool is_in_order() {
  for (std::size_t i = 0; i < kRequirements.size(); ++i)
    if (static_cast<std::size_t>(kRequirements.at(i).demand) != i + 1) return false;
  return kRequirements.size() == static_cast<std::size_t>(Demand::inspection);
}
static_assert(is_in_order());

}  // namespace

std::chrono::seconds read_duration(const Value& value, std::chrono::seconds most) {
  const std::string text = value.text();
  const std::optional<std::chrono::milliseconds> out = parse_duration(text);
  if (!out) value.fail(cat("invalid duration '", printable(text), "'"), "write seconds, or 30s, 15m, 2h, 7d");
  if (out->count() == 0 || out->count() % 1000 != 0 || *out > most)
    value.fail(cat("'", printable(text), "' is out of range"),
               cat("allowed: whole seconds from 1s to ", duration_text(static_cast<std::uint32_t>(most.count()))));
  return std::chrono::duration_cast<std::chrono::seconds>(*out);
}

std::span<const RequirementRow> requirements() { return kRequirements; }

std::vector<Demand> demands_of(const Question& question) {
  std::vector<Demand> out;
  if (question.rule.told && question.rule.told->exempt) return out;
  if (question.authenticates()) out.push_back(Demand::authenticated);
  for (const RequirementRow& row : kRequirements)
    if (row.is_asked(question)) out.push_back(row.demand);
  return out;
}

const RequirementRow& row_of(Demand demand) { return kRequirements.at(static_cast<std::size_t>(demand) - 1); }

std::string words(Demand demand, const Question& question) {
  return demand == Demand::authenticated ? std::string(kAuthenticatedWords) : row_of(demand).words(question);
}

}  // namespace spdm
