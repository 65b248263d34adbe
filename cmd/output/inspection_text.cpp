#include "cmd/output/inspection_text.h"

#include <algorithm>

#include "cmd/output/render_text.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kStatusWidth = 12, kNameWidth = 27;

std::string_view answer(CheckStatus status) {
  return status == CheckStatus::pass ? "yes" : status == CheckStatus::fail ? "no" : "not known";
}

void write_streams(Page& page, std::string_view title, const IdeRegisters& registers) {
  for (const IdeStream& stream : registers.streams) {
    std::string state = stream.is_enabled() ? (stream.is_secure() ? "enabled, secure" : "enabled, not secure") : "idle";
    if (!stream.is_enabled() && stream.id() == kIdleStreamId) state += " (left so by the kernel)";
    if (stream.has_failed()) state += ", an integrity check has failed";
    page.pair(title, cat(to_string(stream), ": ", state));
    title = " ";
  }
}

void write_interface(Page& page, const TdispSeen& seen) {
  if (!seen.capabilities) return;
  const TdispCapabilities& can = *seen.capabilities;
  page.pair("interface", cat(to_string(seen.function), ", addresses of ", can.address_width, " bits, lock flags 0x", hex(can.lock_flags, 4),
                             seen.state ? cat(", ", name(*seen.state)) : ""));
}

void write_report(Page& page, const InterfaceReport& report) {
  std::string what;
  const auto add = [&](bool there, std::string_view words) {
    if (there) what += cat(what.empty() ? "" : ", ", words);
  };
  add(report.has_no_fw_update(), "no firmware update while locked");
  add(report.has_dma_without_pasid(), "DMA without PASID");
  add(report.has_dma_with_pasid(), "DMA with PASID");
  add(report.has_ats(), "ATS");
  add(report.has_prs(), "PRS");
  page.pair("report", what.empty() ? "no DMA" : what);
  for (const MmioRange& range : report.ranges) {
    std::string kind;
    if (range.is_msix_table()) kind += ", MSI-X table";
    if (range.is_msix_pba()) kind += ", MSI-X PBA";
    if (range.is_non_tee()) kind += ", not for TEEs";
    if (range.is_updatable()) kind += ", attributes may change";
    page.pair(" ", cat("range ", range.id, ": page 0x", hex(range.first_page, 13), ", ", range.pages, range.pages == 1 ? " page" : " pages",
                       kind));
  }
  if (!report.device_specific.empty()) page.pair(" ", cat("of the device: ", hex(report.device_specific)));
}

}  // namespace

std::string readiness_text(const Inspection& inspection) {
  std::string out;
  for (const Word<Readiness>& row : kReadinesses)
    out += cat(out.empty() ? "" : ", ", words(row.value), ": ", answer(inspection.status(row.value)));
  return out;
}

void write_inspection(Page& page, const Inspection& inspection, bool verbose) {
  page.pair("ready for", readiness_text(inspection));
  page.line("");
  for (const InspectionLine& line : inspection.lines) {
    page.line(cat("  ", page.painted(Page::padded(name(line.status), kStatusWidth), status_color(line.status)),
                  Page::padded(name(line.item), kNameWidth), printable(line.detail)));
    if (!line.remedy.empty()) page.line(cat(std::string(2 + kStatusWidth + kNameWidth, ' '), "-> ", printable(line.remedy)));
  }
  const bool tells = verbose || inspection.report;
  if (!tells) return;
  page.line("");
  if (verbose && inspection.registers) write_streams(page, "streams", *inspection.registers);
  if (verbose && inspection.root_port_registers) write_streams(page, "root port", *inspection.root_port_registers);
  if (verbose)
    for (const TdispSeen& seen : inspection.interfaces) write_interface(page, seen);
  if (inspection.report) write_report(page, *inspection.report);
}

}  // namespace spdm::cmd
