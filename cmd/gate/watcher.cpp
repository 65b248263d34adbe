#include "cmd/gate/watcher.h"

#include <poll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <limits>
#include <thread>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

using transport::Bdf;

namespace {

constexpr auto kLongestNap = std::chrono::seconds(10);    // a look at the clocks costs next to nothing
constexpr auto kRounding = std::chrono::milliseconds(1);  // a shorter sleep is none

[[noreturn]] void fail(std::string_view what) { throw Error(ErrorId::io, cat(what, ": ", std::strerror(errno))); }

Descriptor signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  Descriptor fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (fd.get() < 0) fail("signalfd");
  return fd;
}

// What a driver did to the device: it asks less than the others, who judge the device in any case.
bool is_of_drivers(Occasion occasion) { return occasion == Occasion::bind || occasion == Occasion::driver || occasion == Occasion::drive; }

std::vector<Attention> drained(std::map<Bdf, std::set<Occasion>>& waiting) {
  std::vector<Attention> out;
  for (const auto& [bdf, occasions] : waiting)
    for (const Occasion occasion : occasions) out.push_back({bdf, occasion});
  waiting.clear();
  return out;
}

}  // namespace

void WorkList::add(const Bdf& bdf, Occasion occasion) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(bdf);
    if (found == waiting_.end()) {
      if (waiting_.size() >= kMost) return;
      waiting_[bdf] = {occasion};
    } else if (!is_of_drivers(occasion)) {
      found->second = {occasion};
    } else if (is_of_drivers(*found->second.begin())) {
      found->second.insert(occasion);
    } else {
      return;
    }
  }
  ready_.notify_one();
}

void WorkList::forget(const Bdf& bdf) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(bdf);
}

void WorkList::add_drive(const std::string& node, Occasion occasion) {
  {
    const std::lock_guard lock(mutex_);
    if (!drives_.contains(node) && drives_.size() >= kMost) return;
    drives_[node] = occasion;
  }
  ready_.notify_one();
}

std::map<Occasion, std::set<std::string>> WorkList::take_drives() {
  const std::lock_guard lock(mutex_);
  std::map<Occasion, std::set<std::string>> out;
  if (!stopped_)
    for (const auto& [node, occasion] : drives_) out[occasion].insert(node);
  drives_.clear();
  return out;
}

void WorkList::ask_who_lacks() {
  {
    const std::lock_guard lock(mutex_);
    asked_ = true;
  }
  ready_.notify_one();
}

bool WorkList::take_asked() {
  const std::lock_guard lock(mutex_);
  return std::exchange(asked_, false) && !stopped_;
}

std::vector<Attention> WorkList::take(Clock::time_point until) {
  std::unique_lock lock(mutex_);
  const auto has_some = [&] { return stopped_ || asked_ || !waiting_.empty() || !drives_.empty(); };
  if (until == Clock::time_point::max())
    ready_.wait(lock, has_some);
  else
    ready_.wait_until(lock, until, has_some);
  if (stopped_) return {};
  return drained(waiting_);
}

void WorkList::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  ready_.notify_all();
}

bool WorkList::is_stopped() {
  const std::lock_guard lock(mutex_);
  return stopped_;
}

std::vector<Attention> WorkList::rest() {
  const std::lock_guard lock(mutex_);
  return drained(waiting_);
}

std::chrono::nanoseconds read_clock(clockid_t id) {
  timespec time{};
  ::clock_gettime(id, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

SleepClock::SleepClock(const transport::Host& host, ReadClock read)
    : counter_(host.root / "sys/power/suspend_stats/success"),
      read_(std::move(read)),
      timer_(::timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (timer_.get() < 0) fail("timerfd");
  arm();
  asleep_ = asleep();
  slept();
}

// A timer that never rings, but is cancelled when the clock jumps (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET).
void SleepClock::arm() {
  itimerspec never{};
  never.it_value.tv_sec = std::numeric_limits<std::int32_t>::max();
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, nullptr);
}

SleepClock::Asleep SleepClock::asleep() const {
  Asleep out;
  for (int tries = 0; tries < 4; ++tries) {
    const std::chrono::nanoseconds before = read_(CLOCK_MONOTONIC), counted = read_(CLOCK_BOOTTIME), after = read_(CLOCK_MONOTONIC);
    out = {counted - after, counted - before};
    if (after - before < kRounding) break;
  }
  return out;
}

bool SleepClock::slept() {
  std::uint64_t rung = 0;
  if (::read(timer_.get(), &rung, sizeof rung) < 0 && errno == ECANCELED) arm();
  const Asleep now = asleep();
  std::string times;
  try {
    times = transport::read_attribute(counter_).value_or("");
  } catch (const Error&) {  // then the clocks have to do
  }
  const bool out = now.least > asleep_.most + kRounding || times != times_;
  // Without sleep both readings hold. A wide one, as right after a busy wake-up, must not hide a sleep from the next.
  asleep_ = out ? now : Asleep{std::max(now.least, asleep_.least), std::min(now.most, asleep_.most)};
  times_ = std::move(times);
  return out;
}

ResetWatch::ResetWatch(transport::Host host) : host_(std::move(host)), inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (inotify_.get() < 0) fail("inotify");
}

