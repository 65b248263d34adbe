// A function with one mailbox that answers with what it was asked, the last byte of its own choice, and the engine.
#pragma once

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/simulated_mailbox.h"
#include "transport/base/binding.h"
#include "transport/pci/doe.h"

namespace rig {

using namespace spdm;
using namespace spdm::transport;

inline Clock::time_point soon() { return Clock::now() + std::chrono::seconds(20); }

// Limits that tests of what never comes wait for.
inline DoeLimits short_limits() {
  using std::chrono::milliseconds;
  return {.busy = milliseconds(20), .response = milliseconds(20), .abort = milliseconds(20), .max_object = std::size_t{1} << 16};
}

inline Bytes pattern(std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return out;
}

inline Bytes padded(Bytes bytes) {
  bytes.resize((bytes.size() + 3) / 4 * 4);
  return bytes;
}

inline Bytes echo(View payload) { return to_bytes(payload); }

struct Rig {
  explicit Rig(std::uint8_t version = 1, fake::Mailbox::Responder responder = echo)
      : box(function.add(version, {{1, 0}, {1, 1}, {1, 2}}, std::move(responder))) {}

  DoeMailbox open(const DoeLimits& limits = {}) { return {function, function.offset(0), limits}; }

  fake::Function function;
  fake::Mailbox& box;
};

}  // namespace rig
