// report: what the reports of many hosts say together.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

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

struct Options {
  OutputOptions output;
  std::vector<std::string> files;
  std::string at, html;
  bool by_file = false;
};

// A file to be read: one that was named, or one of a directory that was.
struct Input {
  std::string file;
  bool found = false;
  std::optional<Error> error = std::nullopt;
};

std::vector<Input> inputs_of(const std::vector<std::string>& files) {
  std::vector<Input> out;
  for (const std::string& file : files) {
    std::error_code ignored;
    if (file == "-" || !std::filesystem::is_directory(file, ignored)) {
      out.push_back({.file = file});
      continue;
    }
    try {
      for (FolderEntry& entry : entries_of_folder(file))
        out.push_back({.file = entry.path.string(), .found = true, .error = std::move(entry.error)});
    } catch (const Error& error) {
      out.push_back({.file = file, .error = error});
    }
  }
  return out;
}

// The host of each file, for reports that do not name theirs or are not to be believed: files are named after hosts. Where two
// files have one name, as when each host has a folder, the whole path is the host's name.
std::vector<std::string> hosts_of(const std::vector<Input>& inputs) {
  std::map<std::string, std::size_t> counts;
  std::vector<std::string> out;
  for (const auto& [file, found, error] : inputs) {
    out.push_back(printable(file == "-" ? "standard input" : std::filesystem::path(file).stem().string()));
    ++counts[out.back()];
  }
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (counts[out[i]] > 1) out[i] = printable(inputs[i].file);
  return out;
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
  const std::vector<Input> inputs = inputs_of(options.files);
  const std::vector<std::string> hosts = hosts_of(inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::string& file = inputs[i].file;
    const std::string name = file == "-" ? "standard input" : printable(file);
    summarizer.add_file();
    const std::uintmax_t bytes = bytes_of({file});
    try {
      if (inputs[i].error) throw Error(*inputs[i].error);
      read_results(of_kind(inputs[i].found ? open_found(file) : open_file(file), FileKind::report), name, hosts[i], sink,
                   options.by_file ? HostNaming::by_file : HostNaming::reported);
    } catch (const Error& error) {  // an error of one file does not end the others
      sink.unreadable({name, 0, cat(error.what(), error.hint.empty() ? "" : "; ", error.hint)});
    }
    work.add(0, bytes);
  }
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
