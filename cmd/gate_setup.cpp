#include "cmd/gate_setup.h"

#include <fcntl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <memory>

#include "cmd/attest/policy_files.h"
#include "cmd/host/layers.h"
#include "cmd/output/state_text.h"
#include "cmd/parse.h"
#include "core/calendar.h"
#include "core/descriptor.h"
#include "core/text.h"

namespace spdm::cmd {

using transport::Host;

namespace {

constexpr std::size_t kMaxLogLine = 900;  // the kernel cuts its lines at about 1000 bytes

}  // namespace

void add_gate_options(CLI::App& parser, GateOptions& options) {
  add_keyring_options(parser, options.trust);
  options.trust.compares = true;  // with the system's reference values
  options.trust.of_gate = true;
  parser.add_option("--mode", options.mode, "off, audit (attest and tell, do nothing) or enforce; what the policy says if not given")
      ->type_name("MODE")
      ->group("Gate");
  add_via_option(parser, options.via, "Gate");
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
  if (via_of(options.via) == transport::Via::mctp)
    throw Error(ErrorId::usage, "--via mctp: the gate is about PCI functions, and those are no MCTP endpoints", "give doe or storage");
}

GateSetup set_up_gate(const GateOptions& options, const Host& host, const Console& console,
                      std::shared_ptr<transport::DriveOpener> drives) {
  GateSetup out;
  const std::time_t clock = std::time(nullptr);
  out.time = time_of_gate(host, clock, options.trust.at.empty() ? std::nullopt : std::optional<std::int64_t>(time_of(options.trust)));
  TrustOptions trust = options.trust;
  if (out.time.source != TimeSource::clock) trust.at = utc_of(out.time.at);
  ModeQuestion question{.given = gate_mode_of(options.mode), .policy_paths = options.policies};
  try {
    out.policy = load_policy(options.policies, guard_of_named(options.trust));
    question.policy = &out.policy;
    const std::shared_ptr<const Verifier> verifier(
        new Verifier(make_verifier(trust, {}, console, std::make_shared<const Policy>(out.policy))));  // it cannot be moved
    out.verifier = verifier;
    out.attest = make_attest({.host = host, .via = via_of(options.via), .drives = std::move(drives)}, verifier);
  } catch (const Error& error) {
    out.broken = error;
    out.attest = refuse_all(error);
    console.complain(error);
  }
  question.broken = out.broken.has_value();
  out.mode = mode_in_force(host, question);
  if (!options.timeout.empty()) out.policy.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(parse_duration(options.timeout));
  return out;
}

void tell_setup(const GateSetup& setup, const Console& console) {
  const ModeInForce& mode = setup.mode;
  for (const std::string& warning : {mode.warning, setup.time.warning})
    if (!warning.empty()) console.note(cat("spdmctl: ", warning));
  if (!setup.broken || mode.mode == GateMode::off) return;
  if (mode.mode == GateMode::enforce)
    console.note(cat("spdmctl: no device can be judged: the gate stays closed for every device that may speak SPDM (", mode.from(), ")"));
  else
    console.note(cat("spdmctl: no device can be judged, and nothing is done to any: mode audit (", mode.from(), ")"));
}

bool is_worth_keeping(const GateSetup& setup) {
  return !setup.broken && (setup.mode.source == ModeSource::policy || setup.mode.source == ModeSource::none);
}

std::vector<std::filesystem::path> configuration_read_again(const GateOptions& options) {
  std::vector<std::filesystem::path> out = trust_places(options.trust);
  for (std::filesystem::path& place : policy_places(options.policies)) out.push_back(std::move(place));
  // A layer that is made later counts, too.
  for (const std::filesystem::path& layer : layers_of("policy.d")) out.push_back(layer.parent_path());
  return lasting_places(out);
}

bool is_good(const DeviceState& state) {
  return state.exit == Exit::ok && (state.decision == Decision::allowed || state.decision == Decision::audited);
}

void write_kernel_log(const Host& host, std::string line) {
  const Descriptor fd(::open((host.root / "dev/kmsg").c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC));
  if (fd.get() < 0) return;
  if (line.size() > kMaxLogLine) line.resize(kMaxLogLine);
  line += '\n';
  // When even this fails, there is no place left to report it.
  [[maybe_unused]] const ssize_t written = ::write(fd.get(), line.data(), line.size());
}

void tell_kernel_log(const Host& host, const DeviceState& state) {
  write_kernel_log(host, cat(is_good(state) ? "<6>" : "<4>", "spdmctl: ", subject_of(state), ": ", sentence_of(state)));
}

}  // namespace spdm::cmd
