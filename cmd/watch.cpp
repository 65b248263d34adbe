// watch: a service that attests devices again when they arrive, wake up, or are reset.
#include <sys/utsname.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>

#include "cmd/gatekeeper.h"
#include "cmd/host.h"
#include "cmd/verb.h"
#include "cmd/watcher.h"
#include "core/text.h"

namespace cmd {

namespace {

using spdm::cat;
using spdm::Error;
using spdm::ErrorId;
using spdm::Exit;
using spdm::printable;
using transport::Bdf;

struct Options {
  OutputOptions output;
  TrustOptions trust;
  std::string mode, interval = "0";
  bool hold = false;
};

// From 6.19 on drivers_autoprobe=0 holds for devices that are plugged in, too: older kernels bind a driver that is loaded
// at once, whatever it says.
bool kernel_holds_newcomers() {
  utsname name{};
  unsigned major = 0, minor = 0;
  if (::uname(&name) != 0 || std::sscanf(name.release, "%u.%u", &major, &minor) != 2) return false;
  return major > 6 || (major == 6 && minor >= 19);
}

// While it lives no driver binds to a device by itself: whoever may have one is told so by us. The kernel's own way is
// back when it ends; after a kill it is so with the next run, or with: spdmctl gate --release.
class Hold {
 public:
  explicit Hold(const transport::Host& host) : control_(host) { control_.set_autoprobe(false); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;
  ~Hold() {
    try {
      control_.set_autoprobe(true);
    } catch (const Error&) {  // nobody is left to tell
    }
  }

  // Lets the kernel look for drivers for those that are not held back.
  void let_bind(const std::vector<Bdf>& devices) const {
    for (const Bdf& bdf : devices) {
      try {
        if (!control_.driver(bdf) && control_.driver_override(bdf) != kSentinel) control_.probe(bdf);
      } catch (const Error&) {  // it has gone, or its driver failed with it: no matter of ours
      }
    }
  }

 private:
  transport::PciControl control_;
};

class Watch {
 public:
  Watch(const Options& options, Console& console) : options_(options), console_(console), host_(this_host()) {}

  Exit run();

 private:
  void configure();
  void attend(const std::vector<Bdf>& devices, const std::string& occasion);
  std::vector<Attention> unknown_devices();
  void tell(const DeviceState& state);
  void complain(const std::string& what) {
    const std::lock_guard lock(mutex_);
    console_.note(cat("spdmctl: ", what));
  }

  const Options& options_;
  Console& console_;
  std::mutex mutex_;  // of the console
  transport::Host host_;
  spdm::Clock::duration patience_{};
  std::optional<Gatekeeper> keeper_;
  std::optional<Hold> hold_;
};

}  // namespace
}  // namespace cmd
