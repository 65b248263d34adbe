// Finds devices that differ from the others of their model, where most of those agree.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "core/appraisal/names.h"
#include "core/fleet/summary.h"

namespace spdm {

// A result, in the form that is kept while a summary is made.
struct FleetRow {
  NameId host = 0, device = 0, model = 0, reason = 0, cause = 0, firmware = 0, root = 0, version = 0, algorithms = 0;
  std::uint32_t measured = 0;  // of MeasurementSets; 0: none
  std::int64_t expires = -1;   // -1: not known
  Verdict verdict = Verdict::undetermined;
  Exit exit = Exit::internal;
  bool superseded = false;  // a later result is about the same device of the same host and model: only that is compared
};

// Sets of measurements. Devices of one model mostly have the same, so each set is kept once.
class MeasurementSets {
 public:
  struct Value {
    std::uint8_t index;
    NameId type, value;  // of names()
    bool operator<(const Value& other) const { return std::tie(index, type, value) < std::tie(other.index, other.type, other.value); }
  };
  using Set = std::vector<Value>;  // in the order of the index

  MeasurementSets();
  std::uint32_t id(const std::vector<ResultMeasurement>& measurements);
  const Set& operator[](std::uint32_t id) const { return *sets_[id]; }
  const Names& names() const { return names_; }
  bool full() const { return full_ || names_.full(); }

 private:
  Names names_;
  std::map<Set, std::uint32_t> ids_;
  std::vector<const Set*> sets_;
  std::size_t values_ = 0;
  bool full_ = false;
};

struct Outlier {
  std::size_t row;
  std::vector<Difference> differences;
};

// A value is usual when at least 3 devices, and three quarters of those for which it is known, have it. Measurements
// are compared only among devices with the same firmware version: with another version they have to differ. `root_name`
// says how to show a root. Beyond `most` outliers the differences stay empty.
std::vector<Outlier> find_outliers(const std::vector<FleetRow>& rows, const Names& names, const MeasurementSets& sets,
                                   const std::function<std::string(NameId)>& root_name, std::size_t most);

}  // namespace spdm
