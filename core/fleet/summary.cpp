#include "core/fleet/summary.h"

#include <algorithm>
#include <tuple>
#include <unordered_set>

#include "core/calendar.h"
#include "core/fleet/device_count.h"
#include "core/fleet/expiry.h"
#include "core/fleet/outliers.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kMaxNames = 500'000, kMaxNameBytes = 32U << 20;
constexpr std::size_t kMaxReasons = 100'000, kMaxReasonBytes = 16U << 20;
constexpr std::size_t kMaxTallies = 100'000;  // different rows of one table while it is made
constexpr std::size_t kMaxSeen = 1'000'000;

// A table while it is made. A key is one name or two.
class Tallies {
 public:
  using Key = std::pair<NameId, NameId>;

  void add(Key key, Verdict verdict, bool trusted = false) {
    const std::uint64_t number = std::uint64_t{key.first} << 32 | key.second;
    auto found = rows_.find(number);
    if (found == rows_.end()) {
      if (rows_.size() == kMaxTallies) return more_.add(verdict);
      found = rows_.try_emplace(number).first;
    }
    found->second.tally.add(verdict);
    if (trusted) ++found->second.trusted;
  }

  // `row_of` makes a row with name and detail from a key.
  template <class F>
  TallyTable finish(std::size_t most, F row_of) const {
    TallyTable out;
    std::vector<TallyRow> all;
    for (const auto& [number, entry] : rows_) {
      TallyRow row = row_of(static_cast<NameId>(number >> 32), static_cast<NameId>(number));
      row.devices = entry.tally;
      row.trusted = entry.trusted;
      all.push_back(std::move(row));
    }
    std::sort(all.begin(), all.end(), [](const TallyRow& a, const TallyRow& b) {
      return a.devices.total() != b.devices.total() ? a.devices.total() > b.devices.total()
                                                    : std::tie(a.name, a.detail) < std::tie(b.name, b.detail);
    });
    out.more.devices = more_;
    for (std::size_t i = most; i < all.size(); ++i) {
      out.more.devices.pass += all[i].devices.pass;
      out.more.devices.fail += all[i].devices.fail;
      out.more.devices.undetermined += all[i].devices.undetermined;
    }
    all.resize(std::min(all.size(), most));
    out.rows = std::move(all);
    return out;
  }

 private:
  struct Entry {
    Tally tally;
    std::size_t trusted = 0;
  };
  std::unordered_map<std::uint64_t, Entry> rows_;
  Tally more_;
};

std::string or_else(const std::string& name, std::string_view otherwise) { return name.empty() ? std::string(otherwise) : name; }

std::string meaning_of(Exit exit) {
  for (const ExitRow& row : exit_codes())
    if (row.code == exit) return std::string(row.meaning);
  return {};
}

void add_cut(std::vector<std::string>& out, bool happened, std::string words) {
  if (happened) out.push_back(std::move(words));
}

}  // namespace

struct Summarizer::State {
  State(std::int64_t at, SummaryLimits given) : limits(given), expiry(at) { summary.at = at; }

  SummaryLimits limits;
  FleetSummary summary;
  Names names{kMaxNames, kMaxNameBytes}, reasons{kMaxReasons, kMaxReasonBytes};
  MeasurementSets sets;
  ExpiryTable expiry;
  std::vector<FleetRow> rows;
  std::unordered_set<NameId> hosts;
  DeviceCount devices{kMaxSeen};
  std::vector<std::uint32_t> last_rows;  // by the number of a device: its last row
  std::unordered_map<NameId, NameId> root_subjects;
  std::unordered_map<NameId, std::size_t> roots_of_subject;
  DetailStore details;
  Tallies exits, causes, vendors, models, roots, firmware, versions, inspection;
  bool rows_full = false;

  FleetRow row_of(const Result& result, NameId host, NameId device, bool again);
  void supersede(std::uint32_t device, const FleetRow& row);
  void tally(const Result& result, const FleetRow& row);
  std::string root_name(NameId root) const;
  DeviceLine line_of(const FleetRow& row) const;
  void list_failing();
  void list_outliers();
  void list_devices(const std::vector<Outlier>& outliers);
  void finish_tables();
  void tell_cuts();
};

FleetRow Summarizer::State::row_of(const Result& in, NameId host, NameId device, bool again) {
  FleetRow row;
  row.verdict = in.verdict;
  row.exit = in.exit;
  row.host = host;
  row.device = device;
  row.model = names.id(in.model);
  row.firmware = names.id(in.firmware);
  row.root = names.id(in.root_sha256);
  row.version = names.id(in.version);
  row.algorithms = names.id(in.algorithms);
  row.measured = sets.id(in.measurements);
  row.expires = expiry.add(in.certificates, again).value_or(-1);
  if (in.verdict != Verdict::pass) {
    row.reason = reasons.id(in.reason);
    row.cause = names.id(in.cause);
  }
  return row;
}

