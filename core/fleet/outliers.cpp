#include "core/fleet/outliers.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kMinAgreeing = 3, kMinPercent = 75;
constexpr std::size_t kMaxNames = 300'000, kMaxBytes = 24U << 20, kMaxSets = 100'000, kMaxSetValues = 2'000'000;
constexpr NameId kAbsent = ~NameId{0};  // stands for a missing measurement
constexpr std::size_t kMaxDifferences = 8;

// Counts the values of the siblings, and finds the usual one.
class Ballot {
 public:
  void add(NameId value, std::size_t count = 1) {
    if (Names::known(value)) votes_[value] += count, total_ += count;
  }
  void decide() {
    const auto most = std::max_element(votes_.begin(), votes_.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == votes_.end() || most->second < kMinAgreeing || most->second * 100 < total_ * kMinPercent) return;
    usual_ = most->first;
    agreeing_ = most->second;
  }
  bool is_unusual(NameId value) const { return Names::known(usual_) && Names::known(value) && value != usual_; }
  bool is_clear() const { return Names::known(usual_) && agreeing_ < total_; }
  NameId usual() const { return usual_; }
  std::size_t agreeing() const { return agreeing_; }
  std::size_t total() const { return total_; }

 private:
  std::map<NameId, std::size_t> votes_;
  std::size_t total_ = 0, agreeing_ = 0;
  NameId usual_ = Names::kNone;
};

// The verdict as a NameId, to be compared as the other values are.
NameId verdict_id(const FleetRow& row) { return static_cast<NameId>(row.verdict) + Names::kFull + 1; }
std::string verdict_name(NameId id) { return std::string(name(static_cast<Verdict>(id - Names::kFull - 1))); }

struct Attribute {
  std::string_view what;
  NameId (*of)(const FleetRow& row);
  std::function<std::string(NameId)> shown;
};

class Search {
 public:
  Search(const std::vector<FleetRow>& rows, const Names& names, const MeasurementSets& sets,
         const std::function<std::string(NameId)>& root_name, std::size_t most)
      : rows_(rows), sets_(sets), most_(most) {
    const auto plain = [&](NameId id) { return names[id]; };
    attributes_ = {{"verdict", verdict_id, verdict_name},
                   {"firmware version", [](const FleetRow& row) { return row.firmware; }, plain},
                   {"root", [](const FleetRow& row) { return row.root; }, root_name},
                   {"SPDM version", [](const FleetRow& row) { return row.version; }, plain},
                   {"algorithms", [](const FleetRow& row) { return row.algorithms; }, plain}};
  }

