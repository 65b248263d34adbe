// Every row of the table of requirements goes all the way: read, joined, shown, asked, decided.
#include "core/appraisal/requirements.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"

using namespace spdm;

namespace {

// A lax and a strict value of each, as they stand in a file.
struct Example {
  std::string_view key, lax, strict;
};
constexpr std::array kExamples{
    Example{"identity", "ids", "exact"},
    Example{"measurements", "false", "true"},
    Example{"roots", "[a.pem, b.pem]", "[b.pem]"},
    Example{"pin", "false", "true"},
    Example{"min-version", "\"1.1\"", "\"1.2\""},
    Example{"min-strength", "128", "192"},
    Example{"references", "false", "true"},
    Example{"debug", "any", "off"},
    Example{"min-svn", "4", "5"},
    Example{"max-age", "2h", "90m"},
    Example{"crl", "{max-age: 8d}", "{max-age: 7d}"},
    Example{"negotiation", "any", "proven"},
    Example{"session", "false", "true"},
    Example{"cnsa2", "false", "true"},
    Example{"ready-for", "ide", "tee-io"},
    Example{"inspection", "[aead]", "[aead, ide-registers]"},
};

const Example& example_of(const RequirementRow& row) {
  const auto* it = std::find_if(kExamples.begin(), kExamples.end(), [&](const Example& one) { return one.key == row.key; });
  INFO("no example of: ", row.key);
  REQUIRE(it != kExamples.end());
  return *it;
}

PolicyRule rule_with(const std::string& require) {
  Policy policy;
  add_policy_file(policy, "x.yaml", cat("version: 1\nrules: [{name: x, match: {}, require: {", require, "}}]\n"));
  PolicyRule out = policy.rules.front();
  out.origin.clear();
  out.said.clear();  // that it said "nothing" asks for nothing
  return out;
}

PolicyRule rule_with(const RequirementRow& row, std::string_view value) { return rule_with(cat(row.key, ": ", value)); }

PolicyRule joined(PolicyRule out, const PolicyRule& other) {
  for (const RequirementRow& row : requirements()) row.join(out, other);
  return out;
}

std::string all_strict() {
  std::string out;
  for (const RequirementRow& row : requirements()) out += cat(out.empty() ? "" : ", ", row.key, ": ", example_of(row).strict);
  return out;
}

}  // namespace

TEST_CASE("each requirement is read, and shown as it is read") {
  CHECK(requirements().size() == kExamples.size());
  for (const RequirementRow& row : requirements()) {
    CAPTURE(row.key);
    for (const std::string_view value : {example_of(row).lax, example_of(row).strict}) {
      const PolicyRule rule = rule_with(row, value);
      const Json shown = row.show(rule);
      // Nothing else of the rule has changed.
      for (const RequirementRow& other : requirements())
        if (&other != &row) CHECK(other.show(rule).is_null());
      if (!shown.is_null()) CHECK(rule_with(row, shown.dump()) == rule);
      CHECK(shown.is_null() == (rule == rule_with("")));
    }
    CHECK_FALSE(row.show(rule_with(row, example_of(row).strict)).is_null());
  }
}

TEST_CASE("the default rule asks for none of them") {
  const Policy policy;
  for (const RequirementRow& row : requirements()) CHECK_MESSAGE(row.show(policy.rules.back()).is_null(), row.key);
  CHECK(policy.rules.back().require == Requirement{});
}

TEST_CASE("of two rules the stricter word counts, in either order") {
  for (const RequirementRow& row : requirements()) {
    CAPTURE(row.key);
    const PolicyRule lax = rule_with(row, example_of(row).lax), strict = rule_with(row, example_of(row).strict), none = rule_with("");
    CHECK(joined(lax, strict) == strict);
    CHECK(joined(strict, lax) == strict);
    CHECK(joined(strict, strict) == strict);
    CHECK(joined(strict, none) == strict);
    CHECK(joined(none, strict) == strict);
  }
}

TEST_CASE("each is asked for, has words of its own, and is not met by a device that says nothing") {
  std::vector<std::string> seen;
  for (const RequirementRow& row : requirements()) {
    CAPTURE(row.key);
    Question question;
    const PolicyRule rule = rule_with(row, example_of(row).strict);
    ask(rule, question);
    CHECK(row.is_asked(question));
    CHECK(needs_measurements(rule) == (row.needs == Needs::measurements));
    const std::string words = row.words(question);
    CHECK_FALSE(words.empty());
    CHECK(std::find(seen.begin(), seen.end(), words) == seen.end());
    seen.push_back(words);

    const Report report = appraise({}, {}, {}, question);
    CHECK(report.verdict != Verdict::pass);
    REQUIRE(report.policy.has_value());
    const std::vector<DemandResult>& demands = report.policy->demands;
    const auto it = std::find_if(demands.begin(), demands.end(), [&](const DemandResult& one) { return one.words == words; });
    REQUIRE(it != demands.end());
    CHECK(it->state != DemandState::met);
  }
}

TEST_CASE("every field of a requirement has its row") {
  const PolicyRule rule = rule_with(all_strict());
  CHECK(rule.identity.has_value());
  CHECK(rule.measurements);
  // A field that is added must be named here, and be read by a row to be otherwise than it was.
  const Requirement none;
  const auto& [roots, pin, min_version, min_strength, references, debug_off, min_svn, max_age, max_crl_age, negotiation, session, cnsa2,
               ready_for, inspection] = rule.require;
  CHECK(roots != none.roots);
  CHECK(pin != none.pin);
  CHECK(min_version != none.min_version);
  CHECK(min_strength != none.min_strength);
  CHECK(references != none.references);
  CHECK(debug_off != none.debug_off);
  CHECK(min_svn != none.min_svn);
  CHECK(max_age != none.max_age);
  CHECK(max_crl_age != none.max_crl_age);
  CHECK(negotiation != none.negotiation);
  CHECK(session != none.session);
  CHECK(cnsa2 != none.cnsa2);
  CHECK(ready_for != none.ready_for);
  CHECK(inspection != none.inspection);
}
