#include "cmd/output/headline.h"

#include <algorithm>
#include <vector>

#include "cmd/output/wrap.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kRecorded = " (recorded)";
constexpr std::size_t kDeviceWidth = 40;                                               // in a headline
constexpr std::size_t kVerdictColumn = 17, kNames = 26, kModels = 23, kFirmware = 10;  // of the table; two spaces between

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return out;
}

std::string verdict_words(const Report& report, const Page& page) {
  return cat(page.painted(upper(name(report.verdict)), color_of(report.verdict)), is_stale_pass(report) ? kRecorded : "");
}

// Errors of files name the file, which stands in front of it here.
std::string reason_of(const Report& report) {
  const std::string named = cat(report.source, ": ");
  return printable(report.reason.starts_with(named) ? report.reason.substr(named.size()) : report.reason);
}

// The finding that gave the reason.
const Finding* decisive(const Report& report) {
  const auto it = std::find_if(report.findings.begin(), report.findings.end(), [&](const Finding& finding) {
    return report.reason == cat(finding.where, finding.where.empty() ? "" : ": ", finding.why);
  });
  return it == report.findings.end() ? nullptr : &*it;
}

// As many words as fit.
std::string end_cut(const std::string& text, std::size_t width) {
  if (columns(text) <= width) return text;
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at + 1), text.size());
    const std::string_view word = std::string_view(text).substr(at, end - at);
    if (columns(out) + columns(word) + 3 > width) break;
    out += word;
    at = end;
  }
  while (out.ends_with(',') || out.ends_with(':') || out.ends_with(';')) out.pop_back();
  return out.empty() ? middle_cut(text, width) : out + "...";
}

// The reason, or its first clause, or the name of the finding and where it is.
std::string short_reason(const Report& report, std::size_t width) {
  const std::string reason = with_short_digits(reason_of(report), false);
  if (columns(reason) <= width) return reason;
  const std::string clause = reason.substr(0, reason.find("; "));
  if (columns(clause) <= width) return clause;
  const Finding* const finding = decisive(report);
  if (finding == nullptr) return end_cut(reason, width);
  const std::string title(row(finding->id).name), where = printable(finding->where);
  return where.empty() ? middle_cut(title, width) : end_cut(cat(title, ": ", where), width);
}

std::size_t room_of(const Report& report, std::string_view device) {
  const std::size_t taken = name(report.verdict).size() + (is_stale_pass(report) ? kRecorded.size() : 0) + 2 + columns(device) + 2;
  return kScreenWidth - taken;
}

// The second part of "manufacturer:product:serial" with the first, what the host says of a drive, or the numbers of its function.
std::string model_of(const Report& report) {
  const SlotReport* const slot = main_slot(report);
  if (slot != nullptr && slot->chain && !slot->chain->certificates.empty()) {
    const CertificateInfo& leaf = slot->chain->certificates.back();
    std::string info = printable(leaf.device_info);
    if (const std::size_t colon = info.find(':'); colon != std::string::npos) {
      info[colon] = ' ';
      return info.substr(0, info.find(':'));
    }
  }
  if (report.host.drive && !report.host.drive->model.empty()) return printable(report.host.drive->model);
  if (!report.host.identity) return "";
  return cat(hex(report.host.identity->vendor, 4), ":", hex(report.host.identity->device, 4));
}

std::string firmware_of(const Report& report) {
  std::string out;
  for (const Measurement& measurement : report.measurements)
    if (measurement.block.type == MeasurementType::firmware_version && measurement.text)
      out += cat(out.empty() ? "" : ", ", *measurement.text);
  return out.empty() && report.host.drive ? printable(report.host.drive->firmware) : out;
}

std::string cell(std::string_view text, std::size_t width) {
  const std::string out = middle_cut(text, width);
  return cat(out, std::string(width - columns(out) + 2, ' '));
}

}  // namespace

std::string_view color_of(Verdict verdict) { return verdict == Verdict::pass ? kGreen : verdict == Verdict::fail ? kRed : kYellow; }

std::string_view color_of(Severity severity) {
  switch (severity) {
    case Severity::failure:
      return kRed;
    case Severity::note:
      return kDim;
    default:
      return kYellow;
  }
}

bool is_stale_pass(const Report& report) { return report.verdict == Verdict::pass && report.judged && report.fresh == false; }

void write_verdict(Page& page, const Report& report) {
  const std::string whole = printable(report.source), device = middle_cut(whole, kDeviceWidth);
  const std::string reason = short_reason(report, room_of(report, device));
  page.line(cat(verdict_words(report, page), "  ", device, ": ", reason));
  if (device != whole) page.pair("device", whole);
  if (reason != reason_of(report) && decisive(report) == nullptr) page.pair("reason", reason_of(report));
}

std::string render_row_head(const Console& console) {
  const Page page(console.color);
  std::string line =
      cat("VERDICT", std::string(kVerdictColumn - 7, ' '), cell("DEVICE", kNames), cell("VENDOR AND MODEL", kModels), "FIRMWARE");
  return cat(page.painted(line, kBold), "\n");
}

std::string render_row(const Report& report, const Console& console) {
  const Page page(console.color);
  const std::size_t taken = name(report.verdict).size() + (is_stale_pass(report) ? kRecorded.size() : 0);
  const std::string whole = printable(report.source), indent(kVerdictColumn, ' ');
  std::string line = cat(verdict_words(report, page), std::string(kVerdictColumn - taken, ' '), cell(whole, kNames),
                         cell(model_of(report), kModels), middle_cut(firmware_of(report), kFirmware));
  while (line.ends_with(' ')) line.pop_back();
  if (middle_cut(whole, kNames) != whole) line += cat("\n", indent, whole);
  const bool is_plain = report.verdict == Verdict::pass && report.reason == "authenticated";
  if (!is_plain) line += cat("\n", indent, short_reason(report, kScreenWidth - kVerdictColumn));
  for (const Finding& finding : report.findings)
    if (finding.severity() == Severity::warning) line += cat("\n", indent, page.painted("warning", kYellow), " ", row(finding.id).name);
  return line + "\n";
}

std::string render_tally(Verdict worst, const std::array<std::size_t, 3>& verdicts, const Together& together, std::size_t stale,
                         const Console& console) {
  Page page(console.color);
  // Reports are no devices where several of them are about one.
  const bool apart = together.passing_devices != verdicts[0] || together.taken_back_total > 0;
  if (together.taken_back_total > 0)
    page.line(cat("  ", together.taken_back_total, " of those that fail ", together.taken_back_total == 1 ? "was" : "were",
                  " reported as better above"));
  if (together.passing_devices != verdicts[0])
    page.line(cat("  those that pass are of ", together.passing_devices, together.passing_devices == 1 ? " device" : " devices"));
  stale = std::min(stale, verdicts[0]);  // one that was taken back passes no more
  if (stale > 0) page.line(cat("  ", stale, " of those that pass ", stale == 1 ? "was" : "were", " recorded: freshness not proven"));
  page.line(cat(page.painted(upper(name(worst)), color_of(worst)), "  of ", verdicts[0] + verdicts[1] + verdicts[2],
                apart ? " reports " : " devices ", verdicts[0], " pass, ", verdicts[1], " fail, ", verdicts[2], " undetermined"));
  return page.take();
}

}  // namespace spdm::cmd