void ResetWatch::add(const Bdf& bdf) {
  const std::filesystem::path file = host_.pci() / "devices" / to_string(bdf) / "reset";
  const int watch = ::inotify_add_watch(inotify_.get(), file.c_str(), IN_MODIFY);
  if (watch >= 0) watched_[watch] = bdf;  // a device that cannot be reset has no such file
}

std::set<Bdf> ResetWatch::take() {
  std::set<Bdf> out;
  alignas(inotify_event) std::array<char, 4096> buffer{};
  for (;;) {
    const ssize_t size = ::read(inotify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return out;
    for (std::size_t at = 0; at + sizeof(inotify_event) <= static_cast<std::size_t>(size);) {
      inotify_event event{};
      std::memcpy(&event, buffer.data() + at, sizeof event);
      at += sizeof event + event.len;
      const auto found = watched_.find(event.wd);
      if (found == watched_.end()) continue;
      if ((event.mask & IN_MODIFY) != 0) out.insert(found->second);
      if ((event.mask & IN_IGNORED) != 0) watched_.erase(found);  // the device is gone, and the kernel's watch with it
    }
  }
}

Watcher::Watcher(Options options, transport::UeventSocket& events, const ServiceManager& manager, Attend attend, Complain complain)
    : options_(std::move(options)),
      events_(events),
      manager_(manager),
      attend_(std::move(attend)),
      complain_(std::move(complain)),
      clock_(options_.host),
      resets_(options_.host) {}

void Watcher::attend(const std::vector<Bdf>& devices, Occasion occasion) {
  try {
    attend_(devices, occasion);
  } catch (const std::exception& error) {  // what goes wrong now must not end the service for what comes later
    complain_(
        cat(devices.size() == 1 ? to_string(devices.front()) : cat(devices.size(), " devices"), " (", name(occasion), "): ", error.what()));
  }
}

void Watcher::work() {
  for (;;) {
    const std::vector<Attention> now = list_.take(options_.due ? options_.due() : Clock::time_point::max());
    const bool asked = list_.take_asked();
    const std::map<Occasion, std::set<std::string>> drives = list_.take_drives();
    if (list_.is_stopped()) return;
    {
      const std::lock_guard lock(mutex_);
      busy_since_ = Clock::now();
    }
    std::map<Occasion, std::vector<Bdf>> by_occasion;
    for (const Attention& attention : now) by_occasion[attention.occasion].push_back(attention.bdf);
    for (const auto& [occasion, devices] : by_occasion) attend(devices, occasion);
    for (const auto& [occasion, nodes] : drives) try {
        options_.drives_came(nodes, occasion);
      } catch (const std::exception& error) {
        complain_(cat("drives (", name(occasion), "): ", error.what()));
      }
    // Who waits comes first: one device is asked for events at a time.
    if (now.empty() && !asked && drives.empty() && options_.poll)
      if (const std::vector<Bdf> told = options_.poll(); !told.empty()) attend(told, Occasion::event);
    if (asked && options_.lacks) try {
        options_.lacks();
      } catch (const std::exception& error) {
        complain_(cat("looking for missing devices: ", error.what()));
      }
    const std::lock_guard lock(mutex_);
    busy_since_.reset();
  }
}

void Watcher::sweep(Occasion occasion) {
  if (options_.drives_came && occasion != Occasion::driver) list_.add_drive("", occasion);
  try {
    for (const transport::PciDevice& device : transport::scan(options_.host)) {
      resets_.add(device.bdf);
      list_.add(device.bdf, occasion);
    }
  } catch (const Error& error) {
    complain_(cat("looking for devices: ", error.what()));
  }
}

void Watcher::hear_events() {
  using Action = transport::Uevent::Action;
  using Subsystem = transport::Uevent::Subsystem;
  bool lost = false, driver = false;
  while (const std::optional<transport::UeventSocket::Received> received = events_.receive()) {
    lost = lost || received->lost;
    if (!received->event) continue;
    const transport::Uevent& event = *received->event;
    driver =
        driver || (event.subsystem == Subsystem::drivers && event.action == Action::add && event.path.starts_with("/bus/pci/drivers/"));
    if (event.subsystem == Subsystem::nvme || event.subsystem == Subsystem::scsi_generic) hear_drive(event);
    if (event.subsystem != Subsystem::pci) continue;
    const std::optional<Bdf> bdf = transport::parse_bdf(event.pci_slot);
    if (!bdf) continue;
    if (event.action == Action::remove) {
      list_.forget(*bdf);
      list_.ask_who_lacks();
    }
    if (event.action == Action::add) {
      resets_.add(*bdf);
      list_.add(*bdf, Occasion::arrival);
    }
    if (event.action == Action::bind) list_.add(*bdf, Occasion::bind);
    // Recovery from PCI errors resets the device (Documentation/PCI/pci-error-recovery).
    if (event.action == Action::change && event.recovered) list_.add(*bdf, Occasion::reset);
  }
  if (driver && options_.drivers) sweep(Occasion::driver);
  if (lost) sweep(Occasion::interval);  // most of them have been there for long: no driver is taken from them as from one that came
}

// A controller is made before it takes commands, and says so when it does. It may be a function that could not be asked without it.
void Watcher::hear_drive(const transport::Uevent& event) {
  using Action = transport::Uevent::Action;
  const bool nvme = event.subsystem == transport::Uevent::Subsystem::nvme;
  if (event.action != Action::add && !(nvme && event.action == Action::change && event.connected)) return;
  if (const std::optional<Bdf> bdf = nvme ? transport::function_in(event.path) : std::nullopt) list_.add(*bdf, Occasion::drive);
  // It is asked as a drive once it can be: a controller says so.
  if (options_.drives_came && !event.node.empty() && event.connected == nvme) list_.add_drive(event.node, Occasion::arrival);
}

std::vector<Attention> Watcher::left() {
  hear_events();
  return list_.rest();
}

// Tells the service manager that the service lives, but not while the attending thread hangs: the listening one would live on.
void Watcher::ping(Clock::time_point now) {
  const std::lock_guard lock(mutex_);
  if (!busy_since_ || now - *busy_since_ < options_.patience) manager_.tell("WATCHDOG=1");
}

Watcher::End Watcher::run(const std::vector<Attention>& first) {
  const Descriptor signal = signals();
  try {
    for (const transport::PciDevice& device : transport::scan(options_.host)) resets_.add(device.bdf);
  } catch (const Error&) {  // a host without PCI may get some later
  }
  for (const Attention& attention : first) list_.add(attention.bdf, attention.occasion);
  list_.ask_who_lacks();
  if (options_.drives_came) list_.add_drive("", Occasion::start);
  std::jthread worker([this] { work(); });
  struct StopWork {
    WorkList& list;
    ~StopWork() { list.stop(); }
  } const stop_work{list_};  // whatever ends this function: the destructor of the thread waits for it
  manager_.tell("READY=1\nSTATUS=Watching PCI devices");

  Clock::time_point next_sweep = options_.interval > Clock::duration::zero() ? Clock::now() + options_.interval : Clock::time_point::max();
  for (;;) {
    const Clock::time_point now = Clock::now();
    Clock::duration nap = kLongestNap;
    if (manager_.watchdog()) nap = std::min<Clock::duration>(nap, *manager_.watchdog());
    if (next_sweep != Clock::time_point::max()) nap = std::min(nap, std::max(next_sweep - now, Clock::duration::zero()));
    std::array<pollfd, 4> fds{{{signal.get(), POLLIN, 0}, {events_.fd(), POLLIN, 0}, {clock_.fd(), POLLIN, 0}, {resets_.fd(), POLLIN, 0}}};
    const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(nap).count();
    if (::poll(fds.data(), fds.size(), static_cast<int>(milliseconds)) < 0 && errno != EINTR) fail("poll");

    signalfd_siginfo info{};
    if (::read(signal.get(), &info, sizeof info) == sizeof info) return info.ssi_signo == SIGHUP ? End::reload : End::stop;
    ping(Clock::now());
    if (clock_.slept()) sweep(Occasion::resume);
    hear_events();
    for (const Bdf& bdf : resets_.take()) list_.add(bdf, Occasion::reset);
    if (Clock::now() >= next_sweep) {
      sweep(Occasion::interval);
      list_.ask_who_lacks();
      next_sweep = Clock::now() + options_.interval;
    }
  }
}

}  // namespace spdm::cmd
