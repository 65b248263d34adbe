#include "core/calendar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>

#include "core/text.h"

namespace spdm {

using namespace std::chrono;

namespace {

year_month_day date_of(std::int64_t seconds) { return year_month_day(floor<days>(sys_seconds(std::chrono::seconds(seconds)))); }
std::int64_t begin_of(const year_month_day& date) { return sys_seconds(sys_days(date)).time_since_epoch().count(); }

// At least so many digits, and what stands behind them.
void append(std::string& out, std::int64_t number, std::size_t digits, char behind) {
  std::array<char, 20> text{};
  const std::to_chars_result end = std::to_chars(text.data(), text.data() + text.size(), number);
  const auto size = static_cast<std::size_t>(end.ptr - text.data());
  if (size < digits) out.append(digits - size, '0');
  out.append(text.data(), size);
  out += behind;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number in the `size` digits at `at`.
int number_at(std::string_view text, std::size_t at, std::size_t size) {
  int out = 0;
  std::from_chars(text.data() + at, text.data() + at + size, out);
  return out;
}

// "Z", "+02:00", "-01:30"
std::optional<int> offset_minutes(std::string_view zone) {
  if (zone == "Z" || zone == "z") return 0;
  const bool shaped = zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && is_digit(zone[1]) && is_digit(zone[2]) && zone[3] == ':' &&
                      is_digit(zone[4]) && is_digit(zone[5]);
  if (!shaped || number_at(zone, 1, 2) > 23 || number_at(zone, 4, 2) > 59) return std::nullopt;
  return (zone[0] == '-' ? -1 : 1) * (number_at(zone, 1, 2) * 60 + number_at(zone, 4, 2));
}

}  // namespace

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";
  if (text.size() <= kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool separates = text[i] == kShape[i] || (kShape[i] == 'T' && (text[i] == 't' || text[i] == ' '));
    if (kShape[i] == 'd' ? !is_digit(text[i]) : !separates) return std::nullopt;
  }
  const year_month_day date(year(number_at(text, 0, 4)), month(static_cast<unsigned>(number_at(text, 5, 2))),
                            day(static_cast<unsigned>(number_at(text, 8, 2))));
  const int hour = number_at(text, 11, 2), minute = number_at(text, 14, 2), second = number_at(text, 17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  std::string_view rest = text.substr(kShape.size());
  if (rest.starts_with('.')) {
    const std::size_t end = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
    if (end == 1) return std::nullopt;
    rest.remove_prefix(end);
  }
  const std::optional<int> offset = offset_minutes(rest);
  if (!offset) return std::nullopt;
  return begin_of(date) + hour * 3600 + (minute - *offset) * 60 + second;
}

std::optional<std::int64_t> parse_date_or_time(std::string_view text) {
  constexpr std::size_t kDateSize = 10;  // "2026-06-01"
  return parse_rfc3339(text.size() == kDateSize ? cat(text, "T00:00:00Z") : std::string(text));
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    double milliseconds;
  };
  constexpr std::array<Unit, 6> kUnits{{{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 1000.0 * kDay}}};
  constexpr double kMost = 1e15;                                     // more than anybody means, and exact in a double
  if (text.empty() || !is_digit(text.front())) return std::nullopt;  // from_chars would accept a sign, "nan" and "inf"
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc()) return std::nullopt;
  const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const auto* unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& one) { return one.name == name; });
  if (unit == kUnits.end() || number * unit->milliseconds > kMost) return std::nullopt;
  return std::chrono::milliseconds(std::llround(number * unit->milliseconds));
}

std::string utc_of(std::int64_t seconds) {
  const year_month_day date = date_of(seconds);
  const std::int64_t rest = seconds - begin_of(date);
  std::string out;
  out.reserve(std::string_view("2026-06-01T00:00:00Z").size());
  append(out, int(date.year()), 4, '-');
  append(out, unsigned(date.month()), 2, '-');
  append(out, unsigned(date.day()), 2, 'T');
  append(out, rest / 3600, 2, ':');
  append(out, rest / 60 % 60, 2, ':');
  append(out, rest % 60, 2, 'Z');
  return out;
}

std::int64_t month_of(std::int64_t seconds, int months_later) {
  const year_month_day date = date_of(seconds);
  return begin_of(date.year() / date.month() / day(1) + months(months_later));
}

}  // namespace spdm
