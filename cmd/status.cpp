// status: what became of the devices, and whether that is still so.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmd/attest/policy_files.h"
#include "cmd/gate/autoprobe.h"
#include "cmd/gate/gate_mode.h"
#include "cmd/gate/gatekeeper.h"
#include "cmd/gate_setup.h"
#include "cmd/host/run_files.h"
#include "cmd/host/this_host.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/output/state_text.h"
#include "cmd/verb.h"
#include "core/text.h"
#include "transport/naming.h"

namespace spdm::cmd {

namespace {

using transport::Bdf;
using transport::Host;

constexpr std::string_view kSchema = "spdmctl.status/1";

struct Options : GateOptions {
  OutputOptions output;
  std::vector<std::string> addresses;
};

// A state, and what the kernel shows of the device now.
struct Line {
  DeviceState state;
  std::optional<std::string> driver;
  std::vector<std::string> warnings;
};

// The serial number is compared only when all of configuration space could be read.
bool is_another(const DeviceState& state, const transport::PciDevice& device) {
  if (!state.identity) return false;
  try {
    PciIdentity then = parse_pci_identity(*state.identity);
    if (device.identity.serial == 0 && !device.mailboxes) then.serial = 0;
    return then != device.identity;
  } catch (const Error&) {  // what stands there is no identity
    return true;
  }
}

void look_at(const Host& host, const std::vector<transport::PciDevice>& devices, Line& line) {
  const DeviceState& state = line.state;
  const std::optional<Bdf> bdf = transport::parse_bdf(state.bdf);
  const auto device = std::find_if(devices.begin(), devices.end(), [&](const auto& other) { return other.bdf == bdf; });
  if (device == devices.end()) {
    if (state.decision != Decision::absent && !was_taken_away(state)) line.warnings.emplace_back("it is gone");
    return;
  }
  if (state.decision == Decision::absent) line.warnings.emplace_back("it is present now: spdmctl gate --enforce judges it");
  const transport::PciControl control(host);
  const bool held = control.driver_override(*bdf) == kSentinel;
  line.driver = control.driver(*bdf);
  if (is_shut(state) && line.driver) line.warnings.push_back(cat("driver ", *line.driver, " is bound all the same"));
  if (is_shut(state) && !held) line.warnings.emplace_back("it is no longer held back: its driver_override is gone");
  if (is_shut(state) && was_taken_away(state)) line.warnings.emplace_back("it was removed, and is present again");
  if (state.decision == Decision::allowed && held) line.warnings.emplace_back("driver_override still holds it back");
  if (state.decision == Decision::pending) line.warnings.emplace_back("a gate is running, or was killed: run spdmctl gate --enforce again");
  if (state.decision == Decision::late && state.occasion == Occasion::arrival && state.verdict == Verdict::pass)
    line.warnings.push_back(cat("a driver was bound before the verdict: ",
                                kernel_holds_newcomers(host) ? "spdmctl watch --hold prevents that"
                                                             : "holding back devices that are added later needs Linux 6.19 or newer"));
  if (!is_another(state, *device) && state.instance && !is_of(state, *device))
    line.warnings.emplace_back("it was removed since, or another device of its kind has its address: spdmctl gate --enforce judges it");
  if (is_another(state, *device)) line.warnings.push_back(cat("another device is there now: ", to_string(device->identity)));
}

std::vector<transport::PciDevice> devices_of(const Host& host) {
  try {
    return transport::scan(host);
  } catch (const Error& error) {
    if (error.id != ErrorId::no_device) throw;
    return {};  // states of devices that have all gone are still worth reading
  }
}

bool autoprobe_is_off(const Host& host) {
  try {
    return !transport::PciControl(host).autoprobe();
  } catch (const Error&) {
    return false;
  }
}

// An error for each function that was asked for and has no state.
std::vector<Error> unknown(const std::vector<Bdf>& asked, const std::vector<DeviceState>& states) {
  std::vector<Error> out;
  for (const Bdf& bdf : asked) {
    if (std::any_of(states.begin(), states.end(), [&](const DeviceState& state) { return transport::parse_bdf(state.bdf) == bdf; }))
      continue;
    out.emplace_back(ErrorId::no_device, "has no state: no gate has judged it", cat("judge it with: spdmctl gate ", to_string(bdf)))
        .device = to_string(bdf);
  }
  return out;
}

// A device that the policy covers, that has a driver, and that nobody has judged: it came after the gate, or there was none.
struct Unjudged {
  std::string bdf, driver;
};
constexpr std::string_view kWhyUnjudged = "is bound, and the device was not judged";
constexpr std::string_view kRemedyUnjudged = "spdmctl gate --enforce judges it";

// Without a policy nobody has to be judged.
std::vector<Unjudged> unjudged(const Options& options, const Host& host, const States& known,
                               const std::vector<transport::PciDevice>& devices) {
  const Policy policy = load_policy(options.policies);
  const std::set<Bdf> covered = in_scope(host, policy, devices);
  std::vector<Unjudged> out;
  for (const transport::PciDevice& device : devices) {
    const auto is_about = [&](const DeviceState& state) {
      return state.decision != Decision::absent && transport::parse_bdf(state.bdf) == device.bdf;
    };
    // Who is not root sees no mailboxes, and so not who is covered.
    if (!device.driver || device.hides_mailboxes() || !covered.contains(device.bdf)) continue;
    if (std::none_of(known.states.begin(), known.states.end(), is_about)) out.push_back({to_string(device.bdf), *device.driver});
  }
  return out;
}

std::string text_of(const Line& line) {
  const DeviceState& state = line.state;
  std::string out = state_text(state, false);
  const auto detail = [&](const std::string& text) { out += cat("    ", text, "\n"); };
  detail(cat(name(state.verdict), ", ", printable(state.time), ", ", name(state.occasion), ", rule ", printable(state.rule)));
  if (state.same_device) detail(*state.same_device ? "the same device as before" : "not the same device as before");
  if (state.decision != Decision::absent) detail(line.driver ? cat("driver ", printable(*line.driver)) : "no driver");
  for (const std::string& warning : line.warnings) detail(cat("warning: ", printable(warning)));
  return out;
}

Json json_of(const Line& line) {
  Json out = to_json(line.state);
  if (line.driver) out["driver_now"] = printable(*line.driver);
  out["warnings"] = Json::array();
  for (const std::string& warning : line.warnings) out["warnings"].push_back(printable(warning));
  return out;
}

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  const Host host = this_host();
  States states = read_states(host);
  const std::vector<Bdf> named = transport::functions_named(options.addresses, host);
  for (Error& error : unknown(named, states.states)) states.problems.push_back(std::move(error));
  const auto asked = [&](const DeviceState& state) {
    const std::optional<Bdf> bdf = transport::parse_bdf(state.bdf);
    return named.empty() || (bdf && std::find(named.begin(), named.end(), *bdf) != named.end());
  };
  const std::vector<transport::PciDevice> devices = devices_of(host);
  const ModeInForce mode = mode_in_force(host, options.policies);
  std::vector<Unjudged> others;
  bool enabled = true;
  try {
    enabled = !policy_drop_ins(options.policies).empty();
    if (enabled && mode.mode != GateMode::off && options.addresses.empty()) others = unjudged(options, host, states, devices);
  } catch (Error& error) {  // then nobody knows who should have been judged
    if (error.device.empty()) error.device = "policy";
    states.problems.push_back(error);
  }
  std::erase_if(states.states, [&](const DeviceState& state) { return !asked(state); });

