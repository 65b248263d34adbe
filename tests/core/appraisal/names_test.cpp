// Strings that are kept once, and not without end.
#include "core/appraisal/names.h"

#include <doctest/doctest.h>

using namespace spdm;

TEST_CASE("names: one number for one string, for good") {
  Names names(1000, 100'000);
  const NameId first = names.id("name 0");
  for (int i = 0; i < 500; ++i) CHECK(Names::known(names.id("name " + std::to_string(i))));
  CHECK(names.id("name 0") == first);
  CHECK(names[first] == "name 0");
  CHECK(names.id("") == Names::kNone);
  CHECK(names[Names::kNone].empty());
  CHECK(!names.full());
}

TEST_CASE("names: what there is no room for has no number, and what is there keeps its own") {
  Names few(2, 100);
  const NameId a = few.id("a");
  few.id("b");
  CHECK(few.id("c") == Names::kFull);
  CHECK(few.id("a") == a);
  CHECK(few.full());
  CHECK(!Names::known(Names::kFull));
  Names small(100, 4);
  CHECK(Names::known(small.id("1234")));
  CHECK(small.id("5") == Names::kFull);
}
