// The document of a run: one, whole, and with all that came of the run.
#include "cmd/output/render.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"
#include "support/temporary.h"

using namespace spdm;
using namespace spdm::cmd;

namespace {

Json document_in(const std::filesystem::path& file) { return Json::parse(as_text(read_file(file, FileKind::report))); }

Report device(Verdict verdict, Exit exit) {
  Report out;
  out.source = "a";
  out.verdict = verdict;
  out.exit = exit;
  return out;
}

}  // namespace

TEST_CASE("what goes wrong beside the devices takes back no verdict, and is in the document") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "report.json";
  const auto written = [&](Verdict verdict, Exit exit) {
    Console console(Format::json);
    console.write_to(file);
    ReportWriter writer(console, nullptr);
    writer.add(writer.render(device(verdict, exit)));
    writer.fail(Error(ErrorId::io, "the disk is full"));
    CHECK(writer.count() == 1);
    CHECK(writer.worst() == worse(exit, Exit::internal));
    CHECK(writer.finish() == writer.worst());
    return document_in(file);
  };
  const Json good = written(Verdict::pass, Exit::ok);
  CHECK(good["devices"][0]["verdict"] == "pass");
  CHECK(good["verdict"] == "undetermined");
  CHECK(good["exit_code"] == 1);
  CHECK(good["error"]["why"] == "the disk is full");
  const Json bad = written(Verdict::fail, Exit::policy);
  CHECK(bad["verdict"] == "fail");
  CHECK(bad["exit_code"] == 13);  // worse than 1
  CHECK_FALSE(bad.contains("error"));
}

TEST_CASE("what came out later is in the document, the count and the exports") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "report";
  Together together;
  together.taken_back = {{.place = "a", .told = Verdict::pass, .id = FindingId::device_elsewhere, .other = "b"}};
  together.taken_back_total = together.taken_back_passes = 1;
  const auto written = [&](Format format) {
    Console console(format);
    console.write_to(file);
    ReportWriter writer(console, [](const Report& report, const Console&) { return report.source + "\n"; });
    writer.tally();
    writer.add(writer.render(device(Verdict::pass, Exit::ok)));
    Report other = device(Verdict::fail, Exit::untrusted);
    other.source = "b";
    writer.add(writer.render(other));
    writer.tell(together);
    CHECK(writer.finish() == Exit::untrusted);
    return std::string(as_text(read_file(file, FileKind::report)));
  };
  const Json json = Json::parse(written(Format::json));
  CHECK(json["devices"][0]["verdict"] == "pass");
  CHECK(json["verdict"] == "fail");
  CHECK(json["passing_devices"] == 0);
  CHECK(json["taken_back_total"] == 1);
  CHECK(json["taken_back"][0]["source"] == "a");
  CHECK(json["taken_back"][0]["other"] == "b");
  CHECK(json["taken_back"][0]["finding"] == "device-elsewhere");
  CHECK(written(Format::text)
            .find("  1 of those that fail was reported as better above\nFAIL  of 2 reports 0 pass, 2 fail, 0 undetermined\n") !=
        std::string::npos);
  const Json ear = Json::parse(written(Format::ear));
  CHECK(ear["submods"]["a"]["ear.status"] == "contraindicated");
  const Json redfish = Json::parse(written(Format::redfish));
  CHECK(redfish["Members"][0]["Status"]["Health"] == "Critical");
}

TEST_CASE("an error that comes behind a complete document leaves it as it is") {
  const support::TemporaryDirectory scratch;
  const std::filesystem::path file = scratch.path() / "document.json";
  Console console(Format::json);
  console.write_to(file);
  write_document(console, Json{{"all", "is there"}}, "");
  CHECK(report_error(console, Error(ErrorId::io, "too late"), kReportDocument) == Exit::internal);
  CHECK(document_in(file) == Json{{"all", "is there"}});

  Console early(Format::json);
  early.write_to(file);
  early.out("{");
  report_error(early, Error(ErrorId::io, "in the middle"), kReportDocument);
  CHECK(document_in(file)["error"]["why"] == "in the middle");
}
