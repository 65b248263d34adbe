// What the verbs that speak with devices have in common: their options, and a run of the pipeline that writes reports.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cmd/attest/pipeline.h"
#include "cmd/options.h"
#include "cmd/output/render.h"
#include "cmd/output/render_text.h"
#include "core/appraisal/policy.h"

namespace spdm::cmd {

// The verifier of these options. Notes on stderr what the keyring does without.
Verifier make_verifier(const TrustOptions& options, const Question& question, const Console& console,
                       std::shared_ptr<const Policy> policy = nullptr);

// What a run has to know of the options: how to speak, with what limits, and how devices are opened. The file of the console
// is among those that are written.
Run make_run(const ProtocolOptions& options, std::vector<Target> targets, const Console& console);

// Confines a verb that speaks with no device: it reads files, and writes these and that of the console.
void work_on_files(const Console& console, std::vector<std::filesystem::path> writable = {}, bool makes_directories = false);

// Says of how many functions it is unknown what they can do.
void note_unknown(const Console& console, const Targets& targets);
// Says what `all` left out, and why.
void note_left_out(const Console& console, const Outcome& outcome);

// Evidence, or a pcap when the name ends in .pcap.
void record(const Evidence& evidence, const std::filesystem::path& file);

// What a verb asks of each device, and how it shows what came of it.
struct Plan {
  Wanted wanted;
  Question question;
  std::shared_ptr<const Policy> policy{};  // nullptr: there is none, or the verb does not judge
  // Has the last word on a report before it is rendered; may be empty. Called by several threads.
  std::function<void(Report&)> refine;
  ReportWriter::TextOf text;  // empty: the verdict, and what it stands on
  // Files and directories that `refine` writes to; they take a run with one target.
  std::vector<std::filesystem::path> outputs;
  // Files that the verb writes once all devices were seen.
  std::vector<std::filesystem::path> written_after;
};

// Turns an appraisal into a mere look: what was read is shown with all there is to say about it, and the verdict is
// whether it could be read.
void look_only(Report& report);

// The help of --pin-first-use, of the verbs that have it.
inline constexpr const char* kPinFirstUse = "Pin the key of devices that pass and that nothing is pinned for";

struct Attestation {
  OutputOptions output;
  TrustOptions trust;
  ProtocolOptions protocol;
  std::vector<std::string> targets;
  std::string default_target;  // when none is named; empty: that is an error
  std::string extend_pcr;      // PCR of the system's TPM to measure evidence into; empty: none
  bool pin_first_use = false;  // devices that pass and that nothing is pinned for are pinned

  void add_to(CLI::App& parser);
  // Throws Error{usage} for options that contradict each other. Sets up the console.
  Plan plan(Console& console) const;
  // Attests every target, and writes the reports in the order of the targets.
  Exit run(Console& console, Plan plan) const;
};

}  // namespace spdm::cmd
