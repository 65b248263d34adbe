// auth: is this the device that its vendor vouches for?
#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/attest/policy_files.h"
#include "cmd/attestation.h"
#include "cmd/session_options.h"
#include "cmd/verb.h"
#include "core/suggest.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Options : Attestation {
  PolicyOptions policy;
  SessionArguments session;
  bool measurements = false;
  std::string summary = "none";
};

Summary parse_summary(const std::string& text) {
  if (const std::optional<Summary> summary = value_of(kSummaries, text)) return *summary;
  throw Error(ErrorId::usage, cat("--summary: '", printable(text), "' is unknown"),
              cat(guess_from(text, kSummaries), "give ", names_of(kSummaries)));
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  options->output.exports = true;
  options->add_to(parser);
  options->default_target = kAllDevices;
  add_policy_options(parser, options->policy);
  add_expect_option(parser, options->expect);
  add_tolerate_option(parser, options->tolerate);
  parser.add_flag("--pin-first-use", options->pin_first_use, kPinFirstUse)->group("Trust");
  add_reference_option(parser, options->trust);
  parser.add_flag("--measurements", options->measurements, "Ask for signed measurements, too")->group("Attestation");
  parser.add_option("--summary", options->summary, "Hash over measurements in the answer to CHALLENGE: none, tcb or all")
      ->type_name("WHICH")
      ->group("Attestation");
  add_session_options(parser, options->session);
  return [options](Console& console) {
    Plan plan = options->plan(console);
    plan.policy = load_policy(options->policy);
    plan.wanted.summary = parse_summary(options->summary);
    // Reference values are named to be compared.
    if (options->measurements || !options->trust.references.empty()) plan.wanted.measurements = MeasurementMode::all;
    apply(options->session, plan.wanted, console, plan.policy && asks_for_sessions(*plan.policy));
    if (!options->session.secrets.empty()) plan.written_after.emplace_back(options->session.secrets);
    if (options->measurements) plan.question.user.depth = Depth::measurements;
    return options->run(console, std::move(plan));
  };
}

}  // namespace

const Verb auth_verb{"auth", "Authenticate devices: certificates, trust, and proof of the key",
                     "  spdmctl auth 0000:03:00.0\n"
                     "  spdmctl auth --measurements --record device.json tcp://192.0.2.7\n"
                     "  spdmctl auth --keyring ./roots --json emu://10.0.0.1 emu://10.0.0.2\n"
                     "  spdmctl auth --in-session --requester-key us.key --requester-cert us.pem 03:00.0\n",
                     setup, kReportDocument};

}  // namespace spdm::cmd
