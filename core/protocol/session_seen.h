// A session as the messages of a connection show it; without its keys.
#pragma once

#include <optional>

#include "core/wire/events.h"
#include "core/wire/finish.h"
#include "core/wire/psk_exchange.h"

namespace spdm {

// How a session was opened.
enum class SessionKind { key_exchange, psk };
inline constexpr std::array kSessionKinds{
    Word{SessionKind::key_exchange, "key-exchange"},
    Word{SessionKind::psk, "psk"},
};
static_assert(is_sound(kSessionKinds));
inline std::string_view name(SessionKind kind) { return row_of(kSessionKinds, kind).name; }

struct SessionSeen {
  enum class State { handshake, established, ended };

  std::size_t exchange = 0;  // of KEY_EXCHANGE or PSK_EXCHANGE: index into Connection::exchanges()
  std::uint32_t id = 0;      // as on the wire
  std::uint8_t slot = 0;     // of the responder; with a PSK nothing is meant by it
  Bytes identity_hash;       // of the chain of that slot as it was then, or of the provisioned key; empty when neither was seen
  State state = State::handshake;
  // One of the two pairs is there.
  std::optional<KeyExchange> key_exchange;
  std::optional<KeyExchangeResponse> key_exchange_response;
  std::optional<PskExchange> psk_exchange;
  std::optional<PskExchangeResponse> psk_exchange_response;
  std::optional<std::uint16_t> secured_version;  // that the responder selected (DSP0277); nothing: it selected none
  std::optional<std::uint8_t> requester_slot;    // that we authenticated with: FINISH was signed
  std::optional<std::size_t> finish;             // exchange of FINISH or PSK_FINISH
  unsigned heartbeats = 0, key_updates = 0;      // acknowledged
  std::vector<EventGroup> subscription;          // to which events; empty: to none
  bool has_messages = false;                     // something was exchanged inside of it

  bool is_psk() const { return psk_exchange.has_value(); }
  SessionKind kind() const { return is_psk() ? SessionKind::psk : SessionKind::key_exchange; }
  MutualAuth mutual_auth() const { return key_exchange_response ? key_exchange_response->mutual_auth : MutualAuth::none; }
  std::uint8_t heartbeat_period() const {
    return is_psk() ? psk_exchange_response->heartbeat_period : key_exchange_response->heartbeat_period;
  }
  const Bytes& summary_hash() const { return is_psk() ? psk_exchange_response->summary_hash : key_exchange_response->summary_hash; }
};

}  // namespace spdm
