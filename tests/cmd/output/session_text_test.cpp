// Sessions in words.
#include "cmd/output/session_text.h"

#include <doctest/doctest.h>

using namespace spdm;
using namespace spdm::cmd;

TEST_CASE("a session in one line") {
  SessionReport session;
  session.id = 0xFFFE0001;
  session.key_exchange = "ML-KEM-1024";
  session.aead = "AES-256-GCM";
  session.encrypted = true;
  session.secured_version = "1.1";
  CHECK(session_text(session) == "0xfffe0001 by key exchange, slot 0, ML-KEM-1024, AES-256-GCM, secured messages 1.1; not finished");
  session.state = SessionState::established;
  session.requests = 1;
  CHECK(session_text(session) ==
        "0xfffe0001 by key exchange, slot 0, ML-KEM-1024, AES-256-GCM, secured messages 1.1; 1 request inside, not ended");
  SessionReport other;
  other.kind = SessionKind::psk;
  other.state = SessionState::ended;
  other.aead = "ChaCha20-Poly1305";
  other.heartbeat_period = 5;
  other.heartbeats = 1;
  other.key_updates = 4;
  other.requests = 3;
  CHECK(session_text(other) ==
        "0x00000000 by PSK, ChaCha20-Poly1305 (MAC only), heartbeat period 5 s, 1 heartbeat, 4 updates of keys; 3 requests inside");
  SessionReport mutual = session;
  mutual.state = SessionState::ended;
  mutual.slot = 255;
  mutual.handshake_in_the_clear = true;
  mutual.requester_slot = 0;
  mutual.requester_asym = "ECDSA-P384";
  CHECK(session_text(mutual) ==
        "0xfffe0001 by key exchange, slot 255, ML-KEM-1024, AES-256-GCM, secured messages 1.1, handshake in the clear, with our slot 0 "
        "(ECDSA-P384); 1 request inside");
}

TEST_CASE("what sessions a device can open, in one line") {
  const auto abilities = [](std::uint32_t flags, std::uint8_t version = k12) {
    Parameters parameters;
    parameters.version = version;
    parameters.responder.flags = flags;
    return session_abilities(parameters);
  };
  CHECK(abilities(cap::chal | cap::encrypt | cap::mac) == "none");
  CHECK(abilities(cap::key_ex | cap::encrypt | cap::mac, k10) == "none");
  CHECK(abilities(cap::key_ex | cap::encrypt) == "by key exchange; encrypted");
  CHECK(abilities(cap::psk | cap::mac) == "by PSK (without context); MAC only");
  CHECK(abilities(cap::key_ex | cap::psk_with_context | cap::encrypt | cap::mac | cap::mut_auth | cap::handshake_in_the_clear | cap::hbeat |
                  cap::key_upd) ==
        "by key exchange, by PSK; encrypted or MAC only, mutual authentication, handshake in the clear, heartbeat, key update");
}