// A device of a host is one of its siblings once, however often it was reported.
void Summarizer::State::supersede(std::uint32_t device, const FleetRow& row) {
  constexpr std::uint32_t kNoRow = UINT32_MAX;
  if (device >= last_rows.size()) last_rows.resize(device + std::size_t{1}, kNoRow);
  std::uint32_t& last = last_rows[device];
  if (last != kNoRow && rows[last].host == row.host && rows[last].model == row.model) rows[last].superseded = true;
  last = static_cast<std::uint32_t>(rows.size());
}

void Summarizer::State::tally(const Result& in, const FleetRow& row) {
  const Verdict verdict = row.verdict;
  exits.add({static_cast<NameId>(row.exit), 0}, verdict);
  if (verdict != Verdict::pass) causes.add({row.cause, 0}, verdict);
  if (row.device == Names::kNone) return;  // a run that ended before there was a device
  vendors.add({names.id(in.vendor), 0}, verdict);
  models.add({row.model, 0}, verdict);
  if (row.firmware != Names::kNone) firmware.add({row.model, row.firmware}, verdict);
  if (row.version != Names::kNone) versions.add({row.version, row.algorithms}, verdict);
  for (const ResultLine& line : in.inspection) inspection.add({names.id(line.name), 0}, line.verdict);
  if (row.root != Names::kNone) {
    roots.add({row.root, 0}, verdict, in.trusted);
    if (Names::known(row.root) && !in.root_subject.empty()) {
      const auto [subject, is_new] = root_subjects.try_emplace(row.root, names.id(in.root_subject));
      if (is_new) ++roots_of_subject[subject->second];
    }
  }
}

// Anybody can call a root as he likes: of several with one subject, the fingerprint tells which it is.
std::string Summarizer::State::root_name(NameId root) const {
  if (root == Names::kNone) return {};
  const std::string fingerprint = cat("SHA-256 ", names[root].substr(0, 16), "...");
  const auto subject = root_subjects.find(root);
  if (subject == root_subjects.end()) return fingerprint;
  const std::string& name = names[subject->second];
  return roots_of_subject.at(subject->second) > 1 ? cat(name, " (", fingerprint, ")") : name;
}

DeviceLine Summarizer::State::line_of(const FleetRow& row) const {
  DeviceLine out;
  out.host = names[row.host];
  out.device = names[row.device];
  out.model = names[row.model];
  out.verdict = row.verdict;
  out.exit = row.exit;
  out.reason = reasons[row.reason];
  out.cause = names[row.cause];
  out.firmware = names[row.firmware];
  out.root = root_name(row.root);
  out.version = names[row.version];
  out.algorithms = names[row.algorithms];
  if (row.expires >= 0) out.expires = utc_of(row.expires);
  return out;
}

void Summarizer::State::list_failing() {
  for (const Verdict verdict : {Verdict::fail, Verdict::undetermined})
    for (const FleetRow& row : rows)
      if (row.verdict == verdict && summary.failing.size() < limits.lines) summary.failing.push_back(line_of(row));
  summary.failing_total = summary.verdicts.fail + summary.verdicts.undetermined;
}

void Summarizer::State::list_outliers() {
  const auto root = [&](NameId id) { return root_name(id); };
  std::vector<Outlier> outliers = find_outliers(rows, names, sets, root, std::max(limits.lines, limits.devices));
  for (const Outlier& outlier : outliers) {
    if (outlier.differences.empty() || summary.outliers.size() == limits.lines) continue;
    summary.outliers.push_back(line_of(rows[outlier.row]));
    summary.outliers.back().differences = outlier.differences;
  }
  summary.outliers_total = outliers.size();
  if (limits.devices > 0) list_devices(outliers);
}

// Four rounds, the worst devices first: what does not fit matters least.
void Summarizer::State::list_devices(const std::vector<Outlier>& outliers) {
  std::unordered_map<std::size_t, const Outlier*> differing;
  for (const Outlier& outlier : outliers) differing.emplace(outlier.row, &outlier);
  for (int round = 0; round < 4; ++round)
    for (std::size_t i = 0; i < rows.size() && summary.devices.size() < limits.devices; ++i) {
      const auto outlier = differing.find(i);
      const bool passes = rows[i].verdict == Verdict::pass, differs = outlier != differing.end();
      const int own = rows[i].verdict == Verdict::fail ? 0 : !passes ? 1 : differs ? 2 : 3;
      if (own != round) continue;
      summary.devices.push_back(line_of(rows[i]));
      if (differs) summary.devices.back().differences = outlier->second->differences;
      if (const DeviceDetails* found = details.find(i)) summary.devices.back().details = *found;
    }
  summary.texts = details.texts();
}

