// Each table of words has all values of its enumeration, and each word comes back as its value.
#include "core/word_table.h"

#include <doctest/doctest.h>

#include <utility>

#include "core/appraisal/policy_words.h"
#include "core/appraisal/report.h"
#include "core/fleet/summary.h"

using namespace spdm;

namespace {

// The compiler's own text for a value: one that the enumeration has bears its name there, any other is a number in a cast.
template <auto kValue>
constexpr bool is_enumerator() {
  const std::string_view text = __PRETTY_FUNCTION__;
  const std::string_view value = text.substr(text.find("kValue = ") + 9);
  return value.front() != '(';
}

template <class Value, std::size_t... kNumbers>
constexpr std::size_t count(std::index_sequence<kNumbers...>) {
  return (std::size_t{is_enumerator<static_cast<Value>(kNumbers)>()} + ...);
}

template <class Value, std::size_t N>
void check(const std::array<Word<Value>, N>& table) {
  // None has half as many: a value that is added, and has no row, is counted here.
  CHECK(count<Value>(std::make_index_sequence<64>()) == N);
  CHECK(is_sound(table));
  for (const Word<Value>& row : table) {
    CHECK(row_of(table, row.value).name == row.name);
    CHECK(name(row.value) == row.name);
    CHECK(value_of(table, row.name) == row.value);
  }
  CHECK_FALSE(value_of(table, "").has_value());
  CHECK_FALSE(value_of(table, "nothing of the kind").has_value());
}

}  // namespace

// Outside of the namespace without a name, whose text begins with a bracket, too.
namespace word_table_test {
enum class Three { one, two, three };
}
using word_table_test::Three;

TEST_CASE("tables of words are complete") {
  check(kChecks);
  check(kSeverities);
  check(kVerdicts);
  check(kCheckStatuses);
  check(kSignatureResults);
  check(kComparisonResults);
  check(kDemandStates);
  check(kGateModes);
  check(kMatchings);
  check(kIdentityMatches);
  check(kFailureActions);
  check(kDebugStates);
  check(kPinKinds);
  check(kSpdmOids);
  check(kCertModels);
  check(kContentChanged);
  check(kCertificateRoles);
}

TEST_CASE("a table that lacks a value, or has a word twice, is noticed") {
  static_assert(count<Three>(std::make_index_sequence<64>()) == 3);
  static_assert(is_sound(std::array{Word{Three::one, "1"}, Word{Three::two, "2"}, Word{Three::three, "3"}}));
  static_assert(!is_sound(std::array{Word{Three::one, "1"}, Word{Three::three, "3"}}));
  static_assert(!is_sound(std::array{Word{Three::one, "1"}, Word{Three::two, "1"}}));
  static_assert(!is_sound(std::array{Word{Three::one, ""}}));
  constexpr std::array first{Word{Three::one, "1"}, Word{Three::two, "2"}};
  CHECK_THROWS_AS(row_of(first, Three::three), std::out_of_range);
  CHECK(names_of(kIdentityMatches) == "exact, ids or none");
  CHECK(names_of(first, " and ") == "1 and 2");
}
