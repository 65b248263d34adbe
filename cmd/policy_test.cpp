// policy test: what a policy makes of evidence, against what its owner expects of it. For CI.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "cmd/attest/evidence_files.h"
#include "cmd/attest/kernel_log_files.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/host/layers.h"
#include "cmd/policy_verb.h"
#include "core/calendar.h"
#include "core/finding.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

using yaml::Section;
using yaml::Value;
namespace fs = std::filesystem;

constexpr std::size_t kMaxCases = 10'000;

struct Case {
  std::string name, evidence, at, host_keys;
  std::vector<std::string> keyrings, roots;
  bool trust_host = false;
  std::optional<Verdict> verdict;
  std::optional<std::string> rule;
  std::optional<int> exit;
  std::vector<std::string> findings;  // must be there, others may
};

struct CaseResult {
  std::string name;
  std::vector<std::string> differences;
};

std::string check_finding(const Value& value) {
  std::string out = value.text();
  const auto known = [&](const FindingRow& row) { return row.name == out; };
  if (std::none_of(findings_table().begin(), findings_table().end(), known))
    value.fail(cat("unknown finding '", printable(out), "'"), "see the ids in: man 7 spdmctl-findings");
  return out;
}

void read_expectation(const Value& value, Case& out) {
  const Section section(value, {"verdict", "rule", "exit", "findings"});
  section.with("verdict", [&](const Value& word) { out.verdict = word.word(kVerdicts); });
  section.with("rule", [&](const Value& word) { out.rule = word.text(); });
  section.with("exit", [&](const Value& number) { out.exit = static_cast<int>(number.number(0, 255)); });
  section.with("findings", [&](const Value& list) {
    for (const Value& finding : list.list()) out.findings.push_back(check_finding(finding));
  });
  if (!out.verdict && !out.rule && !out.exit && out.findings.empty()) value.fail("expects nothing: such a case cannot fail");
}

// Files are named as seen from the file of cases.
std::string beside(const fs::path& cases, const Value& value) {
  const std::string name = value.text();
  return fs::path(name).is_absolute() ? name : (cases.parent_path() / name).string();
}

Case read_case(const Value& value, const fs::path& file) {
  const Section section(value, {"name", "evidence", "at", "keyring", "root", "host-keys", "trust-host", "expect"});
  Case out;
  out.name = section.get("name").text();
  out.evidence = beside(file, section.get("evidence"));
  section.with("at", [&](const Value& at) {
    out.at = at.text();
    if (!parse_date_or_time(out.at))
      at.fail(cat("invalid time '", printable(out.at), "'"), "give a date or RFC 3339, for example 2026-06-01 or 2026-06-01T12:00:00Z");
  });
  section.with("keyring", [&](const Value& directory) { out.keyrings = {beside(file, directory)}; });
  section.with("root", [&](const Value& root) { out.roots = {beside(file, root)}; });
  section.with("trust-host", [&](const Value& flag) { out.trust_host = flag.boolean(); });
  section.with("host-keys", [&](const Value& directory) { out.host_keys = beside(file, directory); });
  read_expectation(section.get("expect"), out);
  return out;
}

std::vector<Case> read_cases(const std::string& path) {
  const Bytes bytes = read_file(path, FileKind::policy_cases);
  const Section section(yaml::parse(path, {bytes.begin(), bytes.end()}), {"version", "cases"});
  section.get("version").number(1, 1);
  std::vector<Case> out;
  for (const Value& value : section.get("cases").list()) {
    if (out.size() == kMaxCases) value.fail(cat("exceeds the limit of ", kMaxCases, " cases"));
    out.push_back(read_case(value, path));
  }
  if (out.empty()) section.fail("has no case: a test that cannot fail proves nothing");
  return out;
}