void Summarizer::State::finish_tables() {
  const auto one = [&](std::string_view otherwise) {
    return [this, otherwise](NameId first, NameId) { return TallyRow{or_else(names[first], otherwise), "", {}, 0}; };
  };
  const std::size_t most = limits.rows;
  summary.exits = exits.finish(most, [](NameId exit, NameId) {
    return TallyRow{std::to_string(exit), meaning_of(static_cast<Exit>(exit)), {}, 0};
  });
  summary.causes = causes.finish(most, one("not said"));
  summary.vendors = vendors.finish(most, one("not known"));
  summary.models = models.finish(most, one("not known"));
  summary.roots = roots.finish(most, [this](NameId root, NameId) {
    const auto subject = root_subjects.find(root);
    return TallyRow{subject == root_subjects.end() ? std::string() : names[subject->second], names[root], {}, 0};
  });
  summary.firmware = firmware.finish(most, [this](NameId model, NameId version) {
    return TallyRow{names[version], or_else(names[model], "not known"), {}, 0};
  });
  summary.inspection = inspection.finish(most, one("not said"));
  summary.versions = versions.finish(most, [this](NameId version, NameId algorithms) {
    return TallyRow{names[version], names[algorithms], {}, 0};
  });
}

void Summarizer::State::tell_cuts() {
  std::vector<std::string>& cut = summary.cut;
  add_cut(cut, rows_full, cat("outliers were sought among the first ", limits.results, " results only"));
  add_cut(cut, names.full(), "there are more names of hosts, devices, models and versions than are kept: some are shown as (not kept)");
  add_cut(cut, reasons.full(), "there are more reasons than are kept: some are shown as (not kept)");
  add_cut(cut, sets.full(), "there are more measurements than are kept: some were not compared");
  add_cut(cut, expiry.full(), "there are more certificates than are kept: some were not counted");
  add_cut(cut, details.full(),
          "there are more findings, certificates and measurements than the page can hold: some rows do not open to them");
  add_cut(cut, devices.full(), cat("devices were counted, and results recognised as repeated, among the first ", kMaxSeen, " only"));
  for (const auto& [what, table] : {std::pair("exit codes", &summary.exits),
                                    {"causes", &summary.causes},
                                    {"vendors", &summary.vendors},
                                    {"models", &summary.models},
                                    {"roots", &summary.roots},
                                    {"versions of firmware", &summary.firmware},
                                    {"lines of inspections", &summary.inspection},
                                    {"versions of SPDM", &summary.versions}})
    add_cut(cut, table->more.devices.total() > 0,
            cat(what, ": the ", table->rows.size(), " most frequent are listed, ", table->more.devices.total(), " results have others"));
  add_cut(cut, summary.failing.size() < summary.failing_total,
          cat("of the ", summary.failing_total, " devices that do not pass, ", summary.failing.size(), " are listed"));
  add_cut(cut, summary.outliers.size() < summary.outliers_total,
          cat("of the ", summary.outliers_total, " devices that differ from their siblings, ", summary.outliers.size(), " are listed"));
  add_cut(cut, summary.unreadable.size() < summary.unreadable_total,
          cat("of the ", summary.unreadable_total, " parts that could not be read, ", summary.unreadable.size(), " are listed"));
  add_cut(
      cut, summary.expiry.soonest.size() < summary.expiry.soonest_total,
      cat("of the ", summary.expiry.soonest_total, " certificates that end within a year, ", summary.expiry.soonest.size(), " are listed"));
}

Summarizer::Summarizer(std::int64_t at, SummaryLimits limits) : state_(std::make_unique<State>(at, limits)) {}
Summarizer::~Summarizer() = default;

void Summarizer::add_file() { ++state_->summary.files; }

void Summarizer::add_host(const std::string& host) {
  const NameId id = state_->names.id(host);
  if (Names::known(id)) state_->hosts.insert(id);
}

void Summarizer::add(const Result& result) {
  State& state = *state_;
  FleetSummary& summary = state.summary;
  ++summary.results;
  summary.verdicts.add(result.verdict);
  summary.worst = worse(summary.worst, result.exit);
  add_host(result.host);
  const NameId host = state.names.id(result.host), device = state.names.id(result.device);
  const std::optional<DeviceCount::Seen> seen = state.devices.add(result.key, host, device);
  if (seen && seen->same_place) ++summary.repeated;
  const FleetRow row = state.row_of(result, host, device, seen && seen->again);
  state.tally(result, row);
  // Devices that do not pass have extra room: they must be listed, however late they come.
  const std::size_t room = state.limits.results + (result.verdict == Verdict::pass ? 0 : state.limits.lines);
  if (state.rows.size() >= room) {
    state.rows_full = true;
    return;
  }
  if (seen) state.supersede(seen->number, row);
  if (state.limits.devices > 0) state.details.keep(state.rows.size(), result);
  state.rows.push_back(row);
}

void Summarizer::add(Unreadable unreadable) {
  FleetSummary& summary = state_->summary;
  ++summary.unreadable_total;
  summary.worst = worse(summary.worst, Exit::usage);
  if (summary.unreadable.size() < state_->limits.lines) summary.unreadable.push_back(std::move(unreadable));
}

FleetSummary Summarizer::finish() {
  State& state = *state_;
  state.summary.hosts = state.hosts.size();
  state.summary.devices_total = state.devices.count();
  if (state.summary.results == 0 && state.summary.worst == Exit::ok) state.summary.worst = Exit::no_device;
  state.summary.expiry = state.expiry.finish(state.limits.lines);
  state.list_failing();
  state.list_outliers();
  state.finish_tables();
  state.tell_cuts();
  return std::move(state.summary);
}

}  // namespace spdm
