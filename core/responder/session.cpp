#include "core/responder/session.h"

#include <algorithm>

namespace spdm {

// From 0xFFFF down, as the reference responder does: a requester must take that one, too. 0 is left out.
std::uint16_t Sessions::new_id() {
  const auto is_taken = [&](std::uint16_t half) {
    return half == 0 || std::any_of(sessions_.begin(), sessions_.end(), [&](const Session& one) { return one.keys.id() >> 16 == half; });
  };
  while (is_taken(next_id_)) --next_id_;
  return next_id_--;
}

Session* Sessions::find(std::uint32_t id) {
  const auto it = std::find_if(sessions_.begin(), sessions_.end(), [&](const Session& one) { return one.keys.id() == id; });
  return it == sessions_.end() ? nullptr : &*it;
}

Session* Sessions::newest_handshake() {
  const auto it = std::find_if(sessions_.rbegin(), sessions_.rend(),
                               [](const Session& one) { return one.keys.kind() == SessionKind::key_exchange && one.in_handshake(); });
  return it == sessions_.rend() ? nullptr : &*it;
}

template <class Condition>
void Sessions::remove_if(Condition condition) {
  sessions_.remove_if([&](const Session& one) {
    if (!condition(one)) return false;
    tell_(one.keys.id());
    return true;
  });
}

void Sessions::remove(const Session& session) {
  remove_if([&](const Session& one) { return &one == &session; });
}

void Sessions::remove_silent(SteadyTime now) {
  remove_if(
      [&](const Session& one) { return one.heartbeat_period != 0 && now - one.heard > std::chrono::seconds(2 * one.heartbeat_period); });
}

void Sessions::clear() {
  remove_if([](const Session&) { return true; });
}

}  // namespace spdm
