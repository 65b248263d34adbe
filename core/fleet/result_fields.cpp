#include "core/fleet/result_fields.h"

#include <algorithm>
#include <utility>

namespace spdm {

// The common case, a plain string, is returned as it is.
std::string shown(std::string text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; })) return text;
  std::string out;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\\', begin), text.size());
    out += printable(std::string_view(text).substr(begin, end - begin));
    if (end < text.size()) out += '\\';
    begin = end + 1;
  }
  return out;
}

std::string string_of(JsonStream& in, std::size_t keep) {
  std::string text = in.string(keep + 1);
  if (text.size() <= keep) return shown(std::move(text));
  while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0) == 0x80) text.pop_back();
  if (!text.empty()) text.pop_back();
  return shown(std::move(text)) + "...";
}

Exit exit_of(JsonStream& in) {
  const auto code = static_cast<Exit>(in.number(255));
  const auto rows = exit_codes();
  if (std::none_of(rows.begin(), rows.end(), [&](const ExitRow& row) { return row.code == code; }))
    in.fail(cat(static_cast<int>(code), " is not a known exit code"));
  return code;
}

}  // namespace spdm
