// Policies as the owner writes them: YAML, read strictly. What cannot be understood is an error, never a guess.
#include <algorithm>
#include <map>

#include "certstore/read.h"
#include "cmd/policy.h"
#include "core/error.h"
#include "core/evidence/yaml_reader.h"
#include "core/text.h"

namespace cmd {

namespace {

using namespace spdm::yaml;
using spdm::cat;
using spdm::Error;
using spdm::ErrorId;
namespace fs = std::filesystem;

constexpr std::size_t kMaxRules = 1024;
constexpr std::uint32_t kMaxTimeout = 3600;  // seconds

constexpr std::array<Choice, 3> kModes{{{"off", 0}, {"audit", 1}, {"enforce", 2}}};
constexpr std::array<Choice, 3> kIdentities{{{"exact", 0}, {"ids", 1}, {"none", 2}}};
constexpr std::array<Choice, 5> kActions{{{"warn", 0}, {"block", 1}, {"clear-bus-master", 2}, {"remove", 3}, {"power-off", 4}}};

// Hex digits as lspci -n prints them, without a prefix. The number of digits counts: "0108" is a class without its interface.
std::uint32_t hex_digits(const Value& value, std::initializer_list<std::size_t> lengths, std::string_view hint) {
  const std::string text = value.text();
  const bool digits = text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
  if (!digits || std::find(lengths.begin(), lengths.end(), text.size()) == lengths.end())
    value.fail(cat("'", spdm::printable(text), "' is no such number"), hint);
  return static_cast<std::uint32_t>(std::stoul(text, nullptr, 16));
}

std::uint16_t read_id(const Value& value) { return static_cast<std::uint16_t>(hex_digits(value, {4}, "write four hex digits: \"1b36\"")); }

DeviceMatch read_match(const Section& section) {
  DeviceMatch out;
  section.with("vendor", [&](const Value& value) { out.vendor = read_id(value); });
  section.with("device", [&](const Value& value) { out.device = read_id(value); });
  section.with("class", [&](const Value& value) {
    const std::size_t missing = 4 * (6 - std::min<std::size_t>(value.text().size(), 6));
    out.class_code = hex_digits(value, {2, 4, 6}, "write two, four or six hex digits: \"01\", \"0108\", \"010802\"") << missing;
    out.class_mask = 0xFFFFFF >> missing << missing;
  });
  section.with("bdf", [&](const Value& value) {
    out.bdf = value.text();
    // A pattern that can match no address would silently match nothing.
    const bool possible = !out.bdf->empty() && out.bdf->find_first_not_of("0123456789abcdef:.*?[]-!") == std::string::npos;
    if (!possible)
      value.fail(cat("'", spdm::printable(*out.bdf), "' is no address"), "write it as in /sys: \"0000:03:00.0\", \"0000:03:*\"");
  });
  return out;
}

std::vector<FailureAction> read_actions(const Value& value) {
  std::vector<FailureAction> out;
  for (const Value& word : value.list()) out.push_back(static_cast<FailureAction>(word.choice(kActions)));
  std::sort(out.begin(), out.end());
  const bool block = std::find(out.begin(), out.end(), FailureAction::block) != out.end();
  const bool only_warn = out.size() == 1 && out.front() == FailureAction::warn;
  // A driver that binds sets Bus Master again, and warning is what the others do anyway.
  if (!only_warn && (!block || out.front() == FailureAction::warn))
    value.fail("must be [warn] alone, or [block] with what comes on top of it", "for example [block, clear-bus-master]");
  if (std::adjacent_find(out.begin(), out.end()) != out.end()) value.fail("says the same twice");
  return out;
}

PolicyRule read_rule(const Value& value, const std::string& file) {
  const Section section(value, {"name", "match", "exempt", "expected", "require", "on-failure"});
  PolicyRule out;
  out.name = cat(fs::path(file).filename().string(), ":", section.node().Mark().line + 1);
  section.with("name", [&](const Value& name) { out.name = name.text(); });
  const Value match = section.get("match");
  out.match = read_match(Section(match, {"class", "vendor", "device", "bdf"}));
  section.with("exempt", [&](const Value& flag) { out.exempt = flag.boolean(); });
  section.with("expected", [&](const Value& flag) { out.expected = flag.boolean(); });
  section.with("require", [&](const Value& wanted) {
    const Section require(wanted, {"identity", "measurements"});
    require.with("identity", [&](const Value& how) { out.identity = static_cast<spdm::IdentityMatch>(how.choice(kIdentities)); });
    require.with("measurements", [&](const Value& flag) { out.measurements = flag.boolean(); });
  });
  section.with("on-failure", [&](const Value& actions) { out.on_failure = read_actions(actions); });
  if (out.exempt && (out.expected || section.find("require") || section.find("on-failure")))
    section.fail("exempt asks for nothing: expected, require and on-failure contradict it");
  return out;
}

bool is_policy(const fs::path& file) { return file.extension() == ".yaml" && !file.filename().string().starts_with('.'); }

// The files that count, by name: an earlier directory hides the names of later ones.
std::map<std::string, fs::path> policy_files(const std::vector<fs::path>& directories) {
  std::map<std::string, fs::path> out;
  for (const fs::path& directory : directories) {
    std::error_code failure;
    for (fs::directory_iterator at(directory, failure), end; !failure && at != end; at.increment(failure))
      if (is_policy(at->path())) out.emplace(at->path().filename().string(), at->path());
    if (!failure || failure == std::errc::no_such_file_or_directory) continue;
    Error error(failure == std::errc::permission_denied ? ErrorId::permission : ErrorId::config, failure.message());
    error.device = directory.string();
    throw error;
  }
  return out;
}

}  // namespace

std::vector<fs::path> policy_directories() {
  return {"/etc/spdmctl/policy.d", "/run/spdmctl/policy.d", "/usr/local/lib/spdmctl/policy.d", "/usr/lib/spdmctl/policy.d"};
}

void add_policy_file(Policy& policy, const std::string& file, const std::string& contents) {
  const Section section(parse(file, contents), {"version", "gate", "rules"});
  section.get("version").number(1, 1);
  section.with("gate", [&](const Value& value) {
    const Section gate(value, {"mode", "timeout"});
    gate.with("mode", [&](const Value& mode) { policy.mode = static_cast<GateMode>(mode.choice(kModes)); });
    gate.with("timeout", [&](const Value& timeout) { policy.timeout = std::chrono::seconds(timeout.number(1, kMaxTimeout)); });
  });
  section.with("rules", [&](const Value& rules) {
    for (const Value& value : rules.list()) {
      if (policy.rules.size() > kMaxRules) value.fail(cat("is one more than the ", kMaxRules, " rules that are read"));
      PolicyRule rule = read_rule(value, file);
      const auto same = [&](const PolicyRule& other) { return other.name == rule.name; };
      if (std::any_of(policy.rules.begin(), policy.rules.end(), same))
        value.fail(cat("another rule has the name '", spdm::printable(rule.name), "'"));
      policy.rules.insert(policy.rules.end() - 1, std::move(rule));
    }
  });
}

Policy load_policy(const std::vector<fs::path>& directories) {
  Policy out;
  for (const auto& [name, path] : policy_files(directories)) {
    const certstore::FileBytes content = certstore::read_file(path);
    if (content.mask) continue;
    if (!content.why.empty()) {
      Error error(content.refused ? ErrorId::permission : ErrorId::config, content.why);
      error.device = path.string();
      throw error;
    }
    add_policy_file(out, path.string(), std::string(content.bytes.begin(), content.bytes.end()));
  }
  return out;
}

}  // namespace cmd
