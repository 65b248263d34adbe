// HEARTBEAT, KEY_UPDATE and END_SESSION with their acknowledgements (DSP0274, the sections of these titles): what keeps a session
// alive, renews its keys and ends it. All have four bytes.
#pragma once

#include "core/wire/negotiate.h"

namespace spdm {

enum class KeyOperation : std::uint8_t { update_key = 1, update_all_keys = 2, verify_new_key = 3 };
// "UpdateAllKeys"; a number for a value without a name.
std::string name(KeyOperation operation);

struct KeyUpdate {
  KeyOperation operation{};
  std::uint8_t tag = 0;

  Bytes encode(std::uint8_t version) const;
  Bytes encode_ack(std::uint8_t version) const;
  // Throws Error{peer} for an operation that does not exist.
  static KeyUpdate decode(Reader& reader, std::uint8_t version);
  // Checks that the acknowledgement echoes operation and tag.
  void check_ack(Reader& reader, std::uint8_t version) const;
};

struct EndSession {
  bool clear_state = true;  // Negotiated State Clear: the responder forgets what it has cached (CACHE_CAP)

  Bytes encode(std::uint8_t version) const;
  static EndSession decode(Reader& reader, std::uint8_t version);
};

Bytes encode_heartbeat(std::uint8_t version);

}  // namespace spdm
