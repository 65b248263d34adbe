#include "core/error.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

using namespace spdm;

TEST_CASE("error: every kind has a row, a name of its own, and an exit code that is listed") {
  std::set<std::string_view> names;
  std::set<Exit> listed;
  for (const ExitRow& entry : exit_codes()) listed.insert(entry.code);
  for (int i = static_cast<int>(ErrorId::internal); i <= static_cast<int>(ErrorId::peer); ++i) {
    const auto id = static_cast<ErrorId>(i);
    const ErrorRow& entry = row(id);
    CHECK(entry.id == id);
    CHECK(names.insert(entry.name).second);
    CHECK(listed.contains(entry.exit));
    CHECK(find_error(entry.name) == &entry);
  }
  CHECK(find_error("nothing") == nullptr);
}

TEST_CASE("error: the worse of two exit codes") {
  CHECK(worse(Exit::ok, Exit::ok) == Exit::ok);
  CHECK(worse(Exit::bad_signature, Exit::untrusted) == Exit::bad_signature);
  CHECK(worse(Exit::busy, Exit::untrusted) == Exit::untrusted);
  const auto codes = exit_codes();
  for (std::size_t i = 0; i < codes.size(); ++i)
    for (std::size_t k = 0; k < codes.size(); ++k) CHECK(worse(codes[i].code, codes[k].code) == codes[std::min(i, k)].code);
  CHECK(codes.back().code == Exit::ok);
}

TEST_CASE("error: carries what happened and what to do") {
  Error error(ErrorId::timeout, "nothing came", "try again");
  CHECK(std::string(error.what()) == "nothing came");
  CHECK(error.hint == "try again");
  CHECK(error.device.empty());
}
