#include "cmd/gate/gate_mode.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "cmd/attest/policy_files.h"
#include "cmd/gate/image_manifest.h"
#include "cmd/host/run_files.h"
#include "core/error.h"
#include "core/format/json.h"
#include "core/format/json_reader.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Host;

namespace {

constexpr std::string_view kParameter = "spdmctl.gate";
constexpr std::string_view kSchema = "spdmctl.mode/1";
const std::string kFile = "mode.json";
constexpr std::string_view kWriteItDown = "set gate: {mode: enforce} in the policy, or gate: {mode: audit}";

bool enforces(const DropIn& file) {
  Policy policy;
  try {
    add_policy_file(policy, file.file.string(), file.contents);
  } catch (const Error&) {
    return says_enforce(file.contents);
  }
  return policy.mode == GateMode::enforce;
}

// A file counts on its own, and a layer too: what hides it may be what cannot be read.
std::optional<std::string> readable_policy_enforces(const std::vector<std::string>& paths) {
  // Whoever may write it: that the owner has left it open to others must not open the gate as well.
  const Guard none{.against = Guard::Against::nobody};
  std::vector<DropIn> files;
  const auto read = [&](const auto& reader) {
    try {
      std::vector<Error> ignored;
      const std::vector<DropIn> more = reader(&ignored);
      files.insert(files.end(), more.begin(), more.end());
    } catch (const Error&) {  // told already: that is why the policy cannot be used
    }
  };
  for (const std::string& path : paths) read([&](std::vector<Error>* errors) { return policy_drop_ins({path}, errors, none); });
  if (paths.empty())
    for (const auto& layer : policy_directories())
      read([&](std::vector<Error>* errors) { return read_drop_ins({layer}, FileKind::policy, errors, none); });
  for (const DropIn& file : files)
    if (enforces(file)) return file.file.string();
  return std::nullopt;
}

bool image_enforces(const Host& host) try {
  const std::optional<ImageManifest> image = manifest_of_this_image(host);
  return image && image->mode == GateMode::enforce;
} catch (const Error&) {  // it is there, and cannot be understood
  return true;
}

bool last_run_enforced(const Host& host) {
  try {
    const std::optional<RunFolder> folder = RunFolder::open(host, "");
    const std::optional<std::string> text = folder ? folder->read(kFile, FileKind::gate_note) : std::nullopt;
    if (!text) return false;
    std::string mode;
    JsonReader json(*text, kFile);
    json.object({"schema", "mode"}, {}, [&](std::string_view key) {
      const std::string_view word = json.string();
      if (key == "mode") mode = word;
    });
    json.finish();
    return gate_mode_of(mode) == GateMode::enforce;
  } catch (const Error&) {  // somebody wrote it, and it cannot be understood
    return true;
  }
}

bool has_policy_file(const std::vector<std::string>& paths) try {
  std::vector<Error> ignored;
  return !policy_drop_ins(paths, &ignored).empty();
} catch (const Error&) {  // of its directory
  return false;
}

}  // namespace

// Whether a file that cannot be understood has the word all the same, outside of comments. In doubt it has: then nothing is made
// without a gate.
bool says_enforce(const std::string& text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = std::string_view(text).substr(at, end - at);
    const std::size_t comment = line.starts_with('#') ? 0 : std::min(line.find(" #"), line.find("\t#"));
    if (comment != std::string_view::npos && line.substr(0, comment).find_first_of("\"'") == std::string_view::npos)
      line = line.substr(0, comment);
    if (line.find(name(GateMode::enforce)) != std::string_view::npos) return true;
    at = end + 1;
  }
  return false;
}

std::optional<std::string> kernel_parameter(const Host& host, std::string_view name) {
  std::optional<std::string> out;
  std::string line;
  try {
    line = transport::read_attribute(host.root / "proc/cmdline").value_or("");
  } catch (const Error&) {  // without /proc there is no rescue switch
  }
  const std::string start = cat(name, "=");
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find_first_of(" \t\n", at), line.size());
    const std::string_view word = std::string_view(line).substr(at, end - at);
    if (word.starts_with(start)) out = word.substr(start.size());
    at = end + 1;
  }
  return out;
}

std::string ModeInForce::from() const {
  const std::string_view words = row_of(kModeSources, source).words;
  return where.empty() ? std::string(words) : cat(words, ": ", where);
}

ModeInForce mode_in_force(const Host& host, const ModeQuestion& question) {
  if (const std::optional<std::string> word = kernel_parameter(host, kParameter)) {
    const std::optional<GateMode> mode = gate_mode_of(*word);
    ModeInForce out{mode.value_or(GateMode::enforce), ModeSource::kernel_command_line, {}, {}};
    if (!mode)
      out.warning =
          cat(kParameter, "=", printable(*word), " on the kernel command line is not a mode (off, audit, enforce); the gate enforces");
    return out;
  }
  if (question.given) return {*question.given, ModeSource::command_line, {}, {}};
  if (question.policy != nullptr && question.policy->mode)
    return {*question.policy->mode, ModeSource::policy, question.policy->mode_origin, {}};
  if (question.broken) {
    if (const std::optional<std::string> where = readable_policy_enforces(question.policy_paths))
      return {GateMode::enforce, ModeSource::readable_policy, *where, {}};
    if (image_enforces(host)) return {GateMode::enforce, ModeSource::image, {}, {}};
    if (last_run_enforced(host)) return {GateMode::enforce, ModeSource::last_run, {}, {}};
    return {};
  }
  ModeInForce out;
  if (has_policy_file(question.policy_paths))
    out.warning = cat("no policy sets gate.mode: devices are judged, but failing devices are not blocked; ", kWriteItDown);
  return out;
}

ModeInForce mode_in_force(const Host& host, const std::vector<std::string>& policy_paths) {
  ModeQuestion question{.given = {}, .policy_paths = policy_paths};
  Policy policy;
  try {
    policy = load_policy(policy_paths);
    question.policy = &policy;
  } catch (const Error&) {  // told by who reads the policy for its own sake
    question.broken = true;
  }
  return mode_in_force(host, question);
}

void keep_mode(const Host& host, GateMode mode) {
  const Json json{{"schema", kSchema}, {"mode", name(mode)}};
  RunFolder::make(host, "").write(kFile, json.dump() + "\n");
}

}  // namespace spdm::cmd
