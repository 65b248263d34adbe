// The line at the head of a report, and the table of several.
#include "cmd/output/headline.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "cmd/output/render.h"
#include "cmd/output/render_text.h"
#include "cmd/output/wrap.h"
#include "core/file.h"
#include "core/text.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

Report failing(const std::string& where, const std::string& why) {
  Report out;
  out.source = "device.json";
  out.verdict = Verdict::fail;
  out.exit = Exit::measurement;
  out.messages = 2;
  out.findings = {{FindingId::reference_mismatch, where, why, "look at it"}};
  out.reason = cat(where, ": ", why);
  return out;
}

Report passing(const std::string& source) {
  Report out;
  out.source = source;
  out.verdict = Verdict::pass;
  out.exit = Exit::ok;
  out.reason = "authenticated";
  out.messages = 2;
  return out;
}

std::string headline(const Report& report) {
  Page page(false);
  write_verdict(page, report);
  return page.take();
}

// The text of several reports.
std::string table_of(const std::vector<Report>& reports) {
  const support::TemporaryDirectory scratch;
  Console console(Format::text);
  console.write_to(scratch.path() / "text");
  ReportWriter writer(console, render_text);
  writer.tally();
  writer.tabulate();
  for (const Report& report : reports) writer.add(writer.render(report));
  Together together;
  together.passing_devices = static_cast<std::size_t>(
      std::count_if(reports.begin(), reports.end(), [](const Report& report) { return report.verdict == Verdict::pass; }));
  writer.tell(together);
  writer.finish();
  return std::string(as_text(read_file(scratch.path() / "text", FileKind::report)));
}

}  // namespace

TEST_CASE("a headline is one line, whatever the reason") {
  CHECK(headline(passing("a")) == "PASS  a: authenticated\n");
  CHECK(headline(failing("slot 0", "it is short")) == "FAIL  device.json: slot 0: it is short\n");
  const std::string more(60, 'x');
  CHECK(headline(failing("slot 0", cat("no root; ", more))) == "FAIL  device.json: slot 0: no root\n");
  CHECK(headline(failing("slot 0", cat("no root of ", more))) == "FAIL  device.json: reference-mismatch: slot 0\n");
  CHECK(headline(failing("slot 0", std::string(64, 'a'))) == "FAIL  device.json: slot 0: aaaaaaaaaaaaaaaa...\n");
  const std::string long_where = headline(failing(cat("slot 0, certificate 1 (", more, ")"), more));
  CHECK(long_where == "FAIL  device.json: reference-mismatch: slot 0, certificate 1...\n");

  Report named = passing(std::string(100, 'n'));
  CHECK(headline(named) == cat("PASS  ", middle_cut(named.source, 40), ": authenticated\n  device      ", named.source, "\n"));
}

TEST_CASE("a reason that no finding has stands whole below the headline") {
  Report report;
  report.source = "emu://192.0.2.1:2323";
  report.reason = "the device does not answer although it was asked again and again for a long time";
  const std::string text = headline(report);
  CHECK(text.substr(0, text.find('\n')) == "UNDETERMINED  emu://192.0.2.1:2323: the device does not answer although it...");
  CHECK(text.find(cat("  reason      ", report.reason)) != std::string::npos);
}

TEST_CASE("a pass from a recording says so in each form") {
  Report old = passing("a");
  old.fresh = false;
  CHECK(headline(old) == "PASS (recorded)  a: authenticated\n");
  CHECK(render_text(old, Console(Format::text)).find("freshness not proven") != std::string::npos);
  const std::string table = table_of({old, passing("b")});
  CHECK(table.find("  1 of those that pass was recorded: freshness not proven\n") != std::string::npos);
  CHECK(table.find("PASS (recorded)  a\nPASS             b\n") != std::string::npos);
}

TEST_CASE("a row has the whole of a long name, and warnings of a device that passes") {
  Report report = passing(std::string(60, 'n'));
  report.findings.push_back({.id = FindingId::debug_mode, .where = "measurement 254", .why = "it can be debugged", .remedy = ""});
  const std::string table = table_of({report, passing("b")});
  CHECK(table.find(cat("\n", std::string(17, ' '), report.source, "\n", std::string(17, ' '), "warning debug-mode\n")) !=
        std::string::npos);
}

TEST_CASE("several devices are a table, and those that fail stand below it in full") {
  Report drive = passing("/dev/nvme0");
  drive.host.drive.emplace();
  drive.host.drive->model = "A drive with a name that is much too long";
  drive.host.drive->firmware = "1.0";
  const std::string text = table_of({drive, failing("measurement 0x01", "is not as it was")});
  CHECK(
      text.starts_with("VERDICT          DEVICE                      VENDOR AND MODEL         FIRMWARE\n"
                       "PASS             /dev/nvme0                  A drive wi...h too long  1.0\n"
                       "FAIL             device.json\n"
                       "                 measurement 0x01: is not as it was\n"
                       "\n"
                       "FAIL  device.json: measurement 0x01: is not as it was\n"));
  CHECK(text.find("-> look at it") != std::string::npos);
  CHECK(text.ends_with("\nFAIL  of 2 devices 1 pass, 1 fail, 0 undetermined\n"));
}

TEST_CASE("what is shown below a table is bounded") {
  const Report report = failing("measurement 0x01", std::string(100 << 10, 'x'));
  const std::string text = table_of({report, report, report, report});
  CHECK(text.find("2 more are not shown in full") != std::string::npos);
  CHECK(text.size() < (300 << 10));
  const std::string one = table_of({passing("a"), failing("measurement 0x01", std::string(300 << 10, 'x'))});
  CHECK(one.find("1 more is not shown in full") != std::string::npos);
}

TEST_CASE("values that differ stand one below the other, whole where they look the same") {
  Report report = failing("measurement 0x02", "differs");
  Comparison one;
  one.index = 2;
  one.result = Comparison::Result::mismatch;
  one.expected = {std::string(64, 'a'), std::string(64, 'b')};
  one.reported = std::string(64, 'c');
  one.source = "values.yaml:3";
  report.comparisons = {one};
  const std::string text = render_text(report, Console(Format::text));
  CHECK(text.find("  0x02  mismatch      values.yaml:3\n"
                  "          expected    aaaaaaaaaaaaaaaa...\n"
                  "          or          bbbbbbbbbbbbbbbb...\n"
                  "          reported    cccccccccccccccc...\n") != std::string::npos);
  report.comparisons[0].expected = {std::string(63, 'c') + "d"};
  CHECK(render_text(report, Console(Format::text)).find(std::string(63, 'c') + "d\n") != std::string::npos);
}
