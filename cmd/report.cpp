// report: what the reports of many hosts say together.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cmd/attest/report_files.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/host/folder.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/output/report_page.h"
#include "cmd/output/summary_text.h"
#include "cmd/parse.h"
#include "cmd/verb.h"
#include "core/recognize.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::size_t kMaxTold = 20;        // faults of the input that get a line of their own
constexpr std::size_t kMaxOnPage = 10'000;  // devices that the page can search
constexpr std::string_view kStandardInput = "standard input";

struct Options {
  OutputOptions output;
  std::vector<std::string> files;
  std::string at, html;
  bool by_file = false;
};

std::vector<ReportFile> files_of(const std::vector<std::string>& named) {
  std::vector<ReportFile> out;
  const auto add = [&](const std::string& path, bool found, std::optional<Error> error) {
    const bool is_input = path == "-";
    out.push_back({.path = path,
                   .name = is_input ? std::string(kStandardInput) : printable(path),
                   .host = is_input ? std::string(kStandardInput) : printable(std::filesystem::path(path).stem().string()),
                   .found = found,
                   .error = std::move(error)});
  };
  for (const std::string& file : named) {
    std::error_code ignored;
    if (file == "-" || !std::filesystem::is_directory(file, ignored)) {
      add(file, false, std::nullopt);
      continue;
    }
    try {
      for (FolderEntry& entry : entries_of_folder(file)) add(entry.path.string(), true, std::move(entry.error));
    } catch (const Error& error) {
      add(file, false, error);
    }
  }
  return out;
}

// Files are named after hosts, for reports that do not name theirs or are not to be believed. Where two files have one name, as when each
// host has a folder, the whole path is the host's name.
void tell_apart(std::vector<ReportFile>& files) {
  std::map<std::string, std::size_t> counts;
  for (const ReportFile& file : files) ++counts[file.host];
  for (ReportFile& file : files)
    if (counts[file.host] > 1) file.host = printable(file.path);
}

FleetSummary read_all(const Options& options, std::int64_t at, const Console& console) {
  Summarizer summarizer(at, {.devices = options.html.empty() ? 0 : kMaxOnPage});
  std::size_t faults = 0;
  const ProgressOfWork work(console.progress(), "result", "results", 0, bytes_of(options.files));
  const ResultSink sink{
      .result =
          [&](const Result& result) {
            summarizer.add(result);
            work.add(1);
          },
      .unreadable =
          [&](Unreadable fault) {
            if (++faults <= kMaxTold)
              console.complain(cat("spdmctl: ", fault.file, fault.line > 0 ? cat(":", fault.line) : "", ": ", fault.why));
            summarizer.add(std::move(fault));
          },
      .host = [&](const std::string& host) { summarizer.add_host(host); },
  };
  std::vector<ReportFile> files = files_of(options.files);
  tell_apart(files);
  for (std::size_t i = 0; i < files.size(); ++i) summarizer.add_file();
  read_report_files(files, options.by_file ? HostNaming::by_file : HostNaming::reported, std::max(1U, std::thread::hardware_concurrency()),
                    sink, [&](std::size_t bytes) { work.add(0, bytes); });
  if (faults > kMaxTold) console.complain(cat("spdmctl: ", faults - kMaxTold, " more parts could not be read"));
  return summarizer.finish();
}

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  if (options.files.empty()) throw Error(ErrorId::usage, "no FILE given", "give reports, or - for standard input");
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) throw Error(ErrorId::usage, "- can be read only once");
  const std::time_t at = options.at.empty() ? std::time(nullptr) : parse_time(options.at);
  Needs needs{.readable = {options.files.begin(), options.files.end()}};
  if (!options.html.empty()) {
    assert_writable(options.html);
    needs.writable.emplace_back(options.html);
  }
  work_on_files(console, std::move(needs));

  const FleetSummary summary = read_all(options, at, console);
  Json document = begin_document(kSummarySchema);
  document.update(to_json(summary));
  if (!options.html.empty()) write_file(options.html, report_page(document, summary));
  write_document(console, document, console.format == Format::text ? render_summary(summary, console) : "");
  return summary.worst;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  parser
      .add_option("file", options->files,
                  "Reports: JSON documents or NDJSON, of one host or of many, or directories of these; - is standard input")
      ->type_name("FILE...");
  add_output_options(parser, options->output);
  parser.add_option("--at", options->at, "Time to compare the ends of certificates with; default: now")
      ->type_name("TIME")
      ->group("Summary");
  parser.add_flag("--by-file", options->by_file, "Take the host name from the file name, not from the reports")->group("Summary");
  parser.add_option("--html", options->html, "Also write the summary to this file, as a page with a searchable table of devices")
      ->type_name("FILE")
      ->group("Summary");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb report_verb{"report",
                       "Summarise the reports of many hosts",
                       "  spdmctl report reports/\n"
                       "  spdmctl report --html fleet.html reports/*.ndjson\n"
                       "  spdmctl verify --format ndjson evidence/*.json | spdmctl report --json -\n",
                       setup,
                       {.schema = kSummarySchema, .verdict = true}};

}  // namespace spdm::cmd
