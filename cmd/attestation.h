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

// The verifier that these options describe. Notes on stderr which parts of the keyring cannot be used. Throws Error for options, a
// keyring or reference values that cannot be read.
Verifier make_verifier(const TrustOptions& options, const Question& question, const Console& console,
                       std::shared_ptr<const Policy> policy = nullptr,
                       std::shared_ptr<const std::vector<SessionSecret>> session_secrets = nullptr);

// A run with these options: its limits, and how targets are opened. The file of the console is writable. What `all` leaves out is
// noted, and why. Make it before its targets are looked for: an option that is wrong is told whatever devices there are.
Run make_run(const ProtocolOptions& options, const Console& console);
// Has text and lines that are complete written while the run waits for a device.
void show_as_it_comes(Run& run, Console& console);
// The targets of the run. Notes on stderr how many PCI functions could not be looked at, and an `all` that stands for none.
void set_targets(Run& run, Targets targets, const Console& console);

// Confines a verb that speaks with no device to what it still needs (confine_to_files()) and the file of the console.
void work_on_files(const Console& console, Needs needs = {});
// The same for one that works on the devices of the host (confine_to_host()).
void work_on_host(const Console& console, const transport::Host& host, HostUse use, Needs needs = {});

// Notes on stderr which target `all` left out, and why.
void note_left_out(const Console& console, const Outcome& outcome);

// What a verb asks of each device, and how it shows the result.
struct Plan {
  Wanted wanted;
  Question question;
  std::shared_ptr<const Policy> policy{};  // nullptr: there is none, or the verb does not appraise
  // Changes a report before it is rendered; may be empty. Called by several threads.
  std::function<void(Report&)> refine;
  ReportWriter::TextOf text;  // empty: the verdict, and what it stands on
  bool judges = false;        // also where it has a text of its own
  ReportForm form{};          // of the document
  // Files and directories that `refine` writes to. A run that has any takes one target.
  std::vector<std::filesystem::path> outputs;
  // Writes files after the last device, while the document can still tell what went wrong with them; may be empty. Throws Error.
  std::function<void()> after;
  std::vector<std::filesystem::path> written_after;  // the files of `after`
};

// Takes the appraisal out of a report: findings of the protocol stay, all others go, and the verdict says only whether the
// device could be read.
void look_only(Report& report);

// The help of --pin-first-use, of the verbs that have it.
inline constexpr const char* kPinFirstUse = "Pin the key of devices that pass and have no pin yet";

struct Attestation {
  OutputOptions output;
  TrustOptions trust;
  ProtocolOptions protocol;
  std::vector<std::string> targets;
  std::string default_target;           // when none is named; empty: that is an error
  std::string operand = "[TARGET...]";  // how targets stand in the usage line
  std::string extend_pcr;               // PCR of the system's TPM to measure evidence into; empty: none
  std::string pcr_log;                  // file beside that PCR; with it results are measured, and not evidence
  std::string expect;                   // a list of the devices that must be shown; empty: there is none
  std::vector<std::string> tolerate;    // rules of the protocol that may be broken
  bool pin_first_use = false;           // devices that pass and that nothing is pinned for are pinned

  void add_to(CLI::App& parser);
  // Throws Error{usage} for options that contradict each other. Sets up the console.
  Plan plan(Console& console) const;
  // Attests every target, and writes the reports in the order of the targets.
  Exit run(Console& console, Plan plan) const;
};

}  // namespace spdm::cmd
