#include "core/calendar.h"

#include <array>
#include <charconv>
#include <chrono>

#include "core/text.h"

namespace spdm {

using namespace std::chrono;

namespace {

year_month_day date_of(std::int64_t seconds) { return year_month_day(floor<days>(sys_seconds(std::chrono::seconds(seconds)))); }
std::int64_t begin_of(const year_month_day& date) { return sys_seconds(sys_days(date)).time_since_epoch().count(); }

std::string padded(std::int64_t number, std::size_t digits) {
  std::string out = std::to_string(number);
  return out.size() < digits ? std::string(digits - out.size(), '0') + out : out;
}

}  // namespace

std::optional<std::int64_t> seconds_of(std::string_view utc) {
  constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:ddZ";
  if (utc.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i)
    if (kShape[i] == 'd' ? utc[i] < '0' || utc[i] > '9' : utc[i] != kShape[i]) return std::nullopt;
  const auto part = [&](std::size_t at, std::size_t size) {
    int out = 0;
    std::from_chars(utc.data() + at, utc.data() + at + size, out);
    return out;
  };
  const year_month_day date(year(part(0, 4)), month(static_cast<unsigned>(part(5, 2))), day(static_cast<unsigned>(part(8, 2))));
  const int hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return begin_of(date) + hour * 3600 + minute * 60 + second;
}

std::string utc_of(std::int64_t seconds) {
  const year_month_day date = date_of(seconds);
  const std::int64_t rest = seconds - begin_of(date);
  return cat(padded(int(date.year()), 4), "-", padded(unsigned(date.month()), 2), "-", padded(unsigned(date.day()), 2), "T",
             padded(rest / 3600, 2), ":", padded(rest / 60 % 60, 2), ":", padded(rest % 60, 2), "Z");
}

std::int64_t month_of(std::int64_t seconds, int months_later) {
  const year_month_day date = date_of(seconds);
  return begin_of(date.year() / date.month() / day(1) + months(months_later));
}

}  // namespace spdm
