// watch: a service that attests devices again when they arrive, wake up, or are reset.
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include "cmd/attest/policy_files.h"
#include "cmd/gate/autoprobe.h"
#include "cmd/gate/drive_watch.h"
#include "cmd/gate/event_poll.h"
#include "cmd/gate/watcher.h"
#include "cmd/gate_setup.h"
#include "cmd/host/drive_broker.h"
#include "cmd/host/files.h"
#include "cmd/host/run_files.h"
#include "cmd/host/secret_file.h"
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
  std::string interval = "0", events, background, end;
  bool enforce = false, hold = false, drives = false;
};

constexpr std::chrono::hours kLongestInterval{7 * 24};
constexpr std::chrono::seconds kShortestEvents{1};
constexpr std::chrono::seconds kWakeUp{2};                    // of a device that is asked for events
constexpr Clock::duration kSlack = std::chrono::seconds(60);  // for what follows an appraisal: drivers take their time

Clock::duration interval_of(const Options& options) {
  return options.interval == "0" ? Clock::duration::zero() : parse_duration(options.interval, "--interval", kLongestInterval);
}

// How often a device is asked for events; nothing: never.
std::optional<Clock::duration> event_interval_of(const Options& options) {
  if (options.events.empty()) return std::nullopt;
  const Clock::duration out = parse_duration(options.events, "--events");
  if (out < kShortestEvents)
    throw Error(ErrorId::usage, cat("--events: '", printable(options.events), "' is too short"),
                "a device is polled once a second at most");
  return out;
}

// The file of a watch in the background: it has its number, and is locked for as long as it lives.
Descriptor lock_background(const std::string& file) {
  Descriptor out(::open(file.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (out.get() < 0) throw Error(ErrorId::io, cat(printable(file), ": ", std::strerror(errno)));
  if (::flock(out.get(), LOCK_EX | LOCK_NB) != 0)
    throw Error(ErrorId::busy, cat(printable(file), ": another watch runs in the background"),
                cat("spdmctl watch --end ", printable(file)));
  return out;
}

// The process that was started ends here, and another one goes on: where nothing else supervises services. Standard error becomes
// the kernel's log.
void go_on_in_background(const Descriptor& file) {
  const pid_t child = ::fork();
  if (child < 0) throw Error(ErrorId::internal, cat("fork: ", std::strerror(errno)));
  if (child > 0) {
    const std::string text = cat(child, "\n");
    const bool written =
        ::ftruncate(file.get(), 0) == 0 && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (!written) ::kill(child, SIGKILL);
    ::_exit(static_cast<int>(written ? Exit::ok : Exit::internal));
  }
  ::setsid();
  const Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC)), log(::open("/dev/kmsg", O_WRONLY | O_NOCTTY | O_CLOEXEC));
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::dup2(fd == STDERR_FILENO && log.get() >= 0 ? log.get() : null.get(), fd);
}

