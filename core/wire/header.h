// The four bytes every message begins with (DSP0274 "Generic SPDM message format"), and what is common to all decoders.
#pragma once

#include "core/bytes.h"
#include "core/wire/codes.h"

namespace spdm {

inline constexpr std::size_t kHeaderSize = 4;

struct Header {
  std::uint8_t version = 0;
  Code code{};
  std::uint8_t param1 = 0, param2 = 0;
};

// Throws Error{peer} when fewer than four bytes are there.
Header read_header(View message);

// Checks code and version of a message (DSP0274 "SPDMVersion": every message after VERSION carries the negotiated one),
// and leaves the reader after the header. Every decoder begins with it. Throws Error{peer}.
Header expect(Reader& reader, Code code, std::uint8_t version);

// Begins a message.
Writer begin(std::uint8_t version, Code code, std::uint8_t param1 = 0, std::uint8_t param2 = 0);

// Slots: 0..7, or the responder's public key that was provisioned out of band. CHALLENGE writes that as 0xFF; the
// four-bit fields of the other messages as 0xF.
inline constexpr std::uint8_t kProvisionedKey = 0xFF;
inline std::uint8_t slot_nibble(std::uint8_t slot) { return slot & 0x0F; }
inline std::uint8_t slot_from_nibble(std::uint8_t nibble) { return nibble == 0x0F ? kProvisionedKey : nibble; }

}  // namespace spdm
