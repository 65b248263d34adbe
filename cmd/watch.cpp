// watch: a service that attests devices again when they arrive, wake up, or are reset.
#include <sys/utsname.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>

#include "cmd/gate/autoprobe.h"
#include "cmd/gate/watcher.h"
#include "cmd/gate_setup.h"
#include "cmd/host/files.h"
#include "cmd/host/this_host.h"
#include "cmd/output/state_text.h"
#include "cmd/parse.h"
#include "cmd/verb.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

using transport::Bdf;

struct Options : GateOptions {
  OutputOptions output;
  std::string interval = "0";
  bool enforce = false, hold = false;
};

constexpr std::chrono::hours kLongestInterval{7 * 24};
constexpr Clock::duration kSlack = std::chrono::seconds(60);  // for what follows an appraisal: drivers take their time

// From Linux 6.19 on, drivers_autoprobe=0 also holds devices that are plugged in. Older kernels bind a loaded driver at once,
// whatever it says.
bool kernel_holds_newcomers() {
  utsname name{};
  unsigned major = 0, minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%u.%u", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 19);
}

Clock::duration interval_of(const Options& options) {
  return options.interval == "0" ? Clock::duration::zero() : parse_duration(options.interval, "--interval", kLongestInterval);
}

// While this object lives, the kernel binds no driver by itself: watch tells it which devices may have one. The destructor restores
// drivers_autoprobe. After a kill the next run does, or: spdmctl gate --release.
class Hold {
 public:
  explicit Hold(const transport::Host& host) : host_(host), control_(host) {
    const std::optional<AutoprobeNote> before = read_note(host_);
    ours_ = !before || before->watch;  // else a gate is at work, or left autoprobe off on purpose
    if (!before) write_note(host_, {.autoprobe = control_.autoprobe(), .watch = true});
    control_.set_autoprobe(false);
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() {
    try {
      const std::optional<AutoprobeNote> before = read_note(host_);
      if (!ours_ || !before) return;
      control_.set_autoprobe(before->autoprobe);
      remove_note(host_);
    } catch (const Error&) {  // there is no place left to report it
    }
  }

  // Lets the kernel look for drivers for those that are not held back.
  void let_bind(const std::vector<Bdf>& devices) const {
    for (const Bdf& bdf : devices) {
      try {
        if (!control_.driver(bdf) && control_.driver_override(bdf) != kSentinel) control_.probe(bdf);
      } catch (const Error&) {  // it has gone, or its driver failed on it: not our concern
      }
    }
  }

 private:
  transport::Host host_;
  transport::PciControl control_;
  bool ours_ = false;
};

class Watch {
 public:
  Watch(const Options& options, Console& console) : options_(options), console_(console), host_(this_host()) {}

  Exit run();

 private:
  void configure();
  std::vector<Attention> devices(bool judged_too) const;
  void attend(const std::vector<Bdf>& devices, Occasion occasion);
  void tell(const DeviceState& state);
  void complain(const std::string& what);

