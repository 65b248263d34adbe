#include "cmd/gate/gate_words.h"

#include <doctest/doctest.h>

#include "cmd/host/console.h"

using namespace spdm::cmd;

namespace {

template <class Table>
void check(const Table& table) {
  for (const auto& row : table) {
    CHECK(name(row.value) == row.name);
    CHECK(spdm::value_of(table, row.name) == row.value);
  }
}

}  // namespace

TEST_CASE("words of the gate come back as what they mean") {
  check(kDecisions);
  check(kOccasions);
  check(kGateSteps);
  CHECK(spdm::names_of(kGateOccasions) == "boot, arrival, resume, reset, interval or request");
  CHECK_FALSE(spdm::value_of(kGateOccasions, "bind").has_value());
}

TEST_CASE("formats are of every verb, or of judgements") {
  check(kFormats);
  CHECK(spdm::names_of(kPlainFormats) == "text, json, ndjson or yaml");
  CHECK(spdm::names_of(kExportFormats) == "ear or redfish");
  CHECK(is_export(Format::redfish));
  CHECK_FALSE(is_export(Format::yaml));
}
