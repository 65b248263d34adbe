// What an inspection of PCI encryption asks of a device.
#pragma once

#include <vector>

#include "core/protocol/collect.h"

namespace spdm::cmd {

// What is offered for a session.
struct SessionAlgorithms {
  std::vector<const KeyExchangeAlgorithm*> key_exchange;
  std::vector<const AeadAlgorithm*> aead;
};

// Asks for it, and offers the algorithms that TEE-IO takes and no other, as who encrypts the link does: a device that can do more would
// select more. What the user has chosen stays. Returns what to offer for the session.
SessionAlgorithms want_inspection(Wanted& wanted);

}  // namespace spdm::cmd
