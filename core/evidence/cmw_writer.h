// Conceptual message wrappers (CMW, RFC 9999) as they are written here: records, which say what is inside of them.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/word_table.h"

namespace spdm {

enum class CmwForm { json, cbor };
inline constexpr std::array kCmwForms{Word{CmwForm::json, "json"}, Word{CmwForm::cbor, "cbor"}};
static_assert(is_sound(kCmwForms));

// A media type of tokens with its profile: TYPE; eat_profile="PROFILE" (RFC 9782 section 5).
std::string media_type_of_token(std::string_view type, std::string_view profile);

// [media type, contents]: a line of JSON with base64url, or CBOR.
std::string write_cmw(CmwForm form, std::string_view media_type, View contents);

}  // namespace spdm
