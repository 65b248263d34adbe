#include "core/rfc3339.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace spdm {

namespace {

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (text.size() < at + count) return std::nullopt;
  int out = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    out = out * 10 + (c - '0');
  }
  return out;
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const std::string_view shape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] != 'd' && text[i] != shape[i] && !(shape[i] == 'T' && (text[i] == 't' || text[i] == ' '))) return std::nullopt;
  std::array<int, 6> part{};
  constexpr std::array<std::pair<std::size_t, std::size_t>, 6> kPlaces{{{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}}};
  for (std::size_t i = 0; i < part.size(); ++i) {
    const std::optional<int> value = digits(text, kPlaces[i].first, kPlaces[i].second);
    if (!value) return std::nullopt;
    part[i] = *value;
  }
  std::string_view rest = text.substr(shape.size());
  if (rest.starts_with('.')) rest.remove_prefix(std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
  int offset_minutes = 0;
  if (rest != "Z" && rest != "z") {
    const std::optional<int> hours = digits(rest, 1, 2), minutes = digits(rest, 4, 2);
    if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':' || !hours || !minutes || *hours > 23 || *minutes > 59)
      return std::nullopt;
    offset_minutes = (rest[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
  }
  std::tm fields{};
  fields.tm_year = part[0] - 1900, fields.tm_mon = part[1] - 1, fields.tm_mday = part[2];
  fields.tm_hour = part[3], fields.tm_min = part[4], fields.tm_sec = part[5];
  const std::tm given = fields;
  const std::time_t out = timegm(&fields);
  // timegm() turns the 31st of February into a day of March.
  if (fields.tm_mon != given.tm_mon || fields.tm_mday != given.tm_mday || part[3] > 23 || part[4] > 59 || part[5] > 60) return std::nullopt;
  return out - std::int64_t{offset_minutes} * 60;
}

}  // namespace spdm
