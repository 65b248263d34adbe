// Times as text and as numbers.
#include "core/calendar.h"

#include <doctest/doctest.h>

using namespace spdm;

TEST_CASE("calendar: a time is the same as text and as a number") {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2026-11-26T12:34:56Z", "2024-02-29T23:59:59Z", "9999-12-31T23:59:59Z", "1950-03-01T00:00:01Z"}) {
    const auto seconds = parse_rfc3339(text);
    REQUIRE(seconds);
    CHECK(utc_of(*seconds) == text);
  }
  CHECK(parse_rfc3339("1970-01-02T00:00:00Z") == kDay);
  CHECK(parse_rfc3339("2026-06-01T00:00:00Z") == 1780272000);
}

TEST_CASE("calendar: what is no time") {
  for (const char* text : {"", "2026-06-01", "2026-06-01T00:00:00", "2026-02-30T00:00:00Z", "2026-06-31T00:00:00Z", "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z", "2026-06-01T24:00:00Z", "2026-06-01T00:60:00Z", "-026-06-01T00:00:00Z",
                           "x026-06-01T00:00:00Z", "2026-06-01T00:00:00.", "2026-06-01T00:00:00.Z", "2026-06-01T00:00:00+2:00",
                           "2026-06-01T00:00:00+24:00", "2026-06-01T00:00:00+a1:00", "2026-06-01T00:00:00Zx"})
    CHECK_MESSAGE(!parse_rfc3339(text), text);
}

TEST_CASE("calendar: a time in every form") {
  CHECK(parse_rfc3339("2026-06-01T02:00:00+02:00") == parse_rfc3339("2026-06-01T00:00:00Z"));
  CHECK(parse_rfc3339("2026-05-31t22:30:00.123-01:30") == parse_rfc3339("2026-06-01T00:00:00Z"));
  CHECK(parse_rfc3339("2024-02-29 00:00:00z") == parse_rfc3339("2024-02-29T00:00:00Z"));
}

TEST_CASE("calendar: a date is its midnight in UTC, where people write it") {
  CHECK(parse_date_or_time("2026-06-01") == parse_rfc3339("2026-06-01T00:00:00Z"));
  CHECK(parse_date_or_time("2026-06-01T02:00:00+02:00") == parse_rfc3339("2026-06-01T00:00:00Z"));
  for (const char* text : {"", "2026-06", "2026-6-1", "2026-02-30", "2026-06-01T", "20260601", "2026-06-011", "01.06.2026"})
    CHECK_MESSAGE(!parse_date_or_time(text), text);
}

TEST_CASE("calendar: durations, with a unit or in seconds") {
  using std::chrono::milliseconds;
  struct Row {
    const char* text;
    std::int64_t milliseconds;
  };
  for (const Row& row : {Row{"10", 10'000}, Row{"10s", 10'000}, Row{"500ms", 500}, Row{"2m", 120'000}, Row{"1h", 3'600'000},
                         Row{"7d", 604'800'000}, Row{"2.5", 2500}, Row{"0.5s", 500}, Row{"1.5h", 5'400'000}, Row{"0", 0}, Row{"0.4ms", 0},
                         Row{"0.29", 290}, Row{"2.3h", 8'280'000}}) {
    CAPTURE(row.text);
    CHECK(parse_duration(row.text) == milliseconds(row.milliseconds));
  }
  for (const char* text : {"", "s", "-1", "+1", "1e9", "nan", "inf", "0x10", "10 s", " 10", "5w", "1s1", "1h30m", "10S", "99999999999d",
                           ".5", "1000000000000000000000000000000000000000000000000000000000000000"})
    CHECK_MESSAGE(!parse_duration(text), text);
}

TEST_CASE("calendar: months") {
  const std::int64_t time = *parse_rfc3339("2026-11-26T12:34:56Z");
  CHECK(utc_of(month_of(time)) == "2026-11-01T00:00:00Z");
  CHECK(utc_of(month_of(time, 1)) == "2026-12-01T00:00:00Z");
  CHECK(utc_of(month_of(time, 2)) == "2027-01-01T00:00:00Z");
  CHECK(utc_of(month_of(time, 24)) == "2028-11-01T00:00:00Z");
}
