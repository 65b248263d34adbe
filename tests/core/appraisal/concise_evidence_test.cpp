// Concise evidence: what is read of it, and how much.
#include "core/appraisal/concise_evidence.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"

using namespace spdm;

namespace {

std::size_t claims_in(const std::string& digits) { return read_concise_evidence(cbor::read(unhex(digits, "test"))).size(); }

// 571({0: {0: [[{}, [{}, ...]]]}})
std::string evidence(std::uint8_t measurements) {
  std::string out = cat("d9023b a1 00 a1 00 81 82 a0 98", hex(measurements, 2));
  for (unsigned i = 0; i < measurements; ++i) out += " a0";
  return out;
}

// 570({0: [...]})
std::string listed(const std::string& first, const std::string& second) { return cat("d9023a a1 00 82", first, second); }

}  // namespace

TEST_CASE("concise evidence: each measurement is a claim, also behind a table of contents") {
  CHECK(claims_in(evidence(2)) == 2);
  CHECK(claims_in(listed(evidence(2), evidence(1))) == 3);
  CHECK(claims_in("d9023a a0") == 0);
  CHECK(claims_in("d9023b a1 00 a0") == 0);  // of keys it may speak instead
}

TEST_CASE("concise evidence: no more measurements are read than a device has") {
  CHECK(claims_in(evidence(64)) == 64);
  CHECK(claims_in(listed(evidence(32), evidence(32))) == 64);
  for (const std::string& more : {evidence(65), listed(evidence(32), evidence(33))})
    expect_error(ErrorId::bad_input, "more than 64 measurements", [&] { claims_in(more); });
}
