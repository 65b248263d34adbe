// info: what a device can do. Nothing is signed, nothing is judged.
#include <memory>

#include "cmd/attest.h"
#include "cmd/verb.h"
#include "core/appraisal/verdict.h"
#include "core/text.h"

namespace cmd {

namespace {

// A device without certificates is no failure here: that is what info has to say about it.
void accept_without_certificates(spdm::Report& report) {
  const bool lacks = report.error && report.error->id == spdm::ErrorId::no_spdm && report.connection && report.connection->negotiated &&
                     !report.connection->parameters.responder.has(spdm::cap::cert);
  if (!lacks) return;
  report.error.reset();
  for (spdm::CheckResult& check : report.checks)
    if (check.check == spdm::Check::protocol && check.status == spdm::CheckStatus::not_run)
      check = {spdm::Check::protocol, spdm::CheckStatus::pass, "the responder has no certificates (CERT_CAP)"};
}

std::string missing_algorithms() {
  std::string out;
  for (const spdm::AsymAlgorithm& row : spdm::asym_algorithms())
    if (!spdm::crypto::supports(row)) out += spdm::cat(out.empty() ? "" : ", ", row.name);
  for (const spdm::HashAlgorithm& row : spdm::hash_algorithms())
    if (!spdm::crypto::supports(row)) out += spdm::cat(out.empty() ? "" : ", ", row.name);
  return out;
}

std::string text_of(const spdm::Report& report, const Console& console) {
  std::string out = render_info(report, console);
  if (const std::string missing = missing_algorithms(); !missing.empty())
    out += spdm::cat("  not offered ", missing, " (", spdm::crypto::library_version(), " cannot verify them)\n");
  return out;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Attestation>();
  options->add_to(parser);
  return [options](Console& console) {
    Plan plan = options->plan(console);
    if (plan.wanted.slot == spdm::kProvisionedKey) plan.wanted.slot.reset();
    plan.wanted.certificates = false;
    plan.wanted.supported_algorithms = true;
    plan.wanted.challenge = false;
    plan.question.authenticate = false;
    plan.refine = [](spdm::Report& report) {
      accept_without_certificates(report);
      look_only(report);
    };
    plan.text = text_of;
    return options->run(console, std::move(plan));
  };
}

}  // namespace

const Verb info_verb{"info", "Show what a device can do: versions, capabilities, algorithms, slots",
                     "  spdmctl info emu://127.0.0.1:2323\n"
                     "  spdmctl info --json tcp://192.0.2.7\n",
                     setup};

}  // namespace cmd
