// What hangs on the word of the collector. Rules and reference values are matched with what is known of a device. Where some of it
// is only claimed, each that could be about the device has a say: a host must be able to choose neither the laxer one nor none.
#include <algorithm>

#include "core/appraisal/appraiser.h"
#include "core/appraisal/verdict.h"
#include "core/text.h"

namespace spdm {

namespace {

// Rules times sets of reference values that are tried. Beyond that nothing is decided.
constexpr std::size_t kMostTried = 4096;

template <class T>
void append(std::vector<T>& out, const std::vector<T>& more) {
  for (const T& one : more)
    if (std::find(out.begin(), out.end(), one) == out.end()) out.push_back(one);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += cat(out.empty() ? "" : ", ", word);
  return out;
}

// Why the report is no pass, in a few words.
std::string why_not(const Report& report) {
  for (const Severity severity : {Severity::failure, Severity::gap})
    for (const Finding& finding : report.findings)
      if (finding.severity() == severity) return cat(finding.where, finding.where.empty() ? "" : ": ", finding.why);
  for (const CheckResult& check : report.checks)
    if (check.status == CheckStatus::fail || check.status == CheckStatus::not_run) return cat(name(check.check), ": ", check.detail);
  return "it does not pass";
}

}  // namespace

// Of the connection that counts, and only with good signatures.
Proven Appraiser::proven() const {
  Proven out;
  const CheckResult* signature = check_of(report_, Check::signature);
  if (signature == nullptr || signature->status != CheckStatus::pass) return out;
  bool certified = true;
  for (const ChainResult* chain : counted_chains()) {
    if (chain->connection + 1 != analysis_.connections.size() || chain->trust != Trust::trusted) continue;
    const Proven more = proven_by(*chain);
    certified = certified && more.is_certified;
    append(out.identities, more.identities);
    append(out.identity_texts, more.identity_texts);
    append(out.leaf_keys, more.leaf_keys);
    append(out.roots, more.roots);
    append(out.device_infos, more.device_infos);
  }
  out.is_certified = certified && !out.leaf_keys.empty();
  return out;
}

// The sets of reference values that could be about the device: first those that are by what the host says, then, where some are open,
// those that surely are, alone and with each of the open ones. Further values only allow more, and a higher min-svn is met by all
// if it is met by each, so that other choices cannot be stricter.
std::vector<Appraiser::ValueSets> Appraiser::value_sets() const {
  ValueSets by_host, sure, open;
  if (question_.references != nullptr)
    for (const DeviceReferences& device : question_.references->devices) {
      const Fit how = fit(device.match, evidence_.host, report_.proven);
      if (how >= Fit::claimed) by_host.push_back(&device);
      if (how == Fit::yes) sure.push_back(&device);
      if (is_open(how)) open.push_back(&device);
    }
  std::vector<ValueSets> out{by_host};
  if (open.empty()) return out;
  if (by_host != sure) out.push_back(sure);
  for (const DeviceReferences* one : open) {
    ValueSets with = sure;
    with.push_back(one);
    if (with != by_host) out.push_back(std::move(with));
  }
  return out;
}

// What depends on the rule and the reference values.
void Appraiser::decide() {
  check_identity();
  check_measurements();
  check_references();
  check_policy();
}

// Several hosts may show the device, and for how long that is no matter, only as far as each rule that could decide says so.
void Appraiser::narrow_sharing(const Rules& rules) {
  PolicyResult& told = *question_.rule.told;
  for (const std::shared_ptr<const PolicyRule>& rule : rules) {
    told.shared = told.shared && rule->shared;
    const std::optional<std::uint32_t>& age = rule->require.max_age;
    told.max_age = told.max_age && age ? std::optional(std::max(*told.max_age, *age)) : std::nullopt;
  }
}

struct Appraiser::Decision {
  Question question;
  ValueSets values;
  std::vector<Finding> findings;
  std::vector<CheckResult> checks;
  std::vector<Comparison> comparisons;
  std::vector<Demand> unmet, undecided;
};

// Takes what decide() has added out of the report.
Appraiser::Decision Appraiser::take_decision() {
  Decision out{question_, values_, {}, {}, std::move(report_.comparisons), std::move(unmet_), std::move(undecided_)};
  const auto take = [](auto& from, std::size_t begin, auto& to) {
    const auto first = from.begin() + static_cast<std::ptrdiff_t>(begin);
    to.assign(std::make_move_iterator(first), std::make_move_iterator(from.end()));
    from.erase(first, from.end());
  };
  take(report_.findings, findings_, out.findings);
  take(report_.checks, checks_, out.checks);
  report_.comparisons.clear();
  unmet_.clear();
  undecided_.clear();
  return out;
}

// The words of the collector that rules or reference values hang on.
std::vector<std::string> Appraiser::claims_that_decide() const {
  std::vector<std::string> out;
  const auto collect = [&](const DeviceMatch& match) {
    if (is_open(fit(match, evidence_.host, report_.proven))) append(out, open_keys(match, evidence_.host, report_.proven));
  };
  if (question_.policy != nullptr)
    for (const PolicyRule& rule : question_.policy->rules) collect(rule.match);
  if (question_.references != nullptr)
    for (const DeviceReferences& device : question_.references->devices) collect(device.match);
  constexpr std::size_t kMostShown = 6;
  if (out.size() > kMostShown) out.resize(kMostShown);
  return out;
}

// A pass by what the host says must be one by every other reading, too. A failure stays one.
void Appraiser::weigh_claims(const Rules& rules, const std::vector<ValueSets>& sets) {
  const std::size_t readings = std::max<std::size_t>(rules.size(), 1) * sets.size();
  if (readings == 1 || verdict_of(report_, question_.user.depth) != Verdict::pass) return;
  Decision by_host = take_decision();
  std::optional<Finding> found;
  const auto differs = [&](FindingId id, const std::string& reading, const std::string& why) {
    found = Finding{id, "",
                    cat("it passes only by claims of the collector (", joined(claims_that_decide()), "), which the device has not signed; ",
                        reading, ": ", why),
                    "if you trust that host, give --trust-host; otherwise match by what devices prove: certificate-identity, device-info, "
                    "leaf-key, root"};
  };
  if (readings > kMostTried)
    differs(FindingId::claim_decides_rule, "what else could be about it",
            cat("more than ", kMostTried, " rules and sets of reference values, which are not all tried"));
  for (std::size_t i = 0; i < readings && !found; ++i) {
    const std::size_t rule = i / sets.size();
    const ValueSets& values = sets[i % sets.size()];
    if (i == 0) continue;  // by_host
    question_ = by_host.question;
    if (!rules.empty()) ask(*rules[rule], question_);
    values_ = values;
    decide();
    const Verdict verdict = verdict_of(report_, question_.user.depth);
    const std::string why = verdict == Verdict::pass ? std::string() : why_not(report_);
    take_decision();
    if (verdict == Verdict::pass) continue;
    if (rule != 0)
      differs(FindingId::claim_decides_rule, cat("by rule '", rules[rule]->name, "' (", rules[rule]->origin, ") it does not pass"), why);
    else
      differs(FindingId::claim_decides_references,
              values.empty() ? std::string("without reference values it does not pass")
                             : cat("with the reference values of ", values.back()->source, " it does not pass"),
              why);
  }
  question_ = std::move(by_host.question);
  values_ = std::move(by_host.values);
  std::move(by_host.findings.begin(), by_host.findings.end(), std::back_inserter(report_.findings));
  std::move(by_host.checks.begin(), by_host.checks.end(), std::back_inserter(report_.checks));
  report_.comparisons = std::move(by_host.comparisons);
  unmet_ = std::move(by_host.unmet);
  undecided_ = std::move(by_host.undecided);
  if (!found) return;
  for (CheckResult& check : report_.checks)
    if (check.check == row(found->id).check) {
      check.status = CheckStatus::not_run;
      check.detail = "depends on claims of the collector";
    }
  add(*std::move(found));
}

}  // namespace spdm
