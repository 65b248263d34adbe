// FINISH / FINISH_RSP (DSP0274, the section of that title): both sides confirm the handshake of a key exchange.
#pragma once

#include "core/wire/key_exchange.h"

namespace spdm {

inline constexpr std::string_view kFinishContext = "requester-finish signing";

struct Finish {
  std::uint8_t slot = 0;  // of the requester, 0..7 or kProvisionedKey; only with a signature
  Bytes opaque;           // 1.4
  Bytes signature;        // the requester's; empty without mutual authentication
  Bytes verify_data;

  Bytes encode(std::uint8_t version) const;
  static Finish decode(Reader& reader, const Parameters& parameters);
};

struct FinishResponse {
  Bytes opaque;       // 1.4
  Bytes verify_data;  // empty unless the handshake is in the clear

  Bytes encode(std::uint8_t version) const;
  static FinishResponse decode(Reader& reader, const Parameters& parameters);
};

}  // namespace spdm
