// policy check: reads every file, and reports all that is wrong.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cmd/gate/gate_mode.h"
#include "cmd/host/this_host.h"
#include "cmd/policy_verb.h"
#include "core/appraisal/match_cover.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Checked {
  std::string file;
  std::size_t rules = 0;
  std::optional<Error> error;
};

// Rules that are valid, and that the owner can hardly have meant.
std::vector<std::string> doubts_about(const Policy& policy) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i + 1 < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    const auto doubt = [&](const std::string& why) { out.push_back(cat(rule.origin, ": rule '", rule.name, "': ", why)); };
    if (rule.match.driver)
      doubt("the gate decides before a driver is bound and cannot apply this rule; match by class, vendor or bdf instead");
    const bool first = policy.matching == Matching::first;
    // Of all that match together an exemption alone may go for nothing.
    if (!first && !rule.exempt) continue;
    const auto hides = [&](const PolicyRule& other) { return (first || !other.exempt) && covers(other.match, rule.match); };
    const auto end = policy.rules.begin() + static_cast<std::ptrdiff_t>(first ? i : policy.rules.size() - 1);
    const auto hider = std::find_if(policy.rules.begin(), end, hides);
    if (hider != end)
      doubt(cat("never applies: rule '", hider->name, "' (", hider->origin,
                first ? ") comes first and matches all that it does" : ") matches all that it does, and exempts nothing"));
  }
  return out;
}

// Roots that the keyring lacks. That is no error, for the policy may be of another host; but nothing that needs one can pass.
std::vector<std::string> missing_roots(const Policy& policy, const TrustOptions& trust) try {
  const certstore::Keyring keyring = read_keyring(trust);
  std::vector<std::string> out;
  if (keyring.empty()) {
    const auto rule =
        std::find_if(policy.rules.begin(), policy.rules.end(), [](const PolicyRule& one) { return !one.require.roots.empty(); });
    if (rule != policy.rules.end())
      out.push_back(cat(rule->origin, ": rule '", rule->name,
                        "': names a root, and the keyring is empty: no device can meet it here; add the root with: spdmctl keyring add",
                        as_given("--keyring", trust.keyrings), " FILE"));
    return out;
  }
  for (const PolicyRule& rule : policy.rules)
    for (const std::string& root : rule.require.roots) {
      const auto is_it = [&](const certstore::Entry& entry) { return is_named(root, entry.sha256(), entry.names); };
      if (std::none_of(keyring.entries().begin(), keyring.entries().end(), is_it))
        out.push_back(cat(rule.origin, ": rule '", rule.name, "': the keyring has no certificate '", root, "'; see: spdmctl keyring show",
                          as_given("--keyring", trust.keyrings)));
    }
  return out;
} catch (const Error& error) {
  return {cat("roots were not looked for: ", error.device, error.device.empty() ? "" : ": ", error.what())};
}

std::string line_of(const Error& error) {
  return printable(cat(error.device, error.device.empty() ? "" : ": ", error.what(), error.hint.empty() ? "" : cat("; ", error.hint)));
}

}  // namespace

Exit check_policy(const PolicyVerbOptions& options, Console& console) {
  apply(options.output, console);
  std::vector<std::string> paths = options.arguments;
  if (paths.empty()) paths = options.policy.paths;
  std::vector<Error> unreadable;
  std::vector<Checked> checked;
  Policy policy;
  for (const DropIn& drop_in : policy_drop_ins(paths, &unreadable)) {
    Checked& one = checked.emplace_back();
    one.file = drop_in.file.string();
    const Policy before = policy;
    try {
      add_policy_file(policy, one.file, drop_in.contents);
      one.rules = policy.rules.size() - before.rules.size();
    } catch (const Error& error) {
      one.error = error;
      policy = before;
    }
  }
  for (const Error& error : unreadable) checked.push_back({error.device, 0, error});

  Json document = begin_document(kPolicySchema);
  std::string text;
  std::size_t rules = 0, wrong = 0;
  document["files"] = Json::array();
  for (const Checked& one : checked) {
    Json& file = document["files"].emplace_back(Json{{"file", printable(one.file)}, {"ok", !one.error}, {"rules", one.rules}});
    rules += one.rules;
    if (!one.error) continue;
    ++wrong;
    file["why"] = printable(one.error->what());
    if (!one.error->hint.empty()) file["remedy"] = printable(one.error->hint);
    text += line_of(*one.error) + "\n";
    if (console.quiet) console.complain(cat("spdmctl: ", line_of(*one.error)));
  }
  document["warnings"] = Json::array();
  std::vector<std::string> doubts = doubts_about(policy);
  const std::vector<std::string> missing = missing_roots(policy, options.trust);
  doubts.insert(doubts.end(), missing.begin(), missing.end());
  const ModeInForce mode = mode_in_force(this_host(), paths);
  // One file may be a part of a policy whose mode another one gives.
  const auto is_directory = [](const std::string& path) {
    std::error_code ignored;
    return std::filesystem::is_directory(path, ignored);
  };
  if (!mode.warning.empty() && std::all_of(paths.begin(), paths.end(), is_directory)) doubts.push_back(mode.warning);
  for (const std::string& doubt : doubts) {
    document["warnings"].push_back(printable(doubt));
    text += cat("warning: ", printable(doubt), "\n");
  }
  const Exit exit = wrong > 0 || (options.strict && !doubts.empty()) ? Exit::usage : Exit::ok;
  document["exit_code"] = static_cast<int>(exit);
  text +=
      cat(wrong == 0 ? "OK: " : "", checked.size(), checked.size() == 1 ? " file, " : " files, ", rules, rules == 1 ? " rule" : " rules");
  if (wrong > 0) text += cat("; ", wrong, wrong == 1 ? " file cannot be used" : " files cannot be used");
  text += "\n";
  document["mode"] = name(mode.mode);
  document["mode_from"] = name(mode.source);
  text += cat("mode ", name(mode.mode), " (", printable(mode.from()), ")\n");
  if (wrong > 0 && paths.empty())
    text += mode.mode == GateMode::enforce ? "Until this is fixed, the gate holds back every device and nothing else is judged.\n"
                                           : "Nothing is judged until this is fixed.\n";
  write_document(console, document, text);
  return exit;
}

}  // namespace spdm::cmd