  const Options& options_;
  Console& console_;
  std::mutex mutex_;  // of the console
  transport::Host host_;
  GateMode mode_ = GateMode::audit;
  Clock::duration patience_{};
  std::optional<Hold> hold_;
  std::atomic<bool> left_behind_ = false;  // attestations that overran their limit may still run
};

// Settles the mode, at the start and at every reload.
void Watch::configure() {
  const GateSetup setup = set_up_gate(options_, host_, console_);
  const ChosenMode chosen = choose_mode(options_, setup.policy, host_, console_);
  const bool refrains = chosen.mode == GateMode::enforce && !options_.enforce;  // as the gate does on a running system
  mode_ = refrains ? GateMode::audit : chosen.mode;
  patience_ = 2 * setup.policy.timeout + kSlack;

  const bool enforces = mode_ == GateMode::enforce;
  if (!options_.hold || !enforces || !kernel_holds_newcomers())
    hold_.reset();
  else if (!hold_)
    hold_.emplace(host_);
  std::string promise = "a device that is plugged in is judged after its driver was bound, and unbound when it fails";
  if (hold_) promise = "a device that is plugged in finds no driver before it is judged";
  if (!enforces)
    promise =
        cat("devices are left as they are (", refrains ? "--enforce was not given" : cat("mode ", name(mode_), ": ", chosen.from), ")");
  console_.note(cat("spdmctl: watching PCI devices; ", promise));
  if (options_.hold && enforces && !hold_)
    console_.note("spdmctl: --hold: this kernel (before 6.19) binds drivers to devices that are plugged in whatever it is told");
}

void Watch::complain(const std::string& what) {
  const std::lock_guard lock(mutex_);
  console_.note(cat("spdmctl: ", printable(what)));
}

void Watch::tell(const DeviceState& state) {
  const std::lock_guard lock(mutex_);
  if (console_.format == Format::ndjson) {
    Json line{{"schema", kStateSchema}};
    line.update(to_json(state));
    console_.out(line.dump() + "\n");
  } else {
    console_.out(state_text(state, false));
  }
  console_.flush();
}

// Devices that were there before the service, and that no gate has attested; with `judged_too` (after a reload) all.
std::vector<Attention> Watch::devices(bool judged_too) const {
  std::vector<Attention> out;
  for (const transport::PciDevice& device : transport::scan(host_)) {
    try {
      const std::optional<DeviceState> state = read_state(host_, to_string(device.bdf));
      // A gate that was killed while it acted may not have finished.
      const bool settled = state && state->decision != Decision::pending && !disagrees(*state, transport::PciControl(host_));
      if (!judged_too && settled) continue;
    } catch (const Error&) {  // a state that cannot be understood is none
    }
    out.push_back({device.bdf, judged_too ? Occasion::request : Occasion::start});
  }
  return out;
}

void Watch::attend(const std::vector<Bdf>& devices, Occasion occasion) {
  std::vector<Bdf> wanted = devices;
  // Drivers bind all the time to devices that were allowed. A driver on a refused device was forced on it.
  if (occasion == Occasion::bind)
    std::erase_if(wanted, [&](const Bdf& bdf) {
      const std::optional<DeviceState> state = read_state(host_, to_string(bdf));
      const bool refused = state && state->exit != Exit::ok && (state->decision == Decision::blocked || state->decision == Decision::late);
      return !refused || !transport::PciControl(host_).driver(bdf);
    });
  if (!wanted.empty() && occasion != Occasion::driver) {
    // Keyring, policy and time are read anew each time, however long the service runs.
    GateSetup setup = set_up_gate(options_, host_, console_);
    Gatekeeper gatekeeper(host_, std::move(setup.policy), mode_, std::move(setup.attest),
                          [this](const DeviceState& state) { tell(state); });
    const auto note = [&] {
      if (gatekeeper.left_behind() > 0) left_behind_ = true;
    };
    try {
      gatekeeper.attend(wanted, occasion);
    } catch (...) {
      note();
      throw;
    }
    note();
  }
  if (hold_) hold_->let_bind(devices);
}

Exit Watch::run() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // the threads inherit it: the watcher reads them
  // The socket comes first: events during the first look at the devices are not lost.
  transport::UeventSocket events;
  const ServiceManager manager;
  for (bool first = true;; first = false) {
    configure();
    Watcher watcher(
        {.host = host_, .interval = interval_of(options_), .drivers = hold_.has_value(), .patience = patience_}, events, manager,
        [this](const std::vector<Bdf>& devices, Occasion occasion) { attend(devices, occasion); },
        [this](const std::string& what) { complain(what); });
    if (watcher.run(devices(!first)) == Watcher::End::stop) break;
    manager.tell("RELOADING=1");
  }
  manager.tell("STOPPING=1");
  // Threads that hang in a device must neither delay the exit nor see their data destroyed.
  if (left_behind_) {
    hold_.reset();
    ::_exit(static_cast<int>(Exit::ok));
  }
  return Exit::ok;
}

Exit run(const Options& options, Console& console) {
  refuse_format_as_file(options.output.file);
  if (!options.output.file.empty() && options.output.file != "-")
    throw Error(ErrorId::usage, "--output: watch writes for as long as it runs, and a file would never be whole",
                "have its standard output go where you want it");
  apply(options.output, console);
  if (console.format != Format::text && console.format != Format::ndjson)
    throw Error(
        ErrorId::usage,
        cat(options.output.json ? "--json" : given_as("--format"), ": watch writes a line whenever something happens, not one document"),
        "give --format text or ndjson");
  check(options);
  interval_of(options);
  return Watch(options, console).run();
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  add_output_options(parser, options->output);
  options->output.format_given->description("text or ndjson; text if not given");
  for (const char* const refused : {"--output", "--json"}) parser.get_option(refused)->group("");
  add_gate_options(parser, *options);
  parser.add_option("--interval", options->interval, "Attest all devices again after so long; 0, the default, is never")
      ->type_name("DURATION")
      ->group("Gate");
  parser.add_flag("--enforce", options->enforce, "Do what policy says, and do not only tell")->group("Gate");
  parser.add_flag("--hold", options->hold, "Let no driver bind to a device that is plugged in before it is judged (Linux 6.19 or newer)")
      ->group("Gate");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb watch_verb{"watch",
                      "Attest PCI devices again when they arrive, wake up or are reset",
                      "  spdmctl watch\n"
                      "  spdmctl watch --enforce --interval 1h\n"
                      "  spdmctl watch --format ndjson --policy ./policy.d --keyring ./roots\n",
                      setup,
                      {.schema = kStateSchema}};

}  // namespace spdm::cmd
