#include "core/rfc3339.h"

#include <doctest/doctest.h>

using spdm::parse_rfc3339;

TEST_CASE("RFC 3339: times in every form, and nothing else") {
  CHECK(parse_rfc3339("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_rfc3339("2026-06-01T02:00:00+02:00") == parse_rfc3339("2026-06-01T00:00:00Z"));
  CHECK(parse_rfc3339("2026-05-31t22:30:00.123-01:30") == parse_rfc3339("2026-06-01T00:00:00Z"));
  CHECK(parse_rfc3339("2024-02-29 00:00:00z").has_value());
  for (const char* bad :
       {"", "2026-06-01", "2026-06-01T00:00:00", "2026-06-31T00:00:00Z", "2026-06-01T24:00:00Z", "2026-06-01T00:60:00Z",
        "2026-06-01T00:00:00.", "2026-06-01T00:00:00+2:00", "2026-06-01T00:00:00+24:00", "x026-06-01T00:00:00Z", "2026-06-01T00:00:00Zx"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_rfc3339(bad).has_value());
  }
}
