// gate: no driver binds to a device that was not attested.
#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "cmd/gatekeeper.h"
#include "cmd/host.h"
#include "cmd/parse.h"
#include "cmd/state_text.h"
#include "cmd/verb.h"
#include "core/text.h"
#include "transport/descriptor.h"

namespace cmd {

namespace {

using spdm::cat;
using spdm::Error;
using spdm::ErrorId;
using spdm::Exit;
using spdm::printable;
using spdm::Verdict;
using transport::Bdf;
using transport::Host;

constexpr std::string_view kSchema = "spdmctl.gate/1";
constexpr std::string_view kParameter = "spdmctl.gate=";
constexpr std::size_t kMaxLogLine = 900;  // the kernel cuts its lines at about 1000 bytes

struct Options {
  OutputOptions output;
  TrustOptions trust;
  std::vector<std::string> policies, addresses;
  std::string mode, timeout, occasion;
  bool dry_run = false, enforce = false, release = false;
};

struct Chosen {
  GateMode mode = GateMode::enforce;
  std::string from = "default";
};

std::vector<Bdf> parse_addresses(const std::vector<std::string>& words) {
  std::vector<Bdf> out;
  for (const std::string& word : words) {
    const std::optional<Bdf> bdf = transport::parse_bdf(word);
    if (!bdf) throw Error(ErrorId::usage, cat("'", printable(word), "' is no address of a PCI function"), "write it as 0000:03:00.0");
    out.push_back(*bdf);
  }
  return out;
}

void check(const Options& options) {
  if (options.dry_run && options.enforce) throw Error(ErrorId::usage, "--dry-run and --enforce contradict each other", "give one of them");
  if (options.release && (options.dry_run || options.enforce || !options.mode.empty()))
    throw Error(ErrorId::usage, "--release goes with none of --mode, --dry-run and --enforce", "give it alone, or with addresses");
  if (!options.mode.empty() && !gate_mode_of(options.mode))
    throw Error(ErrorId::usage, cat("--mode: '", printable(options.mode), "' is no mode"), "give off, audit or enforce");
  for (const std::string_view known : {"", "boot", "arrival", "resume", "reset", "interval", "request"})
    if (options.occasion == known) return;
  throw Error(ErrorId::usage, cat("--occasion: '", printable(options.occasion), "' is unknown"),
              "give boot, arrival, resume, reset, interval or request");
}

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

// Who stands at the boot loader has the last word: this is the way out when a policy locks its owner out.
Chosen choose_mode(const Options& options, const Policy& policy, const Host& host, const Console& console) {
  if (const std::optional<std::string> word = kernel_parameter(host)) {
    const std::optional<GateMode> mode = gate_mode_of(*word);
    if (!mode)
      console.note(cat("spdmctl: ", kParameter, printable(*word),
                       " on the kernel command line is no mode (off, audit, enforce); the gate enforces"));
    return {mode.value_or(GateMode::enforce), "kernel command line"};
  }
  if (!options.mode.empty()) return {*gate_mode_of(options.mode), "--mode"};
  if (policy.mode) return {*policy.mode, "policy"};
  return {};
}

bool in_initrd(const Host& host) {
  std::error_code ignored;
  return std::filesystem::exists(host.root / "etc/initrd-release", ignored);
}

bool is_good(const DeviceState& state) {
  return state.exit == Exit::ok && (state.decision == Decision::allowed || state.decision == Decision::audited);
}

// At boot there may be no journal yet, and no terminal.
void tell_kernel_log(const Host& host, const DeviceState& state) {
  const transport::Descriptor fd(::open((host.root / "dev/kmsg").c_str(), O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC));
  if (fd.get() < 0) return;
  std::string line = cat(is_good(state) ? "<6>" : "<4>", "spdmctl: ", subject_of(state), ": ", sentence_of(state));
  if (line.size() > kMaxLogLine) line.resize(kMaxLogLine);
  line += '\n';
  // Nobody is left to tell when even this fails.
  [[maybe_unused]] const ssize_t written = ::write(fd.get(), line.data(), line.size());
}

// What the devices are judged by. Throws Error when it cannot be had.
Gatekeeper::Attest prepare(const Options& options, const Host& host, const Console& console) {
  const std::shared_ptr<const Judge> judge(new Judge(make_judge(options.trust, {}, console)));
  return make_attest(host, judge);
}

std::vector<std::filesystem::path> directories_of(const Options& options) {
  if (options.policies.empty()) return policy_directories();
  std::vector<std::filesystem::path> out;
  for (const std::string& directory : options.policies) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(directory, ignored)) {
      Error error(ErrorId::config, "is no directory that can be read", "--policy takes a directory of YAML files");
      error.device = directory;
      throw error;
    }
    out.emplace_back(directory);
  }
  return out;
}

Exit release(const Options& options, Console& console, const Host& host) {
  Gatekeeper gatekeeper(host, Policy{}, GateMode::enforce, {}, {});
  const std::vector<Bdf> released = gatekeeper.release(parse_addresses(options.addresses));
  Json document = begin_document(kSchema);
  document["released"] = Json::array();
  document["exit_code"] = 0;
  std::string text;
  for (const Bdf& bdf : released) {
    document["released"].push_back(to_string(bdf));
    text += cat(to_string(bdf), "  released\n");
  }
  write_document(console, document, released.empty() ? "Nothing was held back.\n" : text);
  return Exit::ok;
}

