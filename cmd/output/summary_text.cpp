#include "cmd/output/summary_text.h"

#include <algorithm>

#include "cmd/output/wrap.h"
#include "core/calendar.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kRows = 6, kLines = 8;  // of a table and of a list, unless everything is asked for
constexpr std::size_t kNameWidth = 40, kNumberWidth = 8, kLastWidth = 14;

std::string left(std::string_view text, std::size_t width) {
  return cat(text, std::string(text.size() < width ? width - text.size() : 1, ' '));
}
std::string right(std::string_view text, std::size_t width) {
  return cat(std::string(text.size() < width ? width - text.size() : 1, ' '), text);
}
std::string right(std::size_t number, std::size_t width) { return right(std::to_string(number), width); }

class SummaryText {
 public:
  SummaryText(const FleetSummary& summary, const Console& console) : in_(summary), console_(console) {}

  std::string render() {
    verdict();
    totals();
    table("Vendors", in_.vendors, [](const TallyRow& row) { return row.name; });
    table("Inspection", in_.inspection, [](const TallyRow& row) { return row.name; });
    table("Roots", in_.roots, [](const TallyRow& row) {
      const std::string name = row.name.empty() ? "a root that was not sent" : row.name;
      return cat(name, " ", shortened(row.detail, false), row.trusted == 0 ? ", not trusted" : "");
    });
    table("Firmware", in_.firmware, [](const TallyRow& row) { return cat(row.detail, "  ", row.name); });
    expiry();
    list("Do not pass", in_.failing, in_.failing_total,
         [this](const DeviceLine& line) { return cat(painted(name(line.verdict), line.verdict), ": ", line.reason); });
    list("Differ from their siblings", in_.outliers, in_.outliers_total, [](const DeviceLine& line) {
      std::string out;
      for (const Difference& difference : line.differences) out += cat(out.empty() ? "" : "; ", in_words(difference));
      return out;
    });
    if (!in_.cut.empty()) heading("Left out");
    for (const std::string& words : in_.cut) out_ += cat("  ", words, "\n");
    return std::move(out_);
  }

 private:
  std::string bold(std::string_view text) const { return console_.color ? cat("\033[1m", text, "\033[0m") : std::string(text); }
  std::string painted(std::string_view text, Verdict verdict) const {
    const std::string_view color = verdict == Verdict::pass ? "\033[1;32m" : verdict == Verdict::fail ? "\033[1;31m" : "\033[1;33m";
    return console_.color ? cat(color, text, "\033[0m") : std::string(text);
  }
  void heading(std::string_view text) { out_ += cat("\n", bold(text), "\n"); }
  void pair(std::string_view name, std::string_view value) {
    if (!value.empty()) out_ += cat("  ", left(name, 12), value, "\n");
  }

  void verdict() {
    const Tally& tally = in_.verdicts;
    if (tally.fail > 0)
      out_ += painted("FAIL", Verdict::fail);
    else if (tally.undetermined > 0 || in_.unreadable_total > 0 || in_.results == 0)
      out_ += painted("UNDETERMINED", Verdict::undetermined);
    else
      out_ += painted("PASS", Verdict::pass);
    out_ += cat("  of ", in_.results, in_.results == 1 ? " result " : " results ", tally.pass, " pass, ", tally.fail, " fail, ",
                tally.undetermined, " undetermined\n");
  }

  void totals() {
    pair("read", cat(in_.hosts, in_.hosts == 1 ? " host, " : " hosts, ", in_.devices_total,
                     in_.devices_total == 1 ? " device, " : " devices, ", in_.files, in_.files == 1 ? " file" : " files"));
    if (in_.unreadable_total > 0) pair("unreadable", cat(in_.unreadable_total, in_.unreadable_total == 1 ? " part" : " parts"));
    if (in_.repeated > 0)
      pair("repeated", cat(in_.repeated, in_.repeated == 1 ? " result repeats" : " results repeat", " a host and device"));
    std::string exits, causes;
    for (const TallyRow& row : in_.exits.rows)
      exits += cat(exits.empty() ? "" : ", ", row.name, " (", row.detail, ") ", row.devices.total());
    for (std::size_t i = 0; i < std::min(in_.causes.rows.size(), kRows); ++i)
      causes += cat(causes.empty() ? "" : ", ", in_.causes.rows[i].name, " ", in_.causes.rows[i].devices.total());
    pair("exit codes", exits);
    pair("causes", causes);
  }

  template <class F>
  void table(std::string_view title, const TallyTable& table, F name_of) {
    if (table.rows.empty()) return;
    out_ += cat("\n", bold(left(title, kNameWidth + 2)), right("results", kNumberWidth), right("pass", kNumberWidth),
                right("fail", kNumberWidth), right("undetermined", kLastWidth), "\n");
    const std::size_t most = console_.verbose ? table.rows.size() : std::min(table.rows.size(), kRows);
    for (std::size_t i = 0; i < most; ++i) {
      const TallyRow& row = table.rows[i];
      std::string name = name_of(row);
      if (!console_.verbose) name = middle_cut(name, kNameWidth - 1);
      out_ += cat("  ", left(name, kNameWidth), right(row.devices.total(), kNumberWidth), right(row.devices.pass, kNumberWidth),
                  right(row.devices.fail, kNumberWidth), right(row.devices.undetermined, kLastWidth), "\n");
    }
    if (most < table.rows.size()) out_ += cat("  ", table.rows.size() - most, " more, shown with -v\n");
  }

  void expiry() {
    if (std::all_of(in_.expiry.periods.begin(), in_.expiry.periods.end(), [](const auto& period) { return period.certificates == 0; }))
      return;
    out_ += cat("\n", bold(left(cat("Certificates at ", utc_of(in_.at)), kNameWidth + 2)), right("all", kNumberWidth),
                right("devices", kNumberWidth), "\n");
    for (const ExpiryPeriod& period : in_.expiry.periods) {
      if (period.certificates + period.devices == 0) continue;
      out_ +=
          cat("  ", left(period.words, kNameWidth), right(period.certificates, kNumberWidth), right(period.devices, kNumberWidth), "\n");
    }
    const std::size_t most = console_.verbose ? in_.expiry.soonest.size() : std::min<std::size_t>(in_.expiry.soonest.size(), 3);
    for (std::size_t i = 0; i < most; ++i) {
      const ExpiringCertificate& one = in_.expiry.soonest[i];
      out_ += cat("  ", one.not_after, "  ", name(one.role), " ", one.subject, ", ", one.devices, one.devices == 1 ? " device" : " devices",
                  "\n");
    }
  }

  template <class F>
  void list(std::string_view title, const std::vector<DeviceLine>& lines, std::size_t total, F words) {
    if (lines.empty()) return;
    heading(cat(title, " (", total, ")"));
    const std::size_t most = console_.verbose ? lines.size() : std::min(lines.size(), kLines);
    for (std::size_t i = 0; i < most; ++i)
      out_ += cat("  ", lines[i].host, " ", lines[i].device.empty() ? "" : lines[i].device + ": ",
                  with_short_digits(words(lines[i]), console_.verbose), "\n");
    if (most == total) return;
    out_ += cat("  ", total - most, " more");
    if (most < lines.size()) out_ += lines.size() == total ? ", shown with -v" : cat("; -v shows the first ", lines.size());
    out_ += "\n";
  }

  const FleetSummary& in_;
  const Console& console_;
  std::string out_;
};

}  // namespace

std::string render_summary(const FleetSummary& summary, const Console& console) { return SummaryText(summary, console).render(); }

}  // namespace spdm::cmd
