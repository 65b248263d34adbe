// What a rule can require beside what always must hold: one row per requirement. This table serves reading a policy,
// joining rules, showing them, checking a device and reporting on it. Schema and manual are tested against it.
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "core/appraisal/demand.h"
#include "core/appraisal/policy.h"
#include "core/format/json.h"

namespace spdm {

class Appraiser;

// What must be read from a device to decide on a requirement.
enum class Needs { chain, measurements };

struct RequirementRow {
  using Read = void (*)(const yaml::Value& value, PolicyRule& out);
  using Join = void (*)(PolicyRule& out, const PolicyRule& other);
  using Show = Json (*)(const PolicyRule& rule);
  using IsAsked = bool (*)(const Question& question);
  using Words = std::string (*)(const Question& question);
  using Decide = void (Appraiser::*)();

  // No member has a default: a row that lacks one does not compile.
  constexpr RequirementRow(Demand which, std::string_view key_in_file, Needs what, Read how_read, Join how_joined, Show how_shown,
                           IsAsked when_asked, Words in_words, Check decided_by, Decide how_decided)
      : demand(which),
        key(key_in_file),
        needs(what),
        read(how_read),
        join(how_joined),
        show(how_shown),
        is_asked(when_asked),
        words(in_words),
        check(decided_by),
        decide(how_decided) {}

  Demand demand;
  std::string_view key;  // below `require`
  Needs needs;
  Read read;         // throws Error{config}
  Join join;         // keeps the stricter of both: no rule weakens another
  Show show;         // in the form that `read` takes; null where the rule does not ask
  IsAsked is_asked;  // valid after ask() (policy.h)
  Words words;       // "SPDM 1.2 or newer", with the values of the question
  Check check;       // its result says whether the requirement is met; with Check::policy `decide` says so itself
  Decide decide;
};

// In the order of the enumeration Demand. They are checked and reported in this order.
std::span<const RequirementRow> requirements();

// Whole seconds, as "30s", "15m", "2h", "7d", or a bare number. Throws Error{config} naming the place.
std::chrono::seconds read_duration(const yaml::Value& value, std::chrono::seconds most);
// The row of any demand but Demand::authenticated, which has none.
const RequirementRow& row_of(Demand demand);

}  // namespace spdm