Json document_of(const std::vector<DeviceState>& states, const Chosen& chosen, bool dry_run, const std::string& occasion,
                 const std::optional<Error>& broken, Exit exit) {
  Json out = begin_document(kSchema);
  out["mode"] = name(chosen.mode);
  out["mode_from"] = chosen.from;
  out["dry_run"] = dry_run;
  out["occasion"] = occasion;
  out["devices"] = Json::array();
  for (const DeviceState& state : states) out["devices"].push_back(to_json(state));
  if (broken)
    out["error"] = Json{{"id", row(broken->id).name},
                        {"message", printable(broken->what())},
                        {"hint", printable(broken->hint)},
                        {"device", printable(broken->device)}};
  out["exit_code"] = static_cast<int>(exit);
  return out;
}

// What starts the gate in an initrd must tell a device that is held back from a gate that could not hold anything: any
// code but 1 is about devices there. No PCI, and another gate at work, leave nothing open.
std::vector<DeviceState> work(Gatekeeper& gatekeeper, const std::vector<Bdf>& only, const std::string& occasion, bool initrd) {
  try {
    return only.empty() ? gatekeeper.run(occasion) : gatekeeper.attend(only, occasion);
  } catch (const Error& error) {
    if (!initrd || error.id == ErrorId::no_device || error.id == ErrorId::busy) throw;
    Error out(ErrorId::io, cat("the gate could not do its work: ", error.what()), error.hint);
    out.device = error.device;
    throw out;
  }
}

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  check(options);
  const std::vector<Bdf> only = parse_addresses(options.addresses);
  const std::optional<std::chrono::steady_clock::duration> timeout =
      options.timeout.empty() ? std::nullopt : std::optional(parse_seconds(options.timeout));
  time_of(options.trust);
  const Host host = this_host();
  if (options.release) return release(options, console, host);

  // A policy or a keyring that cannot be read must not be an open gate: what would be attested stays blocked.
  Policy policy;
  Gatekeeper::Attest attest;
  std::optional<Error> broken;
  try {
    policy = load_policy(directories_of(options));
    attest = prepare(options, host, console);
  } catch (const Error& error) {
    broken = error;
    attest = refuse_all(error);
    console.complain(error);
  }
  if (timeout) policy.timeout = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);

  const Chosen chosen = choose_mode(options, policy, host, console);
  const bool off = chosen.mode == GateMode::off;
  if (broken && !off) console.note("spdmctl: no device can be judged: the gate stays closed for every device that may speak SPDM");
  const bool initrd = in_initrd(host);
  Gatekeeper::Options settings(chosen.mode);
  settings.dry_run = options.dry_run || (chosen.mode == GateMode::enforce && !options.enforce && !initrd);
  const std::string occasion = !options.occasion.empty() ? options.occasion : initrd ? "boot" : "request";
  const auto tell = [&](const DeviceState& state) {
    if (occasion == "boot" && !settings.dry_run) tell_kernel_log(host, state);
  };
  Gatekeeper gatekeeper(host, policy, settings, attest, tell);
  const std::vector<DeviceState> states = work(gatekeeper, only, occasion, initrd);

  Exit exit = broken && !off ? row(broken->id).exit : Exit::ok;
  std::string text;
  for (const DeviceState& state : states) {
    // 1 is for a gate that could not do its work: here it did.
    exit = worse(exit, state.exit == Exit::internal ? Exit::policy : state.exit);
    text += state_text(state, settings.dry_run);
  }
  if (off)
    text = cat("The gate is off (", chosen.from, "): no device was looked at.\n");
  else if (states.empty())
    text = "No device is in scope: none has a mailbox for SPDM, and no rule expects one.\n";
  write_document(console, document_of(states, chosen, settings.dry_run, occasion, broken, exit), text);
  if (settings.dry_run && !states.empty() && chosen.mode == GateMode::enforce)
    console.note("spdmctl: nothing was changed; --enforce does what was said");
  // Threads that hang in a device must not stay on the way out, nor see what they use torn down.
  if (gatekeeper.left_behind() > 0) ::_exit(static_cast<int>(exit));
  return exit;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  parser.add_option("address", options->addresses, "Only these PCI functions, with all functions of their devices; all if not given")
      ->type_name("BDF");
  add_output_options(parser, options->output);
  add_keyring_options(parser, options->trust);
  parser.add_option("--mode", options->mode, "off, audit (attest and tell, do nothing) or enforce; what the policy says if not given")
      ->type_name("MODE")
      ->group("Gate");
  parser.add_flag("--dry-run", options->dry_run, "Attest and tell what would be done; the default outside of an initrd")->group("Gate");
  parser.add_flag("--enforce", options->enforce, "Outside of an initrd: do it, too")->group("Gate");
  parser.add_flag("--release", options->release, "Undo what a gate did: let drivers bind again")->group("Gate");
  add_repeatable(parser, "--policy", options->policies, "Read the policy from this directory, in place of the system's")
      ->type_name("DIR")
      ->envname("SPDMCTL_POLICY")
      ->group("Gate");
  parser.add_option("--timeout", options->timeout, "Time for all devices together; that of the policy, or 30, if not given")
      ->type_name("SECONDS")
      ->group("Gate");
  parser.add_option("--occasion", options->occasion, "Why now: boot, arrival, resume, reset, interval or request")
      ->type_name("WHAT")
      ->group("Gate");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb gate_verb{"gate", "Keep drivers off PCI devices that do not authenticate",
                     "  spdmctl gate\n"
                     "  spdmctl gate --enforce --occasion arrival 0000:03:00.0\n"
                     "  spdmctl gate --release\n",
                     setup};

}  // namespace cmd
