// collect: evidence for a verifier elsewhere. Nothing is judged here, so nothing here needs to be trusted.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cmd/attest/pipeline.h"
#include "cmd/host/files.h"
#include "cmd/host/parallel.h"
#include "cmd/host/privileges.h"
#include "cmd/host/this_host.h"
#include "cmd/verb.h"
#include "core/calendar.h"
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
  std::string line;  // empty: the device is left out
  std::string note;
  std::optional<Error> error;
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

// A recording as target is evidence, too; one that cannot be read leaves the word on why.
Evidence gather_or_tell(Subject subject, const Wanted& wanted, const Limits& limits) {
  const std::string target = subject.target;
  try {
    return gather(std::move(subject), wanted, limits, nullptr);
  } catch (const Error& error) {
    Evidence out;
    out.host.target = target;
    out.time = utc_of(std::time(nullptr));
    out.collector = "spdmctl " SPDMCTL_VERSION;
    out.error = Interruption{error.id, error.what(), error.hint};
    return out;
  }
}

Collected collect_one(Subject subject, const Wanted& wanted, const Limits& limits) {
  const bool sought = subject.sought;
  const std::string target = subject.target;
  const Evidence evidence = gather_or_tell(std::move(subject), wanted, limits);
  if (is_left_out(sought, evidence)) return {.line = {}, .note = cat(target, ": ", evidence.error->message), .error = std::nullopt};
  Collected out{.line = write_evidence(evidence) + "\n", .note = {}, .error = std::nullopt};
  if (!evidence.error) return out;
  out.error.emplace(evidence.error->id, evidence.error->message, evidence.error->hint);
  out.error->device = target;
  return out;
}

Exit run(const Options& options, Console& console) {
  console.format = Format::text;  // what is written is evidence, and no report of any format
  console.verbose = options.verbose;
  const Wanted wanted = everything(options);
  const Limits limits = limits_of(options.protocol);
  const bool to_file = !options.file.empty() && options.file != "-";
  Subjects found = subjects_of(options.targets.empty() ? std::vector{std::string(kAllDevices)} : options.targets, this_host());
  note_unknown(console, found);
  refuse_format_as_file(options.file);
  if (to_file) assert_writable(options.file);
  open_devices(found.list, {.timeout = limits.exchange, .host = this_host(), .force = options.protocol.force});
  Needs needs{.writable = {}, .reads_named_files = reads_files(found.list)};
  if (to_file) needs.writable.emplace_back(options.file);
  confine(console, std::move(needs));

  std::string lines;  // of a file, which appears whole
  std::size_t count = 0;
  Exit worst = Exit::ok;
  in_order<Collected>(
      found.list.size(), kMaxDevicesAtOnce, [&](std::size_t i) { return collect_one(std::move(found.list[i]), wanted, limits); },
      [&](Collected one) {
        if (one.line.empty()) return console.note(printable(cat("spdmctl: all: left out: ", one.note)));
        ++count;
        if (to_file)
          lines += one.line;
        else
          console.out(one.line);
        if (!one.error) return;
        console.flush();
        console.complain(*one.error);
        worst = worse(worst, row(one.error->id).exit);
      });
  if (count == 0) fail_for_want_of_devices();
  if (to_file) write_file(options.file, lines);
  console.flush();
  return worst;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  add_targets(parser, options->targets);
  parser.add_option("-o,--file", options->file, "Write the evidence to this file, once it is complete; standard output if not given")
      ->type_name("FILE")
      ->group("Output");
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
