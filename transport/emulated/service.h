// What all ways to serve an emulated device share: how they run and stop, and how the device answers.
#pragma once

#include <chrono>

#include "core/responder/responder.h"
#include "transport/base/binding.h"

namespace spdm::transport {

// How long a stop may go unnoticed.
inline constexpr auto kStopNotice = std::chrono::milliseconds(100);

class Service {
 public:
  virtual ~Service() = default;

  // Serves until stop(), or until it has come to an end of its own.
  virtual void run() = 0;
  // From any thread, and from a signal handler. run() returns within a fraction of a second.
  virtual void stop() = 0;
};

// What the device makes of a request that came through `binding`. Throws Error{peer} for a secured message where it has no sessions: such
// a device does not have that message type.
Reply answer(Responder& responder, const DeviceProfile& profile, Binding binding, const Unwrapped& request);

}  // namespace spdm::transport
