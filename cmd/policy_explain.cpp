// policy explain: which rule decides on a device, why, and what it comes to.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/attestation.h"
#include "cmd/policy_verb.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// What became of one rule on the way to the one that decides.
struct Step {
  const PolicyRule* rule = nullptr;
  bool matched = false, decides = false;
  std::string why;
};

// "; it inherits min-version, on-failure of FILE:LINE".
std::string inherited_text(const Policy& policy, const PolicyRule& rule) {
  std::string out;
  for (const std::string_view key : inherited_keys(policy, rule)) out += cat(out.empty() ? "; it inherits " : ", ", key);
  return out.empty() ? out : cat(out, " of ", policy.rules.back().origin);
}

std::vector<Step> walk(const Policy& policy, const HostView& host, const Proven& proven) {
  std::vector<Step> out;
  const std::shared_ptr<const PolicyRule> decided = rule_of(policy, host, proven);
  const std::vector<std::string_view> names = names_in(decided->name);
  bool done = false;
  for (const PolicyRule& rule : policy.rules) {
    Step& step = out.emplace_back();
    step.rule = &rule;
    const bool is_default = &rule == &policy.rules.back();
    const std::string misfit_text = is_default ? std::string() : misfit(rule.match, host, proven);
    step.matched = misfit_text.empty();
    step.decides = std::find(names.begin(), names.end(), rule.name) != names.end();
    if (step.decides)
      step.why = is_default                    ? "no other rule matches"
                 : rule.match == DeviceMatch{} ? "it matches every device"
                                               : "all that it names matches";
    else if (!step.matched)
      step.why = misfit_text;
    else if (is_default)
      step.why = "another rule matches";
    else if (policy.matching == Matching::all)
      step.why = "it exempts what another rule is about";
    else
      step.why = done ? "an earlier rule decides" : "";
    if (!is_default && is_open(fit(rule.match, host, proven))) {
      std::string claims;
      for (const std::string& claim : open_keys(rule.match, host, proven)) claims += cat(claims.empty() ? "" : ", ", claim);
      step.why += cat(step.why.empty() ? "" : "; ", "only by claims of the collector: ", claims);
    }
    if (step.decides) step.why += inherited_text(policy, rule);
    done = done || step.decides;
  }
  return out;
}

std::string seen_text(const HostView& host) {
  std::string out = host.target.empty() ? std::string("no target") : cat("target ", host.target);
  const auto add = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) out += cat(", ", name, " ", *value);
  };
  add("bdf", host.bdf);
  if (host.identity) out += cat(", ", to_string(*host.identity));
  add("driver", host.driver);
  add("slot", host.slot);
  add("removable", host.removable);
  const auto add_known = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) add(name, value);
  };
  if (host.drive) {
    add_known("model", host.drive->model);
    add_known("serial", host.drive->serial);
    add_known("firmware-revision", host.drive->firmware);
    add_known("transport", host.drive->transport);
  }
  if (host.mctp) out += cat(", transport mctp, endpoint ", to_string(*host.mctp));
  if (!host.identity) out += ", no PCI identity";
  return printable(out);
}

Json to_json(const Report& report, const std::vector<Step>& steps) {
  Json out{{"source", printable(report.source)}, {"seen", seen_text(report.host)}};
  out["rules"] = Json::array();
  for (const Step& step : steps)
    out["rules"].push_back(Json{{"name", printable(step.rule->name)},
                                {"origin", printable(step.rule->origin)},
                                {"matches", step.matched},
                                {"decides", step.decides},
                                {"why", printable(step.why)}});
  out["rule"] = printable(report.policy->rule);
  out["exempt"] = report.policy->exempt;
  out["demands"] = Json::array();
  for (const DemandResult& demand : report.policy->demands)
    out["demands"].push_back(Json{{"demand", printable(demand.words)}, {"state", name(demand.state)}});
  out["verdict"] = name(report.verdict);
  out["exit_code"] = static_cast<int>(report.exit);
  out["reason"] = printable(report.reason);
  if (report.error && !report.error->hint.empty()) out["remedy"] = printable(report.error->hint);
  out["findings"] = Json::array();
  for (const Finding& finding : report.findings)
    if (finding.severity() >= Severity::gap) out["findings"].push_back(to_json(finding));
  out["actions"] = action_names(*report.policy);
  return out;
}

std::string text_of(const Json& device) {
  const auto word = [](const Json& json) { return json.get<std::string>(); };
  std::string out = cat(word(device["source"]), "\n  seen: ", word(device["seen"]), "\n\nRules\n");
  for (const Json& rule : device["rules"])
    out += cat("  ",
               rule["decides"]   ? "decides  "
               : rule["matches"] ? "passed   "
                                 : "no match ",
               "'", word(rule["name"]), "' (", word(rule["origin"]), "): ", word(rule["why"]), "\n");
  if (device["exempt"])
    out += cat("\n'", word(device["rule"]), "' exempts the device: nothing more is required.\n");
  else
    out += cat("\nRequirements of '", word(device["rule"]), "'\n");
  for (const Json& demand : device["demands"]) {
    std::string state = word(demand["state"]);
    state.resize(11, ' ');
    out += cat("  ", state, word(demand["demand"]), "\n");
  }
  out += cat("\nVerdict: ", word(device["verdict"]), ": ", word(device["reason"]), "\n");
  if (device.contains("remedy")) out += cat("      -> ", word(device["remedy"]), "\n");
  for (const Json& finding : device["findings"]) {
    out += cat("  ", word(finding["severity"]), " ", word(finding["id"]), ": ", word(finding["why"]), "\n");
    if (finding.contains("remedy")) out += cat("      -> ", word(finding["remedy"]), "\n");
  }
  std::string actions;
  for (const Json& action : device["actions"]) actions += cat(actions.empty() ? "" : ", ", word(action));
  return out + cat("Actions: ", actions, "\n");
}

}  // namespace

Exit explain_policy(const PolicyVerbOptions& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.empty()) throw Error(ErrorId::usage, "no TARGET given", "name a target, such as 03:00.0, or a recording");
  const auto policy = std::make_shared<const Policy>(load_policy(options.policy.paths));
  const Verifier verifier = make_verifier(options.trust, question_of(options.trust), console, policy);
  Run run = make_run(options.protocol, console);
  run.wanted = wanted_of(options.protocol, options.trust);
  set_targets(run, targets_of(options.arguments, run.open.host, run.open.via), console);
  run.verifier = &verifier;
  Json document = begin_document(kPolicySchema);
  document["devices"] = Json::array();
  std::string text;
  Exit exit = Exit::ok;
  attest<Outcome>(
      run, [](Outcome outcome) { return outcome; },
      [&](Outcome outcome) {
        if (outcome.unread) {  // a recording: that says nothing about the others
          console.complain(*outcome.unread);
          exit = worse(exit, row(outcome.unread->id).exit);
          return;
        }
        const Report& report = *outcome.report;
        // A bad verdict is an answer to the question, and no error of this verb. A device that could not be asked is one.
        if (report.error && report.messages == 0) exit = worse(exit, report.exit);
        document["devices"].push_back(to_json(report, walk(*policy, report.host, report.proven)));
        text += cat(text.empty() ? "" : "\n", text_of(document["devices"].back()));
      });
  document["exit_code"] = static_cast<int>(exit);
  write_document(console, document, text);
  return exit;
}

}  // namespace spdm::cmd
