#include "core/format/fingerprint.h"

#include <algorithm>
#include <cctype>

#include "core/format/yaml_reader.h"

namespace spdm {

std::string plain_fingerprint(std::string_view text) {
  std::string out(text);
  std::erase(out, ':');
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool digits = out.find_first_not_of("0123456789abcdef") == std::string::npos;
  return digits && out.size() == 64 ? out : std::string();
}

std::string read_fingerprint(const yaml::Value& value) {
  std::string out = plain_fingerprint(value.text());
  if (out.empty()) value.fail("is not a SHA-256 fingerprint", "write its 64 hex digits, with or without colons");
  return out;
}

}  // namespace spdm
