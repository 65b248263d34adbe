// The versions of secured messages that two sides know (DSP0277 "Secured Message Opaque Element"): the requester lists its own in the
// opaque data of KEY_EXCHANGE or PSK_EXCHANGE, the responder selects one in its answer.
#pragma once

#include <optional>

#include "core/wire/opaque.h"

namespace spdm {

// SecuredMessageVersion as in VERSION: major and minor in the high byte (0x1100 for 1.1).
inline constexpr std::array<std::uint16_t, 4> kSecuredVersions{0x1000, 0x1100, 0x1200, 0x1300};
// "1.1"
std::string secured_version_name(std::uint16_t version);

// The opaque data that lists `versions`, or that selects one, in the format of the version: the general format from 1.2 on where it
// was negotiated, and the elements of DSP0277 with their own header before.
Bytes encode_secured_versions(const Parameters& parameters, std::span<const std::uint16_t> versions);
Bytes encode_secured_selection(const Parameters& parameters, std::uint16_t version);

// What the opaque data lists; nothing when it has no such element. Elements with other ids are skipped (DSP0277). Throws Error{peer}
// naming `message` when an element is cut, or the version list is there twice.
std::vector<std::uint16_t> decode_secured_versions(View opaque, const Parameters& parameters, std::string_view message);
std::optional<std::uint16_t> decode_secured_selection(View opaque, const Parameters& parameters, std::string_view message);

}  // namespace spdm
