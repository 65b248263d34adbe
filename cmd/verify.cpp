// verify: the same judgement as live, from evidence and captures, here or on another host.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <thread>

#include "cmd/attest.h"
#include "cmd/kernel_log_files.h"
#include "cmd/parallel.h"
#include "cmd/render_text.h"
#include "cmd/verb.h"

namespace cmd {

namespace {

using spdm::Error;
using spdm::ErrorId;

struct Options {
  OutputOptions output;
  TrustOptions trust;
  std::vector<std::string> files;
  bool measurements = false;
  std::string nonce;
};

struct Input {
  std::string name;
  std::optional<Error> error = std::nullopt;  // a directory that gave nothing
};

// A directory with signatures of the kernel stands for each of them.
std::vector<Input> inputs_of(const std::vector<std::string>& files) {
  std::vector<Input> out;
  for (const std::string& file : files) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(file, ignored)) {
      out.push_back({.name = file});
      continue;
    }
    try {
      for (const std::filesystem::path& entry : kernel_log_entries(file)) out.push_back({.name = entry.string()});
    } catch (const Error& error) {
      out.push_back({.name = file, .error = error});
    }
  }
  return out;
}

spdm::Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  spdm::Question question = question_of(options.trust);
  question.measurements = options.measurements;
  if (!options.nonce.empty()) question.nonce = parse_nonce(options.nonce);
  if (options.files.empty()) throw Error(ErrorId::usage, "no file was given", "give evidence or pcap files, or - for standard input");
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) throw Error(ErrorId::usage, "- can be read only once");
  const Judge judge = make_judge(options.trust, question, console);

  const std::vector<Input> inputs = inputs_of(options.files);
  const bool brief = inputs.size() > 1 && !console.verbose;
  ReportWriter writer(console, brief ? render_brief : render_text, brief ? "" : "\n");
  in_order<RenderedReport>(
      inputs.size(), std::max(1U, std::thread::hardware_concurrency()),
      [&](std::size_t i) {
        const std::string& name = inputs[i].name;
        try {
          if (inputs[i].error) throw Error(*inputs[i].error);
          return writer.render(judge.judge(read_recording(recording(name).value_or(name)), name == "-" ? "standard input" : name));
        } catch (Error& error) {  // one file that cannot be read says nothing about the others
          if (error.device.empty()) error.device = name;
          return writer.render(error);
        }
      },
      [&](RenderedReport report) { writer.add(std::move(report)); });
  return writer.finish();
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  parser.add_option("file", options->files, "Evidence or pcap files, or directories with signatures of the kernel; - is standard input")
      ->type_name("FILE");
  add_output_options(parser, options->output);
  add_trust_options(parser, options->trust);
  parser.add_flag("--measurements", options->measurements, "Signed measurements must be there, too")->group("Attestation");
  parser.add_option("--nonce", options->nonce, "The nonce that signatures must be made for: 64 hex digits")
      ->type_name("HEX")
      ->group("Attestation");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb verify_verb{"verify", "Judge recorded evidence and captures",
                       "  spdmctl verify device.json\n"
                       "  spdmctl verify --keyring ./roots --at 2026-06-01T00:00:00Z *.json\n"
                       "  spdmctl verify --output ndjson - < device.pcap\n",
                       setup};

}  // namespace cmd
