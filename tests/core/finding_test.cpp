#include "core/finding.h"

#include <doctest/doctest.h>

#include <set>

using namespace spdm;

TEST_CASE("finding: the table stands in the order of the enumeration") {
  const auto table = findings_table();
  CHECK(static_cast<std::size_t>(FindingId::readiness_unknown) + 1 == table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto id = static_cast<FindingId>(i);
    CHECK(table[i].id == id);
    CHECK(row(id).id == id);
  }
}

TEST_CASE("finding: names are unique and made for scripts") {
  std::set<std::string_view> names;
  for (const FindingRow& entry : findings_table()) {
    CHECK(names.insert(entry.name).second);
    CHECK(entry.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string_view::npos);
  }
}

TEST_CASE("finding: what fails or leaves a gap has an exit code, the rest has none") {
  for (const FindingRow& entry : findings_table()) {
    CAPTURE(entry.name);
    CHECK((entry.severity >= Severity::gap) == (entry.exit != Exit::ok));
  }
}

TEST_CASE("finding: names of checks and severities") {
  CHECK(name(Check::protocol) == "protocol");
  CHECK(name(Check::measurements) == "measurements");
  CHECK(name(Severity::note) == "note");
  CHECK(name(Severity::failure) == "failure");
  CHECK(Finding{FindingId::bad_signature, "", "", ""}.severity() == Severity::failure);
}
