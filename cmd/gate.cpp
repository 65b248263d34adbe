// gate: no driver binds to a device that was not attested.
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <memory>

#include "cmd/attest/drive_scope.h"
#include "cmd/gate_manifest.h"
#include "cmd/gate_setup.h"
#include "cmd/host/drive_broker.h"
#include "cmd/host/this_host.h"
#include "cmd/image_survey.h"
#include "cmd/output/state_text.h"
#include "cmd/verb.h"
#include "core/calendar.h"
#include "core/text.h"
#include "transport/naming.h"

namespace spdm::cmd {

namespace {

using transport::Bdf;
using transport::Host;

constexpr std::string_view kSchema = "spdmctl.gate/2";

struct Options : GateOptions {
  OutputOptions output;
  std::vector<std::string> addresses;
  std::string occasion;
  bool dry_run = false, enforce = false, release = false, manifest = false;
  std::string kernel, image;  // of the manifest
};

void check(const Options& options) {
  if (options.dry_run && options.enforce) throw Error(ErrorId::usage, "--dry-run and --enforce cannot be combined", "give one of them");
  if (options.release && (options.dry_run || options.enforce || !options.mode.empty()))
    throw Error(ErrorId::usage, "--release cannot be combined with --mode, --dry-run or --enforce", "give it alone, or with addresses");
  if (options.manifest && (options.release || options.dry_run || options.enforce || !options.mode.empty() || !options.addresses.empty()))
    throw Error(ErrorId::usage, "--manifest looks at no device: it cannot be combined with BDF, --mode, --dry-run, --enforce or --release",
                "give it alone, or with --kernel and --image");
  if (!options.manifest && (!options.kernel.empty() || !options.image.empty()))
    throw Error(ErrorId::usage, "--kernel and --image require --manifest", "see: spdmctl gate --help");
  check(static_cast<const GateOptions&>(options));
}

// The occasion is boot in an initrd, and request elsewhere, unless the user gave one.
Occasion occasion_from(const std::string& given, bool initrd) {
  if (given.empty()) return initrd ? Occasion::boot : Occasion::request;
  if (const std::optional<Occasion> out = value_of(kGateOccasions, given)) return *out;
  throw Error(ErrorId::usage, cat("--occasion: '", printable(given), "' is unknown"), cat("give ", names_of(kGateOccasions)));
}

bool in_initrd(const Host& host) {
  std::error_code ignored;
  return std::filesystem::exists(host.root / "etc/initrd-release", ignored);
}

Exit release(const Options& options, Console& console, const Host& host) {
  const std::vector<Bdf> wanted = transport::functions_named(options.addresses, host);
  work_on_host(console, host, HostUse::change);
  Gatekeeper gatekeeper(host, Policy{}, GateMode::enforce, {}, {});
  const std::vector<Bdf> released = gatekeeper.release(wanted);
  if (options.addresses.empty()) forget_time(host);
  Json document = begin_document(kSchema);
  document["devices"] = Json::array();  // none is attested
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

Json document_of(const std::vector<DeviceState>& states, const GateSetup& setup, bool dry_run, Occasion occasion, Exit exit) {
  Json out = begin_document(kSchema);
  out["mode"] = name(setup.mode.mode);
  out["mode_from"] = name(setup.mode.source);
  out["judged_at"] = utc_of(setup.time.at);
  out["judged_at_from"] = name(setup.time.source);
  out["dry_run"] = dry_run;
  out["occasion"] = name(occasion);
  out["devices"] = Json::array();
  for (const DeviceState& state : states) out["devices"].push_back(to_json(state));
  if (setup.broken) out["error"] = error_json(*setup.broken);
  out["exit_code"] = static_cast<int>(exit);
  return out;
}

// The boot must tell a device that is held back from a gate that could not hold anything: there, every exit code but 1 and 2 is
// about devices. A host without PCI, and another gate at work, leave nothing open.
std::vector<DeviceState> work(Gatekeeper& gatekeeper, const std::vector<Bdf>& only, Occasion occasion) {
  try {
    return only.empty() ? gatekeeper.run(occasion) : gatekeeper.attend(only, occasion);
  } catch (const Error& error) {
    if (occasion != Occasion::boot || error.id == ErrorId::no_device || error.id == ErrorId::busy) throw;
    Error out(ErrorId::io, cat("the gate failed: ", error.what()), error.hint);
    out.device = error.device;
    throw out;
  }
}

// On the console of an initrd, where nobody has the manual at hand.
void tell_way_out(const std::vector<DeviceState>& states, const Console& console) {
  const auto held = std::count_if(states.begin(), states.end(), is_shut);
  if (held == 0) return;
  console.note(cat("spdmctl: ", held, held == 1 ? " device is" : " devices are",
                   " held back; spdmctl status shows why, spdmctl gate --release releases them, and spdmctl.gate=audit on the kernel "
                   "command line boots without"));
}

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  check(options);
  if (options.manifest) return write_manifest(options.kernel, options.image, console);
  const Host host = this_host();
  const bool initrd = in_initrd(host);
  const Occasion occasion = occasion_from(options.occasion, initrd);
  const std::vector<Bdf> only = transport::functions_named(options.addresses, host);
  if (options.release) return release(options, console, host);

  const bool drives = may_need_drives(host, via_of(options.via));
  DriveBroker broker = drives ? start_drive_broker({.root = host.root}) : DriveBroker{};
  const GateSetup setup = set_up_gate(options, host, console, broker.opener);
  const ModeInForce& chosen = setup.mode;
  const bool off = chosen.mode == GateMode::off;
  tell_setup(setup, console);
  work_on_host(console, host, HostUse::change, {.broker_lacks = drives ? std::optional(broker.missing) : std::nullopt});
  if (occasion == Occasion::boot && !options.dry_run)
    for (const std::string& warning : {chosen.warning, setup.time.warning})
      if (!warning.empty()) write_kernel_log(host, cat("<4>spdmctl: ", warning));
  Gatekeeper::Options settings(chosen.mode);
  // A mode that nobody chose is a look at what there is, and leaves no trace.
  const bool looks_only = chosen.mode == GateMode::enforce || chosen.source == ModeSource::none;
  settings.dry_run = options.dry_run || (looks_only && !options.enforce && !initrd);
  std::optional<ProgressOfWork> progress(std::in_place, console.progress(), "device", "devices");
  const auto tell = [&](const DeviceState& state) {
    if (progress) progress->add(1);
    if (occasion == Occasion::boot && !settings.dry_run) tell_kernel_log(host, state);
  };
  Gatekeeper gatekeeper(host, setup.policy, settings, setup.attest, tell);
  const std::vector<DeviceState> states = work(gatekeeper, only, occasion);
  progress.reset();
  if (!settings.dry_run && !off) keep_time(host, setup.time);  // who looks at nothing has no verdict
  if (!settings.dry_run && is_worth_keeping(setup)) keep_mode(host, chosen.mode);

  // At boot, exit code 2 means a wrong command line, so that nothing was held. Here devices are held.
  const Exit closed = occasion == Occasion::boot || !setup.broken ? Exit::policy : row(setup.broken->id).exit;
  Exit exit = setup.broken && !off ? closed : Exit::ok;
  std::string text;
  for (const DeviceState& state : states) {
    // Exit code 1 means that the gate could not do its work. Here it did.
    exit = worse(exit, state.exit == Exit::internal ? Exit::policy : state.exit);
    text += state_text(state, settings.dry_run);
  }
  for (const Bdf& bdf : only) {
    std::error_code ignored;
    if (off || std::filesystem::exists(host.pci() / "devices" / to_string(bdf), ignored) || text.find(to_string(bdf)) != std::string::npos)
      continue;
    Error gone(ErrorId::no_device, "is not there", "list PCI functions with: spdmctl list --all");
    gone.device = to_string(bdf);
    console.complain(gone);
    exit = worse(exit, row(gone.id).exit);
  }
  if (off)
    text = cat("The gate is off (", chosen.from(), "): no device was checked.\n");
  else if (states.empty())
    text = "No device is in scope: none has a mailbox for SPDM, and no rule expects one.\n";
  write_document(console, document_of(states, setup, settings.dry_run, occasion, exit), text);
  if (occasion == Occasion::boot && !settings.dry_run) tell_way_out(states, console);
  if (settings.dry_run && !states.empty() && chosen.mode == GateMode::enforce)
    console.note("spdmctl: nothing was changed; --enforce applies these decisions");
  if (!states.empty() && chosen.source == ModeSource::none && chosen.warning.empty() && !setup.broken)
    console.note(cat("spdmctl: devices are left as they are: mode audit (", chosen.from(), ")"));
  // Threads that hang in a device must neither delay the exit nor see their data destroyed.
  if (gatekeeper.left_behind() > 0) ::_exit(static_cast<int>(exit));
  return exit;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  parser.add_option("address", options->addresses, "Only these PCI functions, with all functions of their devices; default: all")
      ->type_name("[BDF...]");
  add_output_options(parser, options->output);
  add_gate_options(parser, *options);
  parser.add_flag("--dry-run", options->dry_run, "Attest and show what would be done; the default outside an initrd")->group("Gate");
  parser.add_flag("--enforce", options->enforce, "Outside an initrd: apply the decisions")->group("Gate");
  parser.add_flag("--release", options->release, "Undo what a gate did: let drivers bind again")->group("Gate");
  parser.add_option("--occasion", options->occasion, cat("Why the gate runs: ", names_of(kGateOccasions)))
      ->type_name("WHAT")
      ->group("Gate");
  const auto add_of_image = [&](const char* option, std::string& value, const char* help, const char* type) {
    parser.add_option(option, value, help)->type_name(type)->group("Image");
  };
  parser.add_flag("--manifest", options->manifest, "List the files that a new initrd image takes from this system")->group("Image");
  add_of_image("--kernel", options->kernel, "The version of the kernel that the image is for", "VERSION");
  add_of_image("--image", options->image, "The file of the image", "FILE");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb gate_verb{"gate",
                     "Keep drivers off PCI devices that do not authenticate",
                     "  spdmctl gate\n"
                     "  spdmctl gate --enforce --occasion arrival 0000:03:00.0\n"
                     "  spdmctl gate --release\n",
                     setup,
                     {.schema = kSchema, .devices = true},
                     {{{"--manifest", {.schema = kImageSchema}}}}};

}  // namespace spdm::cmd