TrustOptions trust_of(const Case& one, const PolicyVerbOptions& options) {
  TrustOptions out = options.trust;
  if (!one.at.empty()) out.at = one.at;
  out.trust_host = out.trust_host || one.trust_host;
  if (!one.host_keys.empty()) out.host_keys = one.host_keys;
  if (!one.keyrings.empty() || !one.roots.empty()) {
    out.keyrings = one.keyrings;
    out.roots = one.roots;
  }
  return out;
}

std::vector<fs::path> places_of(const std::vector<Case>& cases, const PolicyVerbOptions& options) {
  std::set<fs::path> out;
  for (const Case& one : cases)
    for (const std::vector<fs::path>& places : {evidence_places(one.evidence), configuration_places(trust_places(trust_of(one, options)))})
      out.insert(places.begin(), places.end());
  return {out.begin(), out.end()};
}

CaseResult run(const Case& one, const PolicyVerbOptions& options, const std::shared_ptr<const Policy>& policy, const Console& console) {
  CaseResult out{one.name, {}};
  const auto compare = [&](std::string_view what, const std::string& found, const std::string& expected) {
    if (found != expected) out.differences.push_back(cat(what, " is ", found, ", expected ", expected));
  };
  const TrustOptions trust = trust_of(one, options);
  try {
    const Verifier verifier = make_verifier(trust, question_of(trust), console, policy);
    const Report report = verifier.appraise(read_recording(one.evidence), one.evidence);
    if (one.verdict)
      compare("verdict", cat(name(report.verdict), " (", report.reason, ")"),
              *one.verdict == report.verdict ? cat(name(*one.verdict), " (", report.reason, ")") : cat(name(*one.verdict)));
    if (one.rule) compare("rule", cat("'", report.policy->rule, "'"), cat("'", *one.rule, "'"));
    if (one.exit) compare("exit", cat(static_cast<int>(report.exit)), cat(*one.exit));
    for (const std::string& wanted : one.findings) {
      const auto is = [&](const Finding& finding) { return row(finding.id).name == wanted; };
      if (std::none_of(report.findings.begin(), report.findings.end(), is)) out.differences.push_back(cat("there is no finding ", wanted));
    }
  } catch (const Error& error) {
    out.differences.push_back(cat(error.device, error.device.empty() ? "" : ": ", error.what()));
  }
  return out;
}

}  // namespace

Exit test_policy(const PolicyVerbOptions& options, Console& console) {
  apply(options.output, console);
  if (options.arguments.empty()) throw Error(ErrorId::usage, "no CASES given", "give a file of cases; see: man spdmctl-policy");
  if (options.arguments.size() > 1) throw Error(ErrorId::usage, "only one file of CASES can be given", "run it once for each file");
  const auto policy = std::make_shared<const Policy>(load_policy(options.policy.paths));
  const std::vector<Case> cases = read_cases(options.arguments.front());
  work_on_files(console, {.readable = places_of(cases, options)});
  Json document = begin_document(kPolicySchema);
  document["cases"] = Json::array();
  std::string text = cat("1..", cases.size(), "\n");
  std::size_t failed = 0, number = 0;
  for (const Case& one : cases) {
    const CaseResult outcome = run(one, options, policy, console);
    Json json{{"name", printable(outcome.name)}, {"ok", outcome.differences.empty()}, {"differences", Json::array()}};
    text += cat(outcome.differences.empty() ? "ok " : "not ok ", ++number, " - ", printable(outcome.name), "\n");
    if (!outcome.differences.empty()) ++failed;
    for (const std::string& difference : outcome.differences) {
      json["differences"].push_back(printable(difference));
      text += cat("# ", printable(difference), "\n");
    }
    document["cases"].push_back(std::move(json));
  }
  const Exit exit = failed > 0 ? Exit::policy : Exit::ok;
  document["failed"] = failed;
  document["exit_code"] = static_cast<int>(exit);
  text += cat("# ", cases.size() - failed, " passed, ", failed, " failed\n");
  write_document(console, document, text);
  return exit;
}

}  // namespace spdm::cmd
