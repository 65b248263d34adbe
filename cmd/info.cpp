// info: what a device can do. Nothing is signed, nothing is appraised.
#include <CLI/CLI.hpp>
#include <memory>

#include "cmd/attestation.h"
#include "cmd/parse.h"
#include "cmd/verb.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

std::string missing_algorithms() {
  std::string out;
  for (const AsymAlgorithm& row : asym_algorithms())
    if (!crypto::supports(row)) out += cat(out.empty() ? "" : ", ", row.name);
  for (const HashAlgorithm& row : hash_algorithms())
    if (!crypto::supports(row)) out += cat(out.empty() ? "" : ", ", row.name);
  return out;
}

std::string text_of(const Report& report, const Console& console) {
  std::string out = render_info(report, console);
  if (const std::string missing = missing_algorithms(); !missing.empty())
    out += cat("  not offered ", missing, " (", crypto::library_version(), " cannot verify them)\n");
  return out;
}

struct Options : Attestation {
  std::vector<std::string> vendor_requests;
};

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  options->add_to(parser);
  options->default_target = kAllDevices;
  add_repeatable(parser, "--vendor-request", options->vendor_requests,
                 "Send this VENDOR_DEFINED_REQUEST and show the answer; ids and payload in hex")
      ->type_name("STANDARD:VENDOR:PAYLOAD")
      ->group("Vendor");
  return [options](Console& console) {
    Plan plan = options->plan(console);
    if (plan.wanted.slot == kProvisionedKey) plan.wanted.slot.reset();
    plan.wanted.certificates = false;
    plan.wanted.supported_algorithms = true;
    plan.wanted.challenge = false;
    plan.question.user.depth = Depth::look;
    for (const std::string& request : options->vendor_requests) plan.wanted.vendor_defined.push_back(parse_vendor_request(request));
    plan.refine = look_only;
    plan.text = text_of;
    return options->run(console, std::move(plan));
  };
}

}  // namespace

const Verb info_verb{"info", "Show what a device can do: versions, capabilities, algorithms, slots",
                     "  spdmctl info emu://127.0.0.1:2323\n"
                     "  spdmctl info --json tcp://192.0.2.7\n"
                     "  spdmctl info --vendor-request 0003:1234:0001 emu://127.0.0.1:2323\n",
                     setup, kReportDocument};

}  // namespace spdm::cmd
