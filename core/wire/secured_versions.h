// The versions of secured messages that two sides know (DSP0277 "Secured Message Opaque Element"): the requester lists its own in the
// opaque data of KEY_EXCHANGE or PSK_EXCHANGE, the responder selects one in its answer.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/wire/opaque.h"

namespace spdm {

// SecuredMessageVersion as in VERSION: major and minor in the high byte (0x1100 for 1.1).
inline constexpr std::array<std::uint16_t, 4> kSecuredVersions{0x1000, 0x1100, 0x1200, 0x1300};
// "1.1"
std::string secured_version_name(std::uint16_t version);

// Versions are compared by major and minor alone; what is decoded has nothing else.

// The opaque data that lists `versions`, or that selects one, in the format of the version: the general format from 1.2 on where it
// was negotiated, and the elements of DSP0277 with their own header before.
Bytes encode_secured_versions(const Parameters& parameters, std::span<const std::uint16_t> versions);
Bytes encode_secured_selection(const Parameters& parameters, std::uint16_t version);

// What the opaque data lists; nothing when it has no such element. Elements with other ids are skipped (DSP0277). Throws Error{peer}
// naming `message` when an element is cut, or that which is looked for is there twice.
std::vector<std::uint16_t> decode_secured_versions(View opaque, const Parameters& parameters, std::string_view message);
std::optional<std::uint16_t> decode_secured_selection(View opaque, const Parameters& parameters, std::string_view message);

// DSP0277 1.3, and without a meaning where an earlier version was selected: each side may say how many records one key protects on its
// account, 2^n. The smaller n of both counts; the highest sequence number is one less than 2^n. kNoAeadLimit where the opaque data has
// no such element. Throws Error{peer} for more than 64, or when it is there twice.
inline constexpr std::uint8_t kNoAeadLimit = 64;
std::uint8_t decode_aead_limit(View opaque, const Parameters& parameters, std::string_view message);

}  // namespace spdm
