#include "core/suggest.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "core/word_table.h"

using namespace spdm;

namespace {
constexpr std::array<std::string_view, 5> kVerbs{"auth", "audit", "verify", "measurements", "list"};
}

TEST_CASE("the edit distance counts letters put in, left out, replaced and swapped") {
  CHECK(edit_distance("auth", "auth") == 0);
  CHECK(edit_distance("", "auth") == 4);
  CHECK(edit_distance("auth", "") == 4);
  CHECK(edit_distance("atuh", "auth") == 1);
  CHECK(edit_distance("auht", "auth") == 1);
  CHECK(edit_distance("ath", "auth") == 1);
  CHECK(edit_distance("autth", "auth") == 1);
  CHECK(edit_distance("autj", "auth") == 1);
  CHECK(edit_distance("AUTH", "auth") == 0);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("a word that is near is suggested") {
  CHECK(did_you_mean("verfiy", kVerbs) == "did you mean verify?");
  CHECK(did_you_mean("Verify", kVerbs) == "did you mean verify?");
  CHECK(did_you_mean("measurment", kVerbs) == "did you mean measurements?");
}

TEST_CASE("the beginning of a word is near") { CHECK(did_you_mean("meas", kVerbs) == "did you mean measurements?"); }

TEST_CASE("two words at most are suggested, and only the nearest") {
  constexpr std::array<std::string_view, 4> near{"aa1", "aa2", "aa3", "bbb"};
  CHECK(did_you_mean("aa4", near) == "did you mean aa1 or aa2?");
  constexpr std::array<std::string_view, 2> nearer{"verified", "verify"};
  CHECK(did_you_mean("verifx", nearer) == "did you mean verify?");
}

TEST_CASE("nothing is suggested for a word that resembles none") {
  CHECK(did_you_mean("frobnicate", kVerbs).empty());
  CHECK(did_you_mean("xy", kVerbs).empty());
  CHECK(did_you_mean("", kVerbs).empty());
  CHECK(did_you_mean(std::string(65, 'a'), kVerbs).empty());
  const std::string longest(64, 'a'), known(65, 'a');
  const std::array<std::string_view, 1> one{known};
  CHECK(!did_you_mean(longest, one).empty());
}

TEST_CASE("a table of words gives its names") {
  enum class Way { doe, storage };
  constexpr std::array table{Word{Way::doe, "doe"}, Word{Way::storage, "storage"}};
  CHECK(guess_from("storrage", table) == "did you mean storage? ");
  CHECK(guess_from("nothing", table).empty());
}