// Ends the watch whose number is in the file, and waits for that. True when there was one.
bool end_background(const std::string& file) {
  const Descriptor fd(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (fd.get() < 0 && errno == ENOENT) return false;
  if (fd.get() < 0) throw Error(ErrorId::io, cat(printable(file), ": ", std::strerror(errno)));
  // Nobody but the one that lives has the lock: the number is not that of another process.
  while (::flock(fd.get(), LOCK_SH | LOCK_NB) != 0) {
    std::array<char, 32> text{};
    pid_t pid = 0;
    const ssize_t size = ::pread(fd.get(), text.data(), text.size(), 0);
    if (size > 0) std::from_chars(text.data(), text.data() + size, pid);
    if (pid > 1 && ::kill(pid, SIGTERM) != 0 && errno != ESRCH) throw Error(ErrorId::permission, cat("kill: ", std::strerror(errno)));
    if (pid > 1 && ::flock(fd.get(), LOCK_SH) == 0) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // its number is not written yet
  }
  ::unlink(file.c_str());
  return true;
}

class Watch {
 public:
  Watch(const Options& options, Console& console) : options_(options), console_(console), host_(this_host()) {}

  Exit run();
  // Gives autoprobe back for a watch that was killed.
  void give_back();

 private:
  void configure(Watcher* before);
  bool is_settled(const transport::PciDevice& device) const;
  std::vector<Attention> devices(bool judged_too) const;
  void attend(const std::vector<Bdf>& devices, Occasion occasion);
  void listen();
  void look_who_lacks();
  void attend_drives(const std::set<std::string>& nodes, Occasion occasion);
  void end_hold(Watcher* watcher);
  void tell(const DeviceState& state);
  void complain(const std::string& what);

  const Options& options_;
  Console& console_;
  std::mutex mutex_;  // of the console
  transport::Host host_;
  GateMode mode_ = GateMode::audit;
  Clock::duration patience_{};
  std::optional<Hold> hold_;
  DriveBroker broker_;                     // without an opener: drives are not asked their own way
  std::shared_ptr<EventPoll> events_;      // nullptr: devices are not asked for events
  std::atomic<bool> left_behind_ = false;  // attestations that overran their limit may still run
};

// Settles the mode, at the start and at every reload; `before` is the watcher that has ended for it.
void Watch::configure(Watcher* before) {
  const GateSetup setup = set_up_gate(options_, host_, console_, broker_.opener);
  const ModeInForce& chosen = setup.mode;
  tell_setup(setup, console_);
  if (is_worth_keeping(setup)) keep_mode(host_, chosen.mode);
  const bool refrains = chosen.mode == GateMode::enforce && !options_.enforce;  // as the gate does on a running system
  mode_ = refrains ? GateMode::audit : chosen.mode;
  patience_ = (options_.drives ? 3 : 2) * setup.policy.timeout + kSlack;

  const bool enforces = mode_ == GateMode::enforce;
  const bool holds = options_.hold && enforces && kernel_holds_newcomers(host_);
  if (!holds && hold_) end_hold(before);
  if (holds && !hold_) hold_.emplace(host_);
  std::string promise = "a device that is plugged in is judged after its driver was bound, and unbound when it fails";
  if (hold_) promise = "a device that is plugged in gets no driver before it is judged";
  if (!enforces)
    promise =
        cat("devices are left as they are (", refrains ? "--enforce was not given" : cat("mode ", name(mode_), ": ", chosen.from()), ")");
  console_.note(cat("spdmctl: watching PCI devices; ", promise));
  if (options_.hold && enforces && !hold_)
    console_.note("spdmctl: --hold has no effect: this kernel (before 6.19) binds drivers to devices that are plugged in");
}

// What has arrived and was not attended any more: what is in scope stays held, the others get their drivers.
void Watch::end_hold(Watcher* watcher) {
  try {
    GateSetup setup = set_up_gate(options_, host_, console_);
    Gatekeeper gatekeeper(host_, std::move(setup.policy), mode_, std::move(setup.attest),
                          [this](const DeviceState& state) { tell(state); });
    hold_->give_back([&] { gatekeeper.hold_unjudged(); });
    std::vector<Bdf> left;
    if (watcher == nullptr)
      for (const transport::PciDevice& device : transport::scan(host_)) left.push_back(device.bdf);
    else
      for (const Attention& attention : watcher->left())
        if (attention.occasion != Occasion::bind) left.push_back(attention.bdf);
    gatekeeper.admit(left);
  } catch (const Error& error) {
    complain(cat("drivers_autoprobe: ", error.what()));
  }
  hold_.reset();
}

void Watch::give_back() {
  const std::optional<AutoprobeNote> note = read_note(host_);
  if (!note || !note->watch) return;
  const GateSetup setup = set_up_gate(options_, host_, console_);
  mode_ = setup.mode.mode;
  hold_.emplace(host_);
  end_hold(nullptr);
}

void Watch::listen() {
  const std::optional<Clock::duration> interval = event_interval_of(options_);
  if (!interval) return;
  forbid_core_dumps();
  const auto open = [host = host_](const Bdf& bdf) { return open_again(to_string(bdf), kWakeUp, host); };
  events_ = std::make_shared<EventPoll>(
      EventPoll::Options{.interval = *interval, .open = open, .tell = [this](const std::string& what) { complain(what); }});
}

void Watch::complain(const std::string& what) {
  const std::lock_guard lock(mutex_);
  console_.note(cat("spdmctl: ", printable(what)));
}

void Watch::tell(const DeviceState& state) {
  const std::lock_guard lock(mutex_);
  if (!options_.background.empty()) {
    tell_kernel_log(host_, state);
  } else if (console_.format == Format::ndjson) {
    Json line{{"schema", kStateSchema}};
    line.update(to_json(state));
    console_.out(line.dump() + "\n");
  } else {
    console_.out(state_text(state, false));
  }
  console_.flush();
}

// Whether this very device was judged, and the kernel shows what was decided. A gate that was killed while it acted may not have
// finished.
bool Watch::is_settled(const transport::PciDevice& device) const {
  try {
    const std::optional<DeviceState> state = read_state(host_, to_string(device.bdf));
    const bool judged = state && is_of(*state, device) && state->decision != Decision::pending &&
                        (state->decision != Decision::audited || mode_ != GateMode::enforce);
    return judged && !disagrees(*state, transport::PciControl(host_));
  } catch (const Error&) {  // a state that cannot be understood is none
    return false;
  }
}

// Devices that were there before the service, and that no gate has attested; with `judged_too` (after a reload) all.
std::vector<Attention> Watch::devices(bool judged_too) const {
  std::vector<Attention> out;
  for (const transport::PciDevice& device : transport::scan(host_))
    if (judged_too || !is_settled(device)) out.push_back({device.bdf, judged_too ? Occasion::request : Occasion::start});
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
  // A device arrives once. Who asks for events anew (udevadm trigger) has the kernel say "add" of all of them, and one that was judged
  // when a driver was registered may have its event still to come: it would be late with the driver that it was given.
  if (occasion == Occasion::arrival)
    std::erase_if(wanted, [&](const Bdf& bdf) {
      try {
        return is_settled(transport::find_device(host_, bdf));
      } catch (const Error&) {  // it has gone
        return false;
      }
    });
  // A controller that takes commands now is asked when nobody could ask it without: its driver was not there.
  if (occasion == Occasion::drive)
    std::erase_if(wanted, [&](const Bdf& bdf) {
      const std::optional<DeviceState> state = read_state(host_, to_string(bdf));
      return !broker_.opener || !state || state->verdict != Verdict::undetermined || state->decision == Decision::pending;
    });
  const bool judges = !wanted.empty() && occasion != Occasion::driver;
  const bool admits = hold_.has_value() && occasion != Occasion::bind && occasion != Occasion::drive;
  if (!judges && !admits) return;
  // Keyring, policy and time are read anew each time, however long the service runs.
  GateSetup setup = set_up_gate(options_, host_, console_, broker_.opener);
  if (events_) setup.attest = beside(events_, std::move(setup.attest));
  Gatekeeper gatekeeper(host_, std::move(setup.policy), mode_, std::move(setup.attest), [this](const DeviceState& state) { tell(state); });
  std::vector<DeviceState> judged;
  const auto note = [&] {
    if (gatekeeper.left_behind() > 0) left_behind_ = true;
  };
  try {
    // First those that wait for nothing: a device that takes its time holds none of them up.
    const std::vector<Bdf> unjudged = admits ? gatekeeper.admit(devices) : std::vector<Bdf>{};
    if (judges) judged = gatekeeper.attend(wanted, occasion);
    if (!judges && !unjudged.empty()) judged = gatekeeper.attend(unjudged, Occasion::arrival);
    if (judges || !unjudged.empty()) keep_time(host_, setup.time);
  } catch (...) {
    note();
    throw;
  }
  note();
  if (!events_) return;
  for (const DeviceState& state : judged)
    if (const std::optional<Bdf> bdf = transport::parse_bdf(state.bdf); bdf && is_good(state)) events_->follow(*bdf);
}

void Watch::attend_drives(const std::set<std::string>& nodes, Occasion occasion) {
  const GateSetup setup = set_up_gate(options_, host_, console_, broker_.opener);
  if (!setup.verifier || mode_ == GateMode::off) return;  // what is broken was told
  const std::vector<transport::Drive> drives = drives_to_attest(host_, setup.policy, nodes);
  const transport::OpenOptions open{.host = host_, .via = transport::Via::storage, .drives = broker_.opener};
  for (const DeviceState& state : attest_drives(drives, open, *setup.verifier, setup.policy.timeout, occasion)) tell(state);
}

// A device that a rule expects and that is not there has failed, whether it has gone or never came.
void Watch::look_who_lacks() {
  Policy policy;
  try {
    policy = load_policy(options_.policies, guard_of_named(options_.trust));
  } catch (const Error&) {  // told by who judges
    return;
  }
  const auto expects = [](const PolicyRule& rule) { return rule.expected; };
  if (std::none_of(policy.rules.begin(), policy.rules.end(), expects)) return;
  Gatekeeper gatekeeper(host_, std::move(policy), mode_, {}, [this](const DeviceState& state) { tell(state); });
  gatekeeper.tell_absent(Occasion::interval);
}

Exit Watch::run() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);  // the threads inherit it: the watcher reads them
  // The socket comes first: events during the first look at the devices are not lost.
  transport::UeventSocket events;
  const ServiceManager manager;
  std::optional<Descriptor> file;
  if (!options_.background.empty()) {
    RunFolder::make(host_, "");  // where it usually is
    file = lock_background(options_.background);
  }
  configure(nullptr);
  if (file) go_on_in_background(*file);
  Needs needs{.readable = configuration_read_again(options_)};
  // A drive may come, and the kernel be locked down, at any time.
  if (via_of(options_.via) != transport::Via::doe) {
    broker_ = start_drive_broker({.root = host_.root});
    needs.broker_lacks = broker_.missing;
  }
  listen();
  work_on_host(console_, host_, HostUse::change, std::move(needs));
  for (bool first = true;; first = false) {
    Watcher watcher(
        {.host = host_,
         .interval = interval_of(options_),
         .drivers = hold_.has_value(),
         .drives_came = options_.drives ? [this](const std::set<std::string>& nodes, Occasion occasion) { attend_drives(nodes, occasion); }
                                        : std::function<void(const std::set<std::string>&, Occasion)>{},
         .lacks = [this] { look_who_lacks(); },
         .due = events_ ? [this] { return events_->due(); } : std::function<Clock::time_point()>{},
         .poll = events_ ? [this] { return events_->poll(); } : std::function<std::vector<Bdf>()>{},
         .patience = patience_},
        events, manager, [this](const std::vector<Bdf>& devices, Occasion occasion) { attend(devices, occasion); },
        [this](const std::string& what) { complain(what); });
    if (watcher.run(devices(!first)) == Watcher::End::stop) {
      if (hold_) end_hold(&watcher);
      break;
    }
    if (events_) events_->leave_all();
    manager.tell("RELOADING=1");
    configure(&watcher);
  }
  manager.tell("STOPPING=1");
  if (events_) events_->leave_all();
  // Threads that hang in a device must neither delay the exit nor see their data destroyed.
  if (left_behind_) ::_exit(static_cast<int>(Exit::ok));
  return Exit::ok;
}

