// How sessions are opened: what the user chose of what DSP0274 leaves open.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/session/requester_identity.h"
#include "core/session/secrets.h"
#include "core/session/session_link.h"
#include "core/wire/key_exchange.h"

namespace spdm {

struct SessionOptions {
  // False: opens none, and only shows the device who asks (basic mutual authentication).
  bool open = true;
  // A key that the device has, too, and what it is called there. Without one the session begins with a key exchange.
  SecretBytes psk;
  Bytes psk_hint;
  // Who we are, for a device that asks for it; it learns nothing without.
  std::optional<RequesterIdentity> identity;
  // What to offer; empty: everything the crypto library has.
  std::vector<const KeyExchangeAlgorithm*> key_exchange;
  std::vector<const AeadAlgorithm*> aead;
  bool mac_only = false;                // records are authenticated and not encrypted
  bool handshake_in_the_clear = false;  // of a key exchange, where the device does that, too
  bool multi_key = false;               // 1.3+: says of our slot which key it has, where the device asks for that
  // After opening: HEARTBEAT, KEY_UPDATE of one key and of both, and GET_ENCAPSULATED_REQUEST, as far as both sides can.
  bool exercise = false;
  // It stays open, for a device that tells of events: it may ask us something, and expects no heartbeat.
  bool listens = false;
  Summary summary = Summary::none;  // of measurements, in the answer that opens the session
  SessionPolicy policy;
  std::optional<Block<32>> nonce;                              // RandomData of KEY_EXCHANGE: a remote verifier chose it; else a fresh one
  bool keep_records = false;                                   // the log gets the records, too, and not only what is in them
  std::function<void(const SecuredSession& session)> secrets;  // sees the secrets of the session, in each phase
  std::function<void(SessionSecret secret)> keep;              // gets what opens the records later, for a file of secrets
};

}  // namespace spdm
