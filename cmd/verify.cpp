// verify: the same appraisal as live, from evidence and captures, here or on another host.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cmd/attest/policy_files.h"
#include "cmd/attest/run_check.h"
#include "cmd/attest/session_secrets.h"
#include "cmd/attestation.h"
#include "cmd/output/token.h"
#include "cmd/verb.h"

namespace spdm::cmd {

namespace {

struct Options {
  OutputOptions output;
  TrustOptions trust;
  PolicyOptions policy;
  std::vector<std::string> files;
  bool measurements = false, unordered = false;
  std::string nonce, expect, session_secrets;
  std::vector<std::string> tolerate;
};

// A report, and the one that it was rendered from while others may still speak against it.
struct Judged {
  RenderedReport rendered;
  std::optional<Report> report;
  std::optional<TokenPart> part;  // of a run that writes a token
};

// Ends the program when reports cannot be written. A thread may be waiting for input that never comes, and nothing else ends
// that.
void or_end(Console& console, const std::function<void()>& write) {
  try {
    write();
  } catch (const Error& error) {
    if (error.id != ErrorId::io) throw;
    console.complain(error);
    console.discard();
    ::_exit(static_cast<int>(row(error.id).exit));
  }
}

Exit run(const Options& options, Console& console) {
  apply(options.output, console);
  Question question = question_of(options.trust);
  if (options.measurements) question.user.depth = Depth::measurements;
  question.user.tolerance = tolerance_of(options.tolerate);
  if (!options.nonce.empty()) question.user.nonce = parse_nonce(options.nonce);
  if (options.files.empty()) throw Error(ErrorId::usage, "no FILE given", "give evidence or pcap files, or - for standard input");
  if (std::count(options.files.begin(), options.files.end(), "-") > 1) throw Error(ErrorId::usage, "- can be read only once");
  const bool as_token = console.format == Format::eat;
  RunCheck together(question.user.nonce.has_value(), read_expected(options.expect));
  std::shared_ptr<const std::vector<SessionSecret>> secrets;
  if (!options.session_secrets.empty()) secrets = std::make_shared<const std::vector<SessionSecret>>(read_secrets(options.session_secrets));
  const Verifier verifier = make_verifier(options.trust, question, console, load_policy(options.policy), std::move(secrets));

  Envelope envelope = make_envelope(ear_form_of(options.output), std::time(nullptr), question.user.nonce, console);
  work_on_files(console, {.readable = EvidenceFiles::places(options.files)});
  EvidenceFiles files(options.files);
  const bool alone = files.is_one();
  const bool compares = !alone || !options.expect.empty();
  ReportWriter writer(console, render_text);
  if (!alone && !console.verbose) writer.tabulate();
  writer.tally();
  writer.enclose(std::move(envelope));
  TokenWriter token(console, wrapper_of(options.output.wrapper));
  appraise_recordings<Judged>(
      {.files = files,
       .verifier = verifier,
       .ordered = !options.unordered,
       .idle = [&] { or_end(console, [&] { console.flush(); }); },
       .keeps_evidence = as_token,
       .progress = console.progress(),
       .total = bytes_of(options.files)},
      [&](Outcome outcome) -> Judged {
        if (!outcome.report) return {writer.render(*outcome.unread), std::nullopt, std::nullopt};
        std::optional<TokenPart> part;
        if (as_token) part = token_part(*std::move(outcome.evidence), *outcome.report);
        RenderedReport rendered = writer.render(*outcome.report);
        return {std::move(rendered), compares ? std::move(outcome.report) : std::nullopt, std::move(part)};
      },
      [&](Judged judged) {
        if (judged.report && together.add(*judged.report)) judged.rendered = writer.render(*judged.report);
        or_end(console, [&] { writer.add(std::move(judged.rendered)); });
        if (judged.part) token.add(*std::move(judged.part));
      });
  for (const Report& absent : together.absent()) writer.add(writer.render(absent));
  writer.tell(together.finish());
  if (as_token) token.write(writer.worst());
  return worse(writer.finish(), token.worst());
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  parser
      .add_option("file", options->files,
                  "Evidence, one document or one per line, pcap files, signed measurements of other tools, or directories of these "
                  "or of kernel signatures; - is standard input")
      ->type_name("FILE...");
  add_export_options(parser, options->output);
  add_token_format(options->output);
  parser.get_option("--cmw")->description("Put the EAR or the token into a conceptual message wrapper (RFC 9999): json or cbor");
  add_trust_options(parser, options->trust);
  parser.add_flag("--unordered", options->unordered, "Write each report as soon as it is ready, not in the order of the input")
      ->group("Output");
  add_policy_options(parser, options->policy);
  add_reference_option(parser, options->trust);
  parser.add_flag("--measurements", options->measurements, "Also require signed measurements")->group("Attestation");
  parser.add_option("--nonce", options->nonce, "Nonce that the signatures must be for: 64 hex digits")
      ->type_name("HEX")
      ->group("Attestation");
  parser
      .add_option("--session-secrets", options->session_secrets,
                  "Decrypt the recorded sessions with these secrets, and check their messages")
      ->type_name("FILE")
      ->group("Attestation");
  add_expect_option(parser, options->expect);
  add_tolerate_option(parser, options->tolerate);
  parser.get_option("--tolerate")->group("Attestation");
  return [options](Console& console) { return run(*options, console); };
}

}  // namespace

const Verb verify_verb{"verify", "Judge recorded evidence and captures",
                       "  spdmctl verify device.json\n"
                       "  spdmctl verify evidence/\n"
                       "  spdmctl verify --keyring ./roots --at 2026-06-01T00:00:00Z *.json\n"
                       "  spdmctl verify --session-secrets secrets.json device.json\n"
                       "  ssh host spdmctl collect --nonce $NONCE | spdmctl verify --nonce $NONCE -\n",
                       setup, kReportDocument};

}  // namespace spdm::cmd
