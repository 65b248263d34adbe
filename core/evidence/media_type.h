// How a conceptual message wrapper (CMW, draft-ietf-rats-msg-wrap) names what is inside of it. The contents decide what they are; the
// name is only compared with them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"

namespace spdm {

// Bit of `ind` in a wrapper: there is evidence inside.
inline constexpr std::uint64_t kIndicatesEvidence = 1U << 2;

// The media type of a CoAP content format that is known here; "" for another.
std::string_view media_type_of(std::uint64_t content_format);

// The CoAP content format that a CBOR tag stands for (RFC 9277, appendix B); nothing for other tags.
std::optional<std::uint64_t> content_format_of(std::uint64_t tag);

// Throws Error{bad_input} when the media type is known, and these contents can not be of it.
void assert_of_type(std::string_view media_type, View contents);

}  // namespace spdm
