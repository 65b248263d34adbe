// policy show: the rules of all files together.
#include "cmd/policy_verb.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/gate/gate_mode.h"
#include "cmd/host/this_host.h"
#include "core/appraisal/requirements.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// Strings stand as they are, so that what is shown can be read again: JSON and YAML escape what could do harm.
Json match_json(const DeviceMatch& match) {
  Json out = Json::object();
  for (const auto& [name, value, is_flag] : keys_of(match)) out[std::string(name)] = is_flag ? Json(match.removable == true) : Json(value);
  return out;
}

Json require_json(const PolicyRule& rule) {
  Json out = Json::object();
  for (const RequirementRow& row : requirements())
    if (Json value = row.show(rule); !value.is_null()) out[std::string(row.key)] = std::move(value);
  return out;
}

Json actions_json(const PolicyRule& rule) {
  Json out = Json::array();
  for (const FailureAction action : rule.on_failure) out.push_back(name(action));
  return out;
}

// Words are joined by '_' in the keys of documents, by '-' in those of the files that people write.
Json with_document_keys(const Json& in) {
  if (!in.is_object()) return in;
  Json out = Json::object();
  for (const auto& [key, value] : in.items()) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '-', '_');
    out[name] = with_document_keys(value);
  }
  return out;
}

// Indents each line after the first.
std::string nested(const std::string& yaml) {
  std::string out;
  for (const char c : yaml) {
    out += c;
    if (c == '\n') out += "  ";
  }
  while (!out.empty() && (out.back() == ' ' || out.back() == '\n')) out.pop_back();
  return out;
}

// A rule in the words of its file: name, match, require, on-failure.
Json rule_json(const PolicyRule& rule) {
  Json out{{"name", rule.name}, {"match", match_json(rule.match)}};
  if (rule.exempt) {
    out["exempt"] = true;
    return out;
  }
  if (rule.expected) out["expected"] = true;
  if (rule.shared) out["shared"] = true;
  if (Json require = require_json(rule); !require.empty()) out["require"] = std::move(require);
  out["on-failure"] = actions_json(rule);
  return out;
}

// The same, so that the rule is the same when it is read again: what it has taken out of the defaults it takes out there, too.
Json readable_json(const Policy& policy, const PolicyRule& rule) {
  Json out = rule_json(rule);
  const std::vector<std::string_view> removed = removed_keys(policy, rule);
  if (removed.empty()) return out;
  for (const std::string_view key : removed) out["require"][std::string(key)] = kNone;
  // The order of the file: what was there last stays last.
  const Json actions = out["on-failure"];
  out.erase("on-failure");
  out["on-failure"] = actions;
  return out;
}

std::string listed(const std::vector<std::string_view>& keys) {
  std::string out;
  for (const std::string_view key : keys) out += cat(out.empty() ? "" : ", ", key);
  return out;
}

Json document_keys(const std::vector<std::string_view>& keys) {
  Json out = Json::array();
  for (const std::string_view key : keys) {
    std::string& name = out.emplace_back(std::string(key)).get_ref<std::string&>();
    std::replace(name.begin(), name.end(), '-', '_');
  }
  return out;
}

}  // namespace

std::string policy_text(const Policy& policy, Comments comments) {
  std::string out = "version: 1\n";
  out += cat("gate: {", policy.mode ? cat("mode: ", name(*policy.mode), ", ") : "", "timeout: ", policy.timeout.count() / 1000, "}\n");
  if (policy.matching == Matching::all) out += cat("mode: ", name(policy.matching), "\n");
  if (!policy.trust_host.empty()) out += cat("trust-host: ", Json(policy.trust_host).dump(-1, ' ', true), "\n");
  const PolicyRule& rest = policy.rules.back();
  Json defaults = Json::object();
  if (Json require = require_json(rest); !require.empty()) defaults["require"] = std::move(require);
  defaults["on-failure"] = actions_json(rest);
  const bool shows = comments == Comments::origins;
  if (shows) out += cat("# inherited by each rule, and for what no rule matches (", printable(rest.origin), ")\n");
  // Another file may give them: a draft that repeats what is built in would contradict it.
  if (shows || policy.defaults_given) out += cat("defaults:\n  ", nested(to_yaml(defaults)), "\n");
  if (policy.rules.size() == 1) return out;
  out += "rules:\n";
  for (std::size_t i = 0; i + 1 < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    if (shows) out += cat("  # ", printable(rule.origin), "\n");
    const std::vector<std::string_view> inherited = inherited_keys(policy, rule);
    if (shows && !inherited.empty()) out += cat("  # inherited: ", listed(inherited), "\n");
    out += cat("  ", nested(to_yaml(Json::array({readable_json(policy, rule)}))), "\n");
  }
  return out;
}

Exit show_policy(const PolicyVerbOptions& options, Console& console) {
  apply(options.output, console);
  const Policy policy = load_policy(options.policy.paths);
  Json document = begin_document(kPolicySchema);
  document["matching"] = name(policy.matching);
  if (!policy.trust_host.empty()) document["trust_host"] = policy.trust_host;
  Json& gate = document["gate"] = Json{{"timeout", policy.timeout.count() / 1000}};
  if (policy.mode) gate["mode"] = name(*policy.mode);
  const ModeInForce mode = mode_in_force(this_host(), options.policy.paths);
  gate["mode_in_force"] = name(mode.mode);
  gate["mode_from"] = name(mode.source);
  document["rules"] = Json::array();
  for (const PolicyRule& rule : policy.rules) {
    Json json = with_document_keys(rule_json(rule));
    json["origin"] = printable(rule.origin);
    if (Json inherited = document_keys(inherited_keys(policy, rule)); !inherited.empty()) json["inherited"] = std::move(inherited);
    if (Json removed = document_keys(removed_keys(policy, rule)); !removed.empty()) json["removed"] = std::move(removed);
    document["rules"].push_back(std::move(json));
  }
  document["exit_code"] = 0;
  write_document(console, document,
                 cat("# mode in force: ", name(mode.mode), " (", printable(mode.from()), ")\n", policy_text(policy, Comments::origins)));
  return Exit::ok;
}

}  // namespace spdm::cmd
