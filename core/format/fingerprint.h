// SHA-256 fingerprints as people write them, and in the form that is compared.
#pragma once

#include <string>
#include <string_view>

namespace spdm {

namespace yaml {
class Value;
}

// "AB:CD:..." or "abcd..." to 64 lower-case hex digits; empty when it is no SHA-256 fingerprint.
std::string plain_fingerprint(std::string_view text);
// The same for a value of a file; throws Error{config} naming its place.
std::string read_fingerprint(const yaml::Value& value);

}  // namespace spdm
