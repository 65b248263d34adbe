#include "cmd/gate/gate_words.h"

#include <doctest/doctest.h>

#include "cmd/host/console.h"

using namespace spdm::cmd;

TEST_CASE("gate --occasion takes the occasions of a gate, and not those of watch") {
  CHECK(spdm::names_of(kGateOccasions) == "boot, arrival, resume, reset, interval or request");
  CHECK_FALSE(spdm::value_of(kGateOccasions, "bind").has_value());
}

TEST_CASE("formats are of every verb, or of judgements") {
  CHECK(spdm::names_of(kPlainFormats) == "text, json, ndjson or yaml");
  CHECK(spdm::names_of(kExportFormats) == "ear or redfish");
  CHECK(spdm::names_of(kTokenFormats) == "eat");
  CHECK(is_export(Format::redfish));
  CHECK_FALSE(is_export(Format::eat));
  CHECK_FALSE(is_export(Format::yaml));
}
