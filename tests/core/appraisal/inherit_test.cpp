// What the rules of a policy have from its defaults.
#include <doctest/doctest.h>

#include "core/appraisal/policy.h"
#include "core/error.h"
#include "core/text.h"

using namespace spdm;

namespace {

Policy parse(const std::string& yaml) {
  Policy out;
  add_policy_file(out, "x.yaml", "version: 1\n" + yaml);
  return out;
}

const std::string kDefaults =
    "defaults: {require: {identity: ids, measurements: true, roots: [a.pem, b.pem], pin: true, min-version: \"1.2\","
    " references: true, debug: off, min-svn: 3, max-age: 1h, crl: {max-age: 7d}}, on-failure: [warn]}\n";

using Keys = std::vector<std::string_view>;
const Keys kAll{"identity", "measurements", "roots", "pin", "min-version", "references", "debug", "min-svn", "max-age", "crl"};

}  // namespace

TEST_CASE("a rule inherits each key that it does not say") {
  const Policy policy = parse(kDefaults +
                              "rules: [{name: bare, match: {}}, {name: own, match: {}, require: {identity: exact, measurements: false,"
                              " roots: [c.pem], min-version: \"1.1\", debug: any, min-svn: 1, max-age: 2h, crl: {max-age: 30d}},"
                              " on-failure: [block]}]\n");
  const PolicyRule &bare = policy.rules.at(0), &own = policy.rules.at(1), &defaults = policy.rules.back();
  CHECK(bare.identity == IdentityMatch::ids);
  CHECK(bare.measurements);
  CHECK(bare.require == defaults.require);
  CHECK(only_warns(bare));
  CHECK(own.identity == IdentityMatch::exact);
  CHECK_FALSE(own.measurements);
  CHECK(own.require.roots == std::vector<std::string>{"c.pem"});  // a list is one value
  CHECK(own.require.pin);
  CHECK(own.require.min_version == k11);  // its own word, be it the weaker one
  CHECK(own.require.references);
  CHECK_FALSE(own.require.debug_off);
  CHECK(own.require.min_svn == 1);
  CHECK(own.require.max_age == 7200);
  CHECK(own.require.max_crl_age == 30 * 86'400);
  CHECK_FALSE(only_warns(own));
  Keys all = kAll;
  all.push_back("on-failure");
  CHECK(inherited_keys(policy, bare) == all);
  CHECK(inherited_keys(policy, own) == Keys{"pin", "references"});
  CHECK(removed_keys(policy, own) == Keys{"measurements", "debug"});
  CHECK(inherited_keys(policy, defaults).empty());
}

TEST_CASE("none takes away what is inherited") {
  std::string keys;
  for (const std::string_view key : kAll)
    if (key != "identity") keys += cat(keys.empty() ? "" : ", ", key, ": none");
  for (const std::string& require : {cat("{", keys, "}"), std::string("none")}) {
    const Policy policy = parse(cat(kDefaults, "rules: [{match: {}, require: ", require, ", on-failure: none}]\n"));
    const PolicyRule& rule = policy.rules.front();
    CHECK(rule.require == Requirement{});
    CHECK_FALSE(rule.measurements);
    CHECK(rule.on_failure == std::vector{FailureAction::block});
    CHECK(removed_keys(policy, rule).size() >= kAll.size() - 1);
    // An identity that is not compared is a word of its own; without the key it is exact again.
    CHECK(rule.identity == (require == "none" ? std::nullopt : std::optional(IdentityMatch::ids)));
  }
  const Policy deep = parse(kDefaults + "rules: [{match: {}, require: {crl: {max-age: none}, identity: none}}]\n");
  CHECK_FALSE(deep.rules.front().require.max_crl_age);
  CHECK(deep.rules.front().require.max_age == 3600);
  CHECK(deep.rules.front().identity == IdentityMatch::none);
  CHECK(parse("rules: [{match: {}, require: {pin: none}}]\n").rules.front().require == Requirement{});
}

TEST_CASE("defaults have nothing to take away") {
  for (const char* const bad : {"defaults: {require: none}", "defaults: {require: {min-svn: none}}",
                                "defaults: {require: {crl: {max-age: none}}}", "defaults: {on-failure: none}"})
    CHECK_THROWS_AS(parse(bad), Error);
}

TEST_CASE("an exempt rule inherits nothing") {
  const Policy policy = parse(kDefaults + "rules: [{match: {}, exempt: true}]\n");
  CHECK(policy.rules.front().require == Requirement{});
  CHECK_FALSE(policy.rules.front().measurements);
  CHECK(inherited_keys(policy, policy.rules.front()).empty());
}

TEST_CASE("defaults count for the rules of all files, whichever comes first") {
  Policy policy;
  add_policy_file(policy, "10.yaml", "version: 1\nrules: [{name: early, match: {}, require: {min-svn: 9}}]\n");
  add_policy_file(policy, "20.yaml", "version: 1\n" + kDefaults);
  add_policy_file(policy, "30.yaml", "version: 1\nrules: [{name: late, match: {}, on-failure: [block]}]\n");
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    CHECK(policy.rules.at(i).require.min_version == k12);
    CHECK(policy.rules.at(i).require.min_svn == (i == 0 ? 9 : 3));
    CHECK(only_warns(policy.rules.at(i)) == (i == 0));
  }
}

TEST_CASE("rules that are joined bring what they inherit") {
  const Policy policy = parse(
      "mode: all\ndefaults: {require: {min-version: \"1.2\", identity: ids}}\nrules: [{name: lax, match: {}, require: {min-version: none, "
      "identity: none}},"
      " {name: other, match: {}}]\n");
  CHECK(rule_of(policy, {})->require.min_version == k12);
  CHECK(rule_of(policy, {})->identity == IdentityMatch::ids);
}
