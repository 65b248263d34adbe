// --tolerate: on the bench a run goes on where a message breaks a rule, so that one run shows all that is wrong. Such a run never
// passes.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spdm {

// A rule after which a message can be read on: a value contradicts its clause, and the layout is what it should be.
struct TolerableRule {
  std::string name;       // MESSAGE.FIELD, as errors have it: "MEASUREMENTS: Index: 3 after 5" is MEASUREMENTS.Index
  std::string clause;     // where it stands
  std::string_view what;  // must hold
};
std::span<const TolerableRule> tolerable_rules();

// A rule that was broken, and after which reading went on.
struct Deviation {
  const TolerableRule* rule;
  std::string why;  // "3 after 5"
};

// Which rules may be broken, and which the last message has broken. One that is made without names is strict.
class Tolerance {
 public:
  Tolerance() = default;
  // Names of rules in any case, or "all". Throws Error{usage} for one that is none, naming those that are near.
  explicit Tolerance(std::span<const std::string_view> names);

  bool is_strict() const { return names_.empty(); }
  const std::vector<std::string>& names() const { return names_; }  // as the table has them; "all" alone

  // A new message begins.
  void begin() { deviations_.clear(); }
  // Notes that the message breaks a rule, where that is tolerated; false where it is not, and where a message breaks too many.
  bool takes(std::string_view message, std::string_view field, std::string_view why);
  const std::vector<Deviation>& deviations() const { return deviations_; }

 private:
  std::vector<std::string> names_;
  std::vector<Deviation> deviations_;
};

}  // namespace spdm
