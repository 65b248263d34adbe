#include "transport/pci/power.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "core/error.h"
#include "core/text.h"
#include "transport/base/pace.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kAuto = "auto";  // the other value of power/control: the kernel may put the function to sleep

// Why a function does not answer.
struct Sleep {
  std::string state;
  bool failed = false;  // the kernel could not wake it up, and does not try again
};

// Nothing when it is awake, or when the kernel does not say.
std::optional<Sleep> asleep(const std::filesystem::path& device) {
  const std::string status = read_attribute(device / "power/runtime_status").value_or("active");
  // "unsupported": the kernel never puts this function to sleep.
  if (status != "active" && status != "unsupported") return Sleep{status, status == "error"};
  const std::string state = read_attribute(device / "power_state").value_or("unknown");
  if (state.starts_with("D") && state != "D0") return Sleep{state};
  return std::nullopt;
}

// Descriptors of the power/control files to restore; 0 in a free place. Devices beyond this number are restored by the
// next run only.
std::array<std::atomic<int>, 64> held{};

void replace_held(int from, int to) {
  for (std::atomic<int>& fd : held)
    if (int expected = from; fd.compare_exchange_strong(expected, to)) return;
}

}  // namespace

void release_all_power() noexcept {
  for (const std::atomic<int>& fd : held)
    if (const int open = fd; open != 0 && ::pwrite(open, kAuto.data(), kAuto.size(), 0) < 0) continue;  // the device is gone
}

PciPower::PciPower(const Host& host, const Bdf& bdf, PciLock& lock) : host_(host), name_(to_string(bdf)), lock_(lock) {
  const std::filesystem::path file = host.pci() / "devices" / name_ / "power/control";
  const std::optional<std::string> control = read_attribute(file);
  if (!control) return;
  const std::string before = lock_.power().value_or(*control);
  if (before != kAuto) return;
  // O_TRUNC is for a copy of /sys: the kernel takes each write as a new value anyway.
  control_ = Descriptor(::open(file.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK));
  if (control_.get() < 0) fail(host_, errno, cat("writing ", printable(file.string())));
  lock_.remember_power(before);  // recorded before it is changed, in case we are killed
  replace_held(0, control_.get());
  try {
    set("on");
  } catch (...) {  // the descriptor will be closed, and its number may then mean another file
    replace_held(control_.get(), 0);
    throw;
  }
}

PciPower::~PciPower() {
  if (control_.get() < 0) return;
  replace_held(control_.get(), 0);
  try {
    set(kAuto);
    lock_.forget_power();
  } catch (const Error&) {  // NOLINT(bugprone-empty-catch): a device that is gone has nothing to restore
  }
}

void PciPower::set(std::string_view control) const {
  if (::pwrite(control_.get(), control.data(), control.size(), 0) < 0)
    fail(host_, errno, cat("writing ", control, " to power/control of ", name_));
}

void PciPower::wait_until_awake(Clock::time_point deadline) const {
  const std::filesystem::path device = host_.pci() / "devices" / name_;
  std::optional<Sleep> sleep = asleep(device);
  for (Pace pace(deadline); sleep && !sleep->failed && pace.wait();) sleep = asleep(device);
  if (!sleep) return;
  const std::string advice = "look at its driver, and at the ports above it; removing it and scanning the bus again may wake it up";
  if (sleep->failed)
    throw Error(ErrorId::io, cat(name_, " is asleep, and the kernel failed to wake it up (runtime_status: error)"), advice);
  throw Error(ErrorId::timeout, cat(name_, " is asleep (", printable(sleep->state), ") and did not wake up in time"), advice);
}

}  // namespace spdm::transport
