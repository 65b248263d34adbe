#include "cmd/gate_setup.h"

#include <fcntl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "cmd/attest/policy_files.h"
#include "cmd/host/layers.h"
#include "cmd/output/state_text.h"
#include "cmd/parse.h"
#include "core/descriptor.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Host;

namespace {

constexpr std::string_view kParameter = "spdmctl.gate=";
constexpr std::size_t kMaxLogLine = 900;  // the kernel cuts its lines at about 1000 bytes

// The last one counts, as for the kernel's own parameters.
std::optional<std::string> kernel_parameter(const Host& host) {
  std::optional<std::string> out;
  std::string line;
  try {
    line = transport::read_attribute(host.root / "proc/cmdline").value_or("");
  } catch (const Error&) {  // without /proc there is no rescue switch
  }
  for (std::size_t at = 0; at < line.size();) {
    const std::size_t end = std::min(line.find_first_of(" \t\n", at), line.size());
    const std::string_view word = std::string_view(line).substr(at, end - at);
    if (word.starts_with(kParameter)) out = word.substr(kParameter.size());
    at = end + 1;
  }
  return out;
}

}  // namespace

void add_gate_options(CLI::App& parser, GateOptions& options) {
  add_keyring_options(parser, options.trust);
  options.trust.compares = true;  // with the system's reference values
  parser.add_option("--mode", options.mode, "off, audit (attest and tell, do nothing) or enforce; what the policy says if not given")
      ->type_name("MODE")
      ->group("Gate");
  add_policy_path(parser, options.policies, "Read the policy from this file or directory, in place of the system's", "Gate");
  parser.add_option("--timeout", options.timeout, "Time for all devices together; that of the policy, or 30s, if not given")
      ->type_name("DURATION")
      ->group("Gate");
}

void check(const GateOptions& options) {
  if (!options.mode.empty() && !gate_mode_of(options.mode))
    throw Error(ErrorId::usage, cat("--mode: '", printable(options.mode), "' is no mode"), "give off, audit or enforce");
  if (!options.timeout.empty()) parse_duration(options.timeout);
  time_of(options.trust);
}

// The kernel command line wins over all others: it is the way out when a policy locks its owner out.
ChosenMode choose_mode(const GateOptions& options, const Policy& policy, const Host& host, const Console& console) {
  if (const std::optional<std::string> word = kernel_parameter(host)) {
    const std::optional<GateMode> mode = gate_mode_of(*word);
    if (!mode)
      console.note(cat("spdmctl: ", kParameter, printable(*word),
                       " on the kernel command line is no mode (off, audit, enforce); the gate enforces"));
    return {mode.value_or(GateMode::enforce), "kernel command line", "kernel-command-line"};
  }
  if (!options.mode.empty()) return {*gate_mode_of(options.mode), "--mode", "command-line"};
  if (policy.mode) return {*policy.mode, "policy", "policy"};
  return {};
}

GateSetup set_up_gate(const GateOptions& options, const Host& host, const Console& console) {
  GateSetup out;
  try {
    out.policy = load_policy(options.policies);
    const std::shared_ptr<const Verifier> verifier(new Verifier(make_verifier(options.trust, {}, console)));  // it cannot be moved
    out.attest = make_attest(host, verifier);
  } catch (const Error& error) {
    out.broken = error;
    out.attest = refuse_all(error);
    console.complain(error);
  }
  if (!options.timeout.empty()) out.policy.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(options.timeout));
  return out;
}

std::vector<std::filesystem::path> configuration_read_again(const GateOptions& options) {
  std::vector<std::filesystem::path> out = trust_places(options.trust);
  for (std::filesystem::path& place : policy_places(options.policies)) out.push_back(std::move(place));
  // A layer that is made later counts, too.
  for (const std::filesystem::path& layer : layers_of("policy.d")) out.push_back(layer.parent_path());
  return lasting_places(out);
}

void tell_closed(const Console& console) {
  console.note("spdmctl: no device can be judged: the gate stays closed for every device that may speak SPDM");
}

bool is_good(const DeviceState& state) {
  return state.exit == Exit::ok && (state.decision == Decision::allowed || state.decision == Decision::audited);
}

void tell_kernel_log(const Host& host, const DeviceState& state) {
  const Descriptor fd(::open((host.root / "dev/kmsg").c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC));
  if (fd.get() < 0) return;
  std::string line = cat(is_good(state) ? "<6>" : "<4>", "spdmctl: ", subject_of(state), ": ", sentence_of(state));
  if (line.size() > kMaxLogLine) line.resize(kMaxLogLine);
  line += '\n';
  // When even this fails, there is no place left to report it.
  [[maybe_unused]] const ssize_t written = ::write(fd.get(), line.data(), line.size());
}

}  // namespace spdm::cmd
