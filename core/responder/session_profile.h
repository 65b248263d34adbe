// What an emulated device can do in sessions: a part of its description (profile.h).
#pragma once

#include <memory>
#include <optional>

#include "core/crypto/crypto.h"
#include "core/responder/event_profile.h"
#include "core/secret_bytes.h"
#include "core/wire/key_exchange.h"
#include "core/wire/secured_versions.h"

namespace spdm {

// A key that the requester has been given, too. Copies share it.
struct DevicePsk {
  Bytes hint;
  std::shared_ptr<const SecretBytes> key;
};

// Who begins an update of keys.
enum class KeyUpdates {
  none,
  requester,
  both,  // the device as well: once in each session, when it is asked for encapsulated requests
};
inline constexpr std::array kKeyUpdates{
    Word{KeyUpdates::none, "none"},
    Word{KeyUpdates::requester, "requester"},
    Word{KeyUpdates::both, "both"},
};
static_assert(is_sound(kKeyUpdates));

struct DeviceSessions {
  bool by_key_exchange = true;  // false: by PSK only
  // In the order of preference. Empty: every one that there is.
  std::vector<const KeyExchangeAlgorithm*> key_exchange;
  std::vector<const AeadAlgorithm*> aead;
  std::vector<std::uint16_t> secured_versions{kSecuredVersions.begin(), kSecuredVersions.end()};

  std::vector<DevicePsk> psk;  // an empty hint of the requester means the first one
  bool psk_context = true;     // ResponderContext, and so PSK_FINISH

  bool encrypt = true;  // false: records are authenticated only
  bool handshake_in_the_clear = false;
  std::uint8_t heartbeat_period = 0;  // seconds; 0: no heartbeat
  KeyUpdates key_updates = KeyUpdates::requester;
  bool required = false;               // GET_MEASUREMENTS is answered in sessions only
  std::optional<DeviceEvents> events;  // 1.3+: nothing: it tells of none

  // Mutual authentication, of a requester that can. Trust in its certificates is not judged.
  MutualAuth mutual_auth = MutualAuth::none;
  bool basic_mutual_auth = false;                    // after CHALLENGE
  std::vector<const AsymAlgorithm*> requester_asym;  // in the order of preference; empty: every one that there is
  std::uint8_t requester_slot = 0;                   // the slot that it is asked for
  std::vector<Bytes> requester_chain;                // DER, root first, leaf last: what MutualAuth::optimized goes by
  Bytes requester_key;                               // DER SubjectPublicKeyInfo that it must have; with PUB_KEY_ID_CAP the only one
  Bytes requester_root;                              // DER of the root that its chain must have

  bool authenticates() const { return mutual_auth != MutualAuth::none || basic_mutual_auth; }
  // The lists above with their defaults filled in, reduced to what the version and the crypto library have.
  std::vector<const KeyExchangeAlgorithm*> usable_key_exchange(std::uint8_t version) const;
  std::vector<const AeadAlgorithm*> usable_aead(std::uint8_t version) const;
  std::vector<const AsymAlgorithm*> usable_requester_asym(std::uint8_t version) const;
  // The capability flags that follow. `signs`: the device has a key for KEY_EXCHANGE.
  std::uint32_t flags(std::uint8_t version, bool signs) const;
};

}  // namespace spdm