  std::vector<Outlier> run() {
    std::vector<std::size_t> order(rows_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::erase_if(order, [&](std::size_t i) { return !Names::known(rows_[i].model) || rows_[i].superseded; });
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return std::pair(rows_[a].model, rows_[a].firmware) < std::pair(rows_[b].model, rows_[b].firmware);
    });
    for_each_run(
        std::span<const std::size_t>(order), [](const FleetRow& row) { return row.model; },
        [&](std::span<const std::size_t> siblings) { compare(siblings); });
    std::sort(out_.begin(), out_.end(), [](const Outlier& a, const Outlier& b) { return a.row < b.row; });
    return std::move(out_);
  }

 private:
  using Group = std::span<const std::size_t>;

  template <class Key, class F>
  void for_each_run(Group order, Key key, F f) {
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      while (end < order.size() && key(rows_[order[end]]) == key(rows_[order[begin]])) ++end;
      f(order.subspan(begin, end - begin));
    }
  }

  void compare(Group siblings) {
    std::vector<Ballot> ballots(attributes_.size());
    for (std::size_t a = 0; a < attributes_.size(); ++a) {
      for (const std::size_t i : siblings) ballots[a].add(attributes_[a].of(rows_[i]));
      ballots[a].decide();
    }
    for_each_run(
        siblings, [](const FleetRow& row) { return row.firmware; },
        [&](Group same_firmware) {
          const std::map<std::uint32_t, std::vector<Difference>> unusual_sets = compare_measurements(same_firmware);
          for (const std::size_t i : same_firmware) {
            const auto set = unusual_sets.find(rows_[i].measured);
            const bool has_set = set != unusual_sets.end();
            const auto unusual = [&](std::size_t a) { return ballots[a].is_unusual(attributes_[a].of(rows_[i])); };
            Outlier outlier{i, {}};
            bool found = has_set;
            for (std::size_t a = 0; a < attributes_.size(); ++a) {
              if (!unusual(a)) continue;
              found = true;
              if (kept_ < most_)
                outlier.differences.push_back({std::string(attributes_[a].what), attributes_[a].shown(attributes_[a].of(rows_[i])),
                                               attributes_[a].shown(ballots[a].usual()), ballots[a].agreeing(), ballots[a].total()});
            }
            if (!found) continue;
            if (has_set && kept_ < most_) outlier.differences.insert(outlier.differences.end(), set->second.begin(), set->second.end());
            ++kept_;
            out_.push_back(std::move(outlier));
          }
        });
  }

  // The sets that differ from the usual values, and how.
  std::map<std::uint32_t, std::vector<Difference>> compare_measurements(Group siblings) {
    std::map<std::uint32_t, std::size_t> counts;
    for (const std::size_t i : siblings)
      if (rows_[i].measured != 0) ++counts[rows_[i].measured];
    std::map<std::uint32_t, std::vector<Difference>> out;
    if (counts.size() < 2) return out;

    std::array<bool, 256> is_used{};
    for (const auto& [set, count] : counts)
      for (const MeasurementSets::Value& value : sets_[set]) is_used[value.index] = true;
    for (std::size_t index = 0; index < is_used.size(); ++index)
      if (is_used[index]) compare_measurement(static_cast<std::uint8_t>(index), counts, out);
    return out;
  }

  static const MeasurementSets::Value* find(const MeasurementSets::Set& set, std::uint8_t index) {
    const auto found = std::lower_bound(set.begin(), set.end(), index, [](const auto& value, std::uint8_t i) { return value.index < i; });
    return found != set.end() && found->index == index ? &*found : nullptr;
  }

  void compare_measurement(std::uint8_t index, const std::map<std::uint32_t, std::size_t>& counts,
                           std::map<std::uint32_t, std::vector<Difference>>& out) const {
    Ballot ballot;
    NameId type = Names::kNone;
    for (const auto& [set, count] : counts) {
      const MeasurementSets::Value* value = find(sets_[set], index);
      ballot.add(value == nullptr ? kAbsent : value->value, count);
      if (value != nullptr && !Names::known(type)) type = value->type;
    }
    ballot.decide();
    if (!ballot.is_clear()) return;
    const auto shown = [&](NameId id) { return id == kAbsent ? std::string("not reported") : sets_.names()[id]; };
    for (const auto& [set, count] : counts) {
      const MeasurementSets::Value* value = find(sets_[set], index);
      const NameId own = value == nullptr ? kAbsent : value->value;
      if (!ballot.is_unusual(own)) continue;
      std::vector<Difference>& differences = out[set];
      if (differences.size() < kMaxDifferences)
        differences.push_back({cat("measurement 0x", hex(index, 2), " (", sets_.names()[type], ")"), shown(own), shown(ballot.usual()),
                               ballot.agreeing(), ballot.total()});
    }
  }

  const std::vector<FleetRow>& rows_;
  const MeasurementSets& sets_;
  std::vector<Attribute> attributes_;
  std::size_t most_, kept_ = 0;
  std::vector<Outlier> out_;
};

std::string short_value(const std::string& value) { return value.size() > 48 ? value.substr(0, 16) + "..." : value; }

}  // namespace

MeasurementSets::MeasurementSets() : names_(kMaxNames, kMaxBytes) { sets_.push_back(nullptr); }

std::uint32_t MeasurementSets::id(const std::vector<ResultMeasurement>& measurements) {
  if (measurements.empty()) return 0;
  Set set;
  for (const ResultMeasurement& in : measurements) set.push_back({in.index, names_.id(in.type), names_.id(in.value)});
  std::stable_sort(set.begin(), set.end(), [](const Value& a, const Value& b) { return a.index < b.index; });
  set.erase(std::unique(set.begin(), set.end(), [](const Value& a, const Value& b) { return a.index == b.index; }), set.end());
  if (const auto found = ids_.find(set); found != ids_.end()) return found->second;
  if (sets_.size() > kMaxSets || values_ + set.size() > kMaxSetValues) {
    full_ = true;
    return 0;
  }
  values_ += set.size();
  const auto id = static_cast<std::uint32_t>(sets_.size());
  sets_.push_back(&ids_.emplace(std::move(set), id).first->first);
  return id;
}

std::string in_words(const Difference& in) {
  const std::string_view whose = in.what.starts_with("measurement") ? " of its model and firmware" : " of its model";
  return cat(in.what, " ", short_value(in.value), ", but ", short_value(in.usual), " on ", in.agreeing, " of ", in.siblings, whose);
}

std::vector<Outlier> find_outliers(const std::vector<FleetRow>& rows, const Names& names, const MeasurementSets& sets,
                                   const std::function<std::string(NameId)>& root_name, std::size_t most) {
  return Search(rows, names, sets, root_name, most).run();
}

}  // namespace spdm
