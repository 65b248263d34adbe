// KEY_EXCHANGE / KEY_EXCHANGE_RSP (DSP0274, the section of that title): opens a session with a fresh shared secret.
#pragma once

#include "core/wire/challenge.h"

namespace spdm {

inline constexpr std::string_view kKeyExchangeContext = "responder-key_exchange_rsp signing";

// SessionPolicy (1.2+) of KEY_EXCHANGE and PSK_EXCHANGE.
struct SessionPolicy {
  bool survives_update = false;  // TerminationPolicy: an update of the firmware at run time does not end the session
  bool all_events = false;       // EventAllPolicy (1.3+)

  std::uint8_t encode(std::uint8_t version) const;
  static SessionPolicy decode(std::uint8_t byte, std::uint8_t version);  // reserved bits are ignored
};

// MutAuthRequested of KEY_EXCHANGE_RSP: whether and how the requester proves who it is.
enum class MutualAuth {
  none,          // 0
  optimized,     // 1: with the slot that SlotIDParam names; no encapsulated request
  encapsulated,  // 2: encapsulated requests follow
  digests,       // 4: the same, and the first of them, GET_DIGESTS, is implied
};
inline constexpr std::array kMutualAuths{
    Word{MutualAuth::none, "none"},
    Word{MutualAuth::optimized, "optimized"},
    Word{MutualAuth::encapsulated, "encapsulated"},
    Word{MutualAuth::digests, "digests"},
};
static_assert(is_sound(kMutualAuths));
inline std::string_view name(MutualAuth kind) { return row_of(kMutualAuths, kind).name; }

// HeartbeatPeriod of KEY_EXCHANGE_RSP and PSK_EXCHANGE_RSP. Throws Error{peer} when it is not 0 and the two sides have no heartbeat.
std::uint8_t check_heartbeat(const Reader& reader, std::uint8_t period, const Parameters& parameters);

struct KeyExchange {
  Summary summary = Summary::none;
  std::uint8_t slot = 0;         // 0..7 or kProvisionedKey
  std::uint16_t session_id = 0;  // ReqSessionID
  SessionPolicy policy;
  Block<32> random{};
  Bytes exchange_data;  // KeyExchangeAlgorithm::request_size bytes
  Bytes opaque;

  Bytes encode(std::uint8_t version) const;
  static KeyExchange decode(Reader& reader, const Parameters& parameters);
};

struct KeyExchangeResponse {
  std::uint8_t heartbeat_period = 0;  // seconds; 0: none
  std::uint16_t session_id = 0;       // RspSessionID
  MutualAuth mutual_auth = MutualAuth::none;
  std::uint8_t requester_slot = 0;  // 0..7 or kProvisionedKey; only with MutualAuth::optimized
  Block<32> random{};
  Bytes exchange_data;  // KeyExchangeAlgorithm::response_size bytes
  Bytes summary_hash;   // empty unless it was asked for and the responder has measurements
  Bytes opaque;
  Bytes signature;
  Bytes verify_data;  // empty when the handshake is in the clear

  Bytes encode(std::uint8_t version) const;
  // Checks shape, heartbeat and mutual authentication against the capabilities of both sides. What it does not know is the caller's:
  // whether the requester's slot has a key, the sessions that are open, and the versions of secured messages that were offered.
  static KeyExchangeResponse decode(Reader& reader, const KeyExchange& request, const Parameters& parameters);
};

// The session id on the wire: the responder's half is the upper one.
inline std::uint32_t session_id(std::uint16_t requester, std::uint16_t responder) { return std::uint32_t{responder} << 16 | requester; }

}  // namespace spdm