Exit run(const Options& options, Console& console) {
  refuse_format_as_file(options.output.file);
  if (!options.output.file.empty() && options.output.file != "-")
    throw Error(ErrorId::usage, "--output: watch writes as long as it runs, so the file would never be complete",
                "redirect its standard output");
  apply(options.output, console);
  if (console.format != Format::text && console.format != Format::ndjson)
    throw Error(
        ErrorId::usage,
        cat(options.output.json ? "--json" : given_as("--format"), ": watch writes a line whenever something happens, not one document"),
        "give --format text or ndjson");
  check(options);
  interval_of(options);
  event_interval_of(options);
  if (options.drives && via_of(options.via) == transport::Via::doe)
    throw Error(ErrorId::usage, "--drives and --via doe cannot be combined: drives without a mailbox have only their security commands",
                "leave one of them out");
  if (!options.end.empty()) {
    if (!options.background.empty() || options.hold || !options.events.empty())
      throw Error(ErrorId::usage, "--end cannot be combined with --background, --events or --hold", "give it alone");
    if (end_background(options.end)) Watch(options, console).give_back();
    return Exit::ok;
  }
  return Watch(options, console).run();
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  add_output_options(parser, options->output);
  options->output.format_given->description("text or ndjson; default: text");
  for (const char* const refused : {"--output", "--json"}) parser.get_option(refused)->group("");
  add_gate_options(parser, *options);
  parser.add_option("--interval", options->interval, "Attest all devices again after this time; 0, the default, is never")
      ->type_name("DURATION")
      ->group("Gate");
  parser
      .add_option("--events", options->events,
                  "Keep a session with each device that reports events, and poll it at this interval; an event attests it again")
      ->type_name("DURATION")
      ->group("Gate");
  parser.add_flag("--enforce", options->enforce, "Do what the policy says, not only report it")->group("Gate");
  parser.add_flag("--hold", options->hold, "Keep drivers off a device that is plugged in until it is judged (Linux 6.19 or newer)")
      ->group("Gate");
  parser.add_flag("--drives", options->drives, "Also attest drives without a mailbox, present or added later, through security commands")
      ->group("Gate");
  parser.add_option("--background", options->background, "Go on in the background once it watches; write the process id to this file")
      ->type_name("FILE")
      ->group("Gate");
  parser.add_option("--end", options->end, "End the background watch that has this file")->type_name("FILE")->group("Gate");
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
