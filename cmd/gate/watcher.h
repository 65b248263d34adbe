// The loop of `watch`: what happens to PCI devices becomes calls to attend them. One thread listens and never waits for
// a device, another attends.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cmd/gate/gate_words.h"
#include "cmd/host/notify.h"
#include "core/descriptor.h"
#include "core/protocol/link.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"
#include "transport/pci/uevent.h"

namespace spdm::cmd {

// A device to attend, and why.
struct Attention {
  transport::Bdf bdf;
  Occasion occasion = Occasion::start;
};

// Functions that wait to be attended, each at most once: a storm of events costs no memory. The latest occasion counts, but
// `bind`, `driver` and `drive` never replace one that waits: the device may have arrived just now. Nor do they replace each other:
// each asks something else, and a function that waits for several is attended for each. Thread-safe.
class WorkList {
 public:
  static constexpr std::size_t kMost = 4096;  // functions; what comes beyond is left to the next sweep

  void add(const transport::Bdf& bdf, Occasion occasion);
  void forget(const transport::Bdf& bdf);  // it is gone
  // A drive, by its node; an empty one stands for all of them.
  void add_drive(const std::string& node, Occasion occasion);
  std::map<Occasion, std::set<std::string>> take_drives();
  void ask_who_lacks();  // take_asked() is true once, and does not wait for devices
  // Waits for work, and takes all there is; nothing at `until`, once stop() was called, or where only take_asked() or
  // take_drives() has some.
  std::vector<Attention> take(Clock::time_point until = Clock::time_point::max());
  bool take_asked();
  void stop();
  bool is_stopped();
  // Takes what still waits after that.
  std::vector<Attention> rest();

 private:
  std::mutex mutex_;
  std::condition_variable ready_;
  std::map<transport::Bdf, std::set<Occasion>> waiting_;  // several are all of drivers
  std::map<std::string, Occasion> drives_;                // by node
  bool asked_ = false, stopped_ = false;
};

std::chrono::nanoseconds read_clock(clockid_t id);

// Detects that the system slept. CLOCK_BOOTTIME counts sleep, CLOCK_MONOTONIC does not; but where sleep is measured in whole
// seconds, the two may miss a short one. So the kernel's count of suspends (suspend_stats) is read, too.
class SleepClock {
 public:
  using ReadClock = std::function<std::chrono::nanoseconds(clockid_t)>;
  explicit SleepClock(const transport::Host& host, ReadClock read = read_clock);
  // Readable whenever the clocks jumped: after a resume, and after somebody set the time.
  int fd() const { return timer_.get(); }
  // Whether the system slept since the last call.
  bool slept();

 private:
  // How long the system has slept, at least and at most: the clocks are read one after the other, and a busy host lets any time
  // pass in between.
  struct Asleep {
    std::chrono::nanoseconds least{}, most{};
  };
  void arm();
  Asleep asleep() const;

  std::filesystem::path counter_;
  ReadClock read_;
  Descriptor timer_;
  Asleep asleep_;
  std::string times_;
};

// Detects writes to the attribute `reset` of devices, by inotify(7): the kernel sends no event for a reset.
class ResetWatch {
 public:
  explicit ResetWatch(transport::Host host);
  int fd() const { return inotify_.get(); }
  void add(const transport::Bdf& bdf);
  // Devices that were reset since the last call, without waiting.
  std::set<transport::Bdf> take();

 private:
  transport::Host host_;
  Descriptor inotify_;
  std::map<int, transport::Bdf> watched_;
};

class Watcher {
 public:
  struct Options {
    transport::Host host;
    Clock::duration interval{};  // between sweeps over all devices; zero: never
    bool drivers = false;        // a sweep for each driver that is registered
    // Attests drives that have come, by their nodes, or all where one is empty: at the start, with each sweep. Empty: nobody asks drives.
    std::function<void(const std::set<std::string>& nodes, Occasion occasion)> drives_came = nullptr;
    std::function<void()> lacks = nullptr;  // looks who lacks: at the start, when a device has gone, with each sweep; may be empty
    // What is done while nobody waits: when it is due, and what. Returned is who is to be attended because of an event. May be empty.
    std::function<Clock::time_point()> due = nullptr;
    std::function<std::vector<transport::Bdf>()> poll = nullptr;
    Clock::duration patience{};  // beyond it, a call to attend is a defect: the service manager's watchdog runs out
  };
  // Attends devices that share one occasion.
  using Attend = std::function<void(const std::vector<transport::Bdf>&, Occasion occasion)>;
  // Reports an error that does not end the service.
  using Complain = std::function<void(const std::string&)>;
  enum class End { stop, reload };

  // Signals SIGTERM, SIGINT and SIGHUP must be blocked in all threads: they are read here.
  Watcher(Options options, transport::UeventSocket& events, const ServiceManager& manager, Attend attend, Complain complain);

  // Attends `first`, then whatever happens. Ends on SIGTERM and SIGINT (stop) and SIGHUP (reload).
  End run(const std::vector<Attention>& first);
  // What has happened and was not attended, once run() has ended.
  std::vector<Attention> left();

 private:
  void work();
  void attend(const std::vector<transport::Bdf>& devices, Occasion occasion);
  void sweep(Occasion occasion);
  void hear_events();
  void hear_drive(const transport::Uevent& event);
  void ping(Clock::time_point now);

  Options options_;
  transport::UeventSocket& events_;
  const ServiceManager& manager_;
  Attend attend_;
  Complain complain_;
  WorkList list_;
  SleepClock clock_;
  ResetWatch resets_;
  std::mutex mutex_;
  std::optional<Clock::time_point> busy_since_;  // of the attending thread
};

}  // namespace spdm::cmd
