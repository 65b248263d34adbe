// Times as text and as numbers.
#include "core/calendar.h"

#include <doctest/doctest.h>

using namespace spdm;

TEST_CASE("calendar: a time is the same as text and as a number") {
  for (const char* text :
       {"1970-01-01T00:00:00Z", "2026-11-26T12:34:56Z", "2024-02-29T23:59:59Z", "9999-12-31T23:59:59Z", "1950-03-01T00:00:01Z"}) {
    const auto seconds = seconds_of(text);
    REQUIRE(seconds);
    CHECK(utc_of(*seconds) == text);
  }
  CHECK(seconds_of("1970-01-02T00:00:00Z") == kDay);
  CHECK(seconds_of("2026-06-01T00:00:00Z") == 1780272000);
}

TEST_CASE("calendar: what is no time") {
  for (const char* text :
       {"", "2026-06-01", "2026-06-01T00:00:00", "2026-06-01T00:00:00+00:00", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-06-01T24:00:00Z", "2026-06-01T00:60:00Z", "2026-06-01 00:00:00Z", "-026-06-01T00:00:00Z"})
    CHECK_MESSAGE(!seconds_of(text), text);
}

TEST_CASE("calendar: months") {
  const std::int64_t time = *seconds_of("2026-11-26T12:34:56Z");
  CHECK(utc_of(month_of(time)) == "2026-11-01T00:00:00Z");
  CHECK(utc_of(month_of(time, 1)) == "2026-12-01T00:00:00Z");
  CHECK(utc_of(month_of(time, 2)) == "2027-01-01T00:00:00Z");
  CHECK(utc_of(month_of(time, 24)) == "2028-11-01T00:00:00Z");
}
