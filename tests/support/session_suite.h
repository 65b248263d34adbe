// What tests of sessions begin with: algorithms, and keys of a session that never was.
#pragma once

#include "core/session/secured_session.h"

namespace support {

inline spdm::SessionSuite session_suite(std::uint8_t version = spdm::k12, std::string_view hash = "SHA-256",
                                        std::string_view aead = "AES-256-GCM") {
  return {version, spdm::find_hash(hash), spdm::find_aead(aead)};
}

inline spdm::KeySchedule key_schedule(const spdm::SessionSuite& suite = session_suite()) {
  return spdm::KeySchedule::from_key_exchange(suite, spdm::SecretBytes::take(spdm::Bytes(32, 1)));
}

// The same each time it is called.
inline spdm::RecordKeys record_keys(const spdm::SessionSuite& suite = session_suite()) {
  return key_schedule(suite).handshake(spdm::Direction::request, spdm::Bytes(32, 2)).record_keys();
}

}  // namespace support
