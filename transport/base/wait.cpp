#include "transport/base/wait.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::chrono::milliseconds kPiece{3'600'000};  // long waits are cut into pieces that fit an int

}  // namespace

bool wait_for(std::span<pollfd> descriptors, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::clamp<Clock::duration>(deadline - Clock::now(), Clock::duration::zero(), kPiece);
    // Rounded up, so that the last millisecond does not spin.
    const auto piece = std::chrono::ceil<std::chrono::milliseconds>(left);
    const int ready = ::poll(descriptors.data(), descriptors.size(), static_cast<int>(piece.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) throw Error(ErrorId::io, cat("poll: ", std::strerror(errno)));
    if (ready == 0 && Clock::now() >= deadline) return false;
  }
}

}  // namespace spdm::transport
