// inspect: is this device ready for PCI encryption, and who holds it?
#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "cmd/attest/targets.h"
#include "cmd/attestation.h"
#include "cmd/output/render_text.h"
#include "cmd/session_options.h"
#include "cmd/verb.h"
#include "core/text.h"
#include "transport/pci/address.h"

namespace spdm::cmd {

namespace {

struct Options : Attestation {
  SessionArguments session;
  std::string readiness = "tee-io", function;
};

Readiness parse_readiness(const std::string& text) {
  if (const std::optional<Readiness> readiness = value_of(kReadinesses, text)) return *readiness;
  throw Error(ErrorId::usage, cat("--for: '", printable(text), "' is unknown"), cat("give ", names_of(kReadinesses)));
}

// The domain of an address is the segment of a FUNCTION_ID, where one is given (PCIe r6.x 11.3).
FunctionId parse_function(const std::string& text) {
  constexpr std::uint32_t kMostSegments = 0x100, kSegmentValid = 1U << 24;
  const std::optional<transport::Bdf> bdf = transport::parse_bdf(text);
  if (!bdf || bdf->domain >= kMostSegments)
    throw Error(ErrorId::usage, cat("--function-id: '", printable(text), "' is not a function with a segment below 0x100"),
                "give it as in 03:00.0, or 0001:03:00.0 with a segment");
  const std::uint32_t own = static_cast<std::uint32_t>(bdf->bus) << 8 | static_cast<std::uint32_t>(bdf->device) << 3 | bdf->function;
  return {bdf->domain == 0 ? own : own | bdf->domain << 16 | kSegmentValid};
}

// What the inspection is about; the messages and certificates are told by the other verbs.
Json document_of(const Report& report) {
  Json whole = to_json(report), out = Json::object();
  for (const char* const key : {"verdict", "exit_code", "reason", "source", "claims", "host", "time", "collector", "evidence_sha256",
                                "collection", "error", "checks", "findings", "inspection"})
    if (whole.contains(key)) out[key] = std::move(whole[key]);
  return out;
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  options->operand = "TARGET...";
  options->add_to(parser);
  parser.add_option("--for", options->readiness, "Readiness to check: ide, or tee-io, which requires more; default: tee-io")
      ->type_name("WHAT")
      ->group("Inspection");
  parser.add_option("--function-id", options->function, "Function whose interface is queried; default: that of the target")
      ->type_name("BDF")
      ->group("Inspection");
  add_requester_options(parser, options->session);
  return [options](Console& console) {
    Plan plan = options->plan(console);
    plan.question.user.readiness = parse_readiness(options->readiness);
    for (const std::string& target : options->targets)
      if (!options->function.empty() && recording(target))
        throw Error(ErrorId::usage, cat("--function-id is for live devices, and ", printable(target), " is a recording"), "leave it out");
    if (!options->function.empty()) plan.wanted.function = parse_function(options->function);
    options->session.in_session = true;
    want_inspection(plan.wanted);
    apply(options->session, plan.wanted, console);
    plan.text = render_inspection;
    plan.judges = true;
    plan.form = {.schema = kInspectSchema, .to_json = document_of};
    return options->run(console, std::move(plan));
  };
}

}  // namespace

const Verb inspect_verb{"inspect",
                        "Check whether a device is ready for PCI encryption (IDE, TEE-IO), and who uses it",
                        "  spdmctl inspect 0000:03:00.0\n"
                        "  spdmctl inspect --for ide --json 03:00.0 04:00.0\n"
                        "  spdmctl inspect --function-id 00:00.0 'emu://127.0.0.1:2323?binding=doe'\n",
                        setup,
                        {.schema = kInspectSchema, .devices = true, .verdict = true}};

}  // namespace spdm::cmd