  Json document = begin_document(kSchema);
  document["devices"] = Json::array();
  document["problems"] = Json::array();
  document["autoprobe"] = !autoprobe_is_off(host);
  document["mode"] = name(mode.mode);
  document["mode_from"] = name(mode.source);
  std::string text;
  Exit exit = Exit::ok;
  for (DeviceState& state : states.states) {
    Line line{std::move(state), {}, {}};
    look_at(host, devices, line);
    document["devices"].push_back(json_of(line));
    text += text_of(line);
    exit = worse(exit, line.state.exit);
    if (!line.warnings.empty()) exit = worse(exit, Exit::policy);
  }
  for (const Error& problem : states.problems) {
    Json& json = document["problems"].emplace_back(Json{{"where", printable(problem.device)}, {"why", printable(problem.what())}});
    if (!problem.hint.empty()) json["remedy"] = printable(problem.hint);
    exit = worse(exit, row(problem.id).exit);
  }
  document["unjudged"] = Json::array();
  for (const Unjudged& one : others) {
    document["unjudged"].push_back({{"bdf", one.bdf},
                                    {"driver", printable(one.driver)},
                                    {"why", cat("driver ", printable(one.driver), " ", kWhyUnjudged)},
                                    {"remedy", kRemedyUnjudged}});
    text += cat(one.bdf, "  unjudged: driver ", printable(one.driver), " ", kWhyUnjudged, "; ", kRemedyUnjudged, "\n");
    exit = worse(exit, Exit::policy);
  }
  document["holds_newcomers"] = kernel_holds_newcomers(host);
  document["exit_code"] = static_cast<int>(exit);
  if (enabled && !states.states.empty() && !kernel_holds_newcomers(host))
    text += "A device that is added after the gate gets its driver before it is judged: holding it back needs Linux 6.19 or newer.\n";
  if (states.states.empty() && states.problems.empty() && others.empty()) text = "No gate has judged a device since this system booted.\n";
  if (autoprobe_is_off(host)) text += "drivers_autoprobe is off: a gate is running, or was killed, or could not hold a device back\n";
  text += cat("mode ", name(mode.mode), " (", printable(mode.from()), ")\n");
  write_document(console, document, text);
  for (const Error& problem : states.problems) console.complain(problem);
  return exit;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  parser.add_option("address", options->addresses, "Only these PCI functions; default: all")->type_name("[BDF...]");
  add_output_options(parser, options->output);
  add_policy_path(parser, options->policies, "Policy on which devices must be judged: this file or directory instead of the system's",
                  "Gate");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb status_verb{"status",
                       "Show the gate's decisions on PCI devices, and whether they still hold",
                       "  spdmctl status\n"
                       "  spdmctl status --json 0000:03:00.0\n",
                       setup,
                       {.schema = kSchema, .devices = true}};

}  // namespace spdm::cmd
