// Rules that a run on the bench tolerates.
#include "core/tolerance.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/bytes.h"
#include "core/error.h"
#include "core/evidence/expect_error.h"

using namespace spdm;

namespace {

Tolerance of(std::string_view name) { return Tolerance(std::array{name}); }

// What stands behind "near are: " in the hint.
std::string near_to(std::string_view name) {
  try {
    of(name);
    return {};
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::usage);
    return error.hint;
  }
}

}  // namespace

TEST_CASE("tolerance: every rule has a name of its own, a clause and words") {
  std::set<std::string> names;
  for (const TolerableRule& rule : tolerable_rules()) {
    CHECK(names.insert(rule.name).second);
    CHECK(rule.clause.starts_with("DSP0274, "));
    CHECK_FALSE(rule.what.empty());
    const std::vector<std::string> named = of(rule.name).names();
    CHECK(std::find(named.begin(), named.end(), rule.name) != named.end());
  }
  CHECK(names.size() > 80);
}

TEST_CASE("tolerance: names are in any case, and all of them") {
  CHECK(of("measurements.INDEX").names() == std::vector<std::string>{"MEASUREMENTS.Index"});
  CHECK(of("algorithms.length").names() == std::vector<std::string>{"ALGORITHMS.length", "ALGORITHMS.Length"});
  CHECK(of("all").names() == std::vector<std::string>{"all"});
  const std::array two{std::string_view("MEASUREMENTS.Index"), std::string_view("all")};
  CHECK(Tolerance(two).names() == std::vector<std::string>{"all"});
  const std::array wrong{std::string_view("all"), std::string_view("MEASUREMENTS.Indx")};
  expect_error(ErrorId::usage, "'MEASUREMENTS.Indx' is not a rule", [&] { (void)Tolerance(wrong); });
  CHECK(Tolerance().is_strict());
  CHECK_FALSE(of("all").is_strict());
}

TEST_CASE("tolerance: a name that is none is told with those that are near") {
  CHECK(near_to("MEASUREMENTS.Indx").find("near are: MEASUREMENTS.Index, ") != std::string::npos);
  CHECK(near_to("flags").find("near are: CAPABILITIES.Flags, ") != std::string::npos);
  CHECK(near_to("slotmask").find("CHALLENGE_AUTH.SlotMask") != std::string::npos);
  // Signatures and sizes are no rules that one goes on after.
  for (const char* const name : {"", "MEASUREMENTS", "MEASUREMENTS.Signature", "CHALLENGE_AUTH.Signature", "MEASUREMENTS.MeasurementRecord",
                                 "MEASUREMENTS.RequestResponseCode", "DIGESTS.Digest", "MEASUREMENTS.Index ", "any"})
    CHECK_FALSE(near_to(name).empty());
  CHECK_FALSE(near_to(std::string(100'000, 'A')).empty());
}

TEST_CASE("tolerance: a reader goes on where the rule is tolerated, and fails where it is not") {
  const Bytes bytes{1, 2};
  const Reader strict(bytes, "MEASUREMENTS");
  expect_error(ErrorId::peer, "MEASUREMENTS: Index: 3 after 5", [&] { strict.breaks("Index", "3 after 5"); });

  Tolerance tolerance = of("MEASUREMENTS.Index");
  Reader reader(bytes, "MEASUREMENTS", &tolerance);
  reader.breaks("Index", "3 after 5");
  reader.inside(reader.rest()).breaks("Index", "4 twice");
  REQUIRE(tolerance.deviations().size() == 2);
  CHECK(tolerance.deviations()[0].rule->name == "MEASUREMENTS.Index");
  CHECK(tolerance.deviations()[0].why == "3 after 5");
  expect_error(ErrorId::peer, "MEASUREMENTS: SlotID: 1", [&] { reader.breaks("SlotID", "1"); });
  expect_error(ErrorId::peer, "VERSION: Index: 1", [&] { Reader(bytes, "VERSION", &tolerance).breaks("Index", "1"); });
  reader.take(2, "Index");
  expect_error(ErrorId::peer, "MEASUREMENTS: Index: needs 1 bytes", [&] { reader.u8("Index"); });  // a size that does not fit
  tolerance.begin();
  CHECK(tolerance.deviations().empty());
}

TEST_CASE("tolerance: all are the rules of the table, and no more") {
  Tolerance tolerance = of("all");
  const Reader reader(Bytes{}, "MEASUREMENTS", &tolerance);
  reader.breaks("Index", "0");
  expect_error(ErrorId::peer, "MEASUREMENTS: Signature: wrong", [&] { reader.breaks("Signature", "wrong"); });
  CHECK(tolerance.deviations().size() == 1);
}

TEST_CASE("tolerance: a message that breaks too many is not read on") {
  Tolerance tolerance = of("all");
  const Reader reader(Bytes{}, "MEASUREMENTS", &tolerance);
  for (unsigned i = 0; i < 64; ++i) reader.breaks("Index", "twice");
  expect_error(ErrorId::peer, "Index", [&] { reader.breaks("Index", "twice"); });
  tolerance.begin();
  reader.breaks("Index", "twice");  // the next one is
}
