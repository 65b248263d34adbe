// collect: evidence for a verifier elsewhere. Nothing is appraised here, so nothing here needs to be trusted.
#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/host/this_host.h"
#include "cmd/verb.h"
#include "core/evidence/file.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Options {
  ProtocolOptions protocol;
  std::vector<std::string> targets;
  std::string nonce, file;
  bool verbose = false, extension_log = false, endpoint_info = false;
};

struct Collected {
  std::string line;
  std::optional<Error> error;
  std::optional<Outcome> left_out;
};

// All that a verifier may ask for, as far as the device has it.
Wanted everything(const Options& options) {
  Wanted out = wanted_of(options.protocol);
  out.if_available = true;
  out.measurements = MeasurementMode::all;
  out.extension_log = options.extension_log;
  out.endpoint_info = options.endpoint_info;
  if (!options.nonce.empty()) out.nonce = parse_nonce(options.nonce);
  return out;
}

// The line of one target. A recording is evidence, too; one that cannot be read gives evidence that says why.
Collected line_of(Outcome outcome) {
  if (!outcome.left_out.empty()) return {.line = {}, .error = {}, .left_out = std::move(outcome)};
  if (outcome.unread) {
    outcome.evidence = begin_evidence(outcome.target);
    outcome.evidence->error = interruption_of(*outcome.unread);
  }
  Collected out{.line = write_evidence(*outcome.evidence) + "\n", .error = {}, .left_out = {}};
  if (outcome.evidence->error) out.error = error_of(*outcome.evidence->error, outcome.target);
  return out;
}

Exit run(const Options& options, Console& console) {
  console.format = Format::text;  // what is written is evidence, and no report of any format
  console.verbose = options.verbose;
  const Wanted wanted = everything(options);
  refuse_format_as_file(options.file);
  if (!options.file.empty() && options.file != "-") console.write_to(options.file);
  Run run = make_run(options.protocol, console);
  run.wanted = wanted;
  Targets found = targets_of(options.targets.empty() ? std::vector{std::string(kAllDevices)} : options.targets, this_host());
  note_unknown(console, found);
  run.targets = std::move(found.list);

  std::size_t count = 0;
  Exit worst = Exit::ok;
  attest<Collected>(run, line_of, [&](Collected one) {
    if (one.left_out) return note_left_out(console, *one.left_out);
    ++count;
    console.out(one.line);
    if (!one.error) return;
    console.flush();
    console.complain(*one.error);
    worst = worse(worst, row(one.error->id).exit);
  });
  if (count == 0) fail_for_want_of_devices();
  console.finish();
  return worst;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  add_targets(parser, options->targets);
  parser.add_option("-o,--output", options->file, "Write the evidence to this file, once it is complete; standard output if not given")
      ->type_name("FILE")
      ->group("Output");
  refuse_option(parser, "--file", "give the file with -o/--output FILE");
  parser.add_flag("-v,--verbose", options->verbose, "Say how the program confines itself")->group("Output");
  parser.add_option("--nonce", options->nonce, "The nonce of the verifier, for what the device signs: 64 hex digits; random if not given")
      ->type_name("HEX")
      ->group("Evidence");
  parser.add_flag("--extension-log", options->extension_log, "The measurement extension log, too, where the device has one")
      ->group("Evidence");
  parser.add_flag("--endpoint-info", options->endpoint_info, "The endpoint information, too, where the device has it")->group("Evidence");
  add_protocol_options(parser, options->protocol);
  parser.get_option("--slot")->description("0 to 7, all, or 255 for a provisioned key; the first that holds a chain if not given");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb collect_verb{"collect",
                        "Gather evidence of devices for a verifier elsewhere; nothing is judged",
                        "  spdmctl collect 03:00.0 > device.json\n"
                        "  spdmctl collect all --nonce \"$NONCE\" -o host.ndjson\n",
                        setup,
                        {}};

}  // namespace spdm::cmd
