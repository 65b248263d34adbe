#include "cmd/attest/pipeline.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "certstore/chains.h"
#include "cmd/attest/evidence_files.h"
#include "cmd/host/files.h"
#include "cmd/host/parallel.h"
#include "cmd/host/pcr.h"
#include "cmd/host/privileges.h"
#include "cmd/host/this_host.h"
#include "cmd/output/render.h"
#include "cmd/parse.h"
#include "cmd/pinning.h"
#include "core/appraisal/verdict.h"
#include "core/calendar.h"
#include "core/evidence/file.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "transport/target.h"

namespace spdm::cmd {

void note_unknown(const Console& console, const Subjects& subjects) {
  if (subjects.unknown > 0) console.note(cat("spdmctl: ", unknown_in_words(subjects.unknown)));
}

namespace {

// What came of one target: a report, or a word on why there is none.
struct Outcome {
  std::optional<RenderedReport> report;
  std::string note;
  std::string target, evidence_sha256;
};

}  // namespace

Judge::Judge(const certstore::Keyring& keyring, certstore::Options options, Question question, Bytes owner_key,
             std::shared_ptr<const Policy> policy, bool identity_given, std::shared_ptr<const References> references)
    : validator_(keyring, options),
      question_(std::move(question)),
      owner_key_(std::move(owner_key)),
      now_(options.at),
      policy_(std::move(policy)),
      identity_given_(identity_given),
      references_(std::move(references)) {}

Question Judge::question_for(const HostView& host) const {
  Question out = question_;
  out.now = now_;
  if (policy_) ask(*rule_of(*policy_, host), out, identity_given_);
  return out;
}

void Judge::adapt(Wanted& wanted, const HostView& host) const {
  if (policy_ && wanted.measurements == MeasurementMode::none && needs_measurements(*rule_of(*policy_, host)))
    wanted.measurements = MeasurementMode::all;
}

bool Judge::trusts(const Connection& connection, std::uint8_t slot, const HostView& host) const {
  const ChainResult result = validator_.validate(certstore::chain_input(connection, slot, host));
  return result.sound && result.trust == Trust::trusted;
}

Report Judge::judge(Evidence evidence, const std::string& source, const Question& asked) const {
  if (evidence.sha256.empty()) evidence.sha256 = evidence_sha256(evidence);
  Question question = asked;
  if (question.references == nullptr) question.references = references_.get();
  if (!owner_key_.empty()) evidence.provisioned_key = owner_key_;
  const Analysis analysis = analyze(evidence);
  Report report = appraise(evidence, analysis, certstore::validate_chains(evidence, analysis, validator_, owner_key_), question);
  report.source = source;
  return report;
}

Judge make_judge(const TrustOptions& options, const Question& question, const Console& console, std::shared_ptr<const Policy> policy) {
  const certstore::Keyring keyring = read_keyring(options);
  for (const certstore::Problem& problem : keyring.problems())
    if (!problem.duplicate && !problem.fatal)
      console.note(cat("spdmctl: ", printable(problem.where()), ": ", printable(problem.why), "; the keyring does without it"));
  return Judge{keyring,
               {.at = time_of(options), .partial_chains = options.partial_chains},
               question,
               read_provisioned_key(options),
               std::move(policy),
               !options.identity_match.empty(),
               read_references(options)};
}

Evidence gather(Subject subject, const Wanted& wanted, const Limits& limits, const Judge* judge) {
  if (const std::optional<std::filesystem::path> file = recording(subject.target)) return read_recording(*file);
  Evidence evidence;
  evidence.host.target = subject.target;
  evidence.time = utc_of(std::time(nullptr));
  evidence.collector = "spdmctl " SPDMCTL_VERSION;
  evidence.live = true;
  if (wanted.slot == kProvisionedKey && judge != nullptr) evidence.provisioned_key = judge->owner_key();
  Wanted asked = wanted;
  if (!wanted.slot && !wanted.all_slots && judge != nullptr)
    asked.trusts = [&](const Connection& connection, std::uint8_t slot) { return judge->trusts(connection, slot, evidence.host); };
  try {
    if (subject.failure) throw Error(*subject.failure);
    transport::Opened opened = subject.opened ? std::move(*subject.opened) : transport::open(subject.target, {.timeout = limits.exchange});
    evidence.host = std::move(opened.host);
    collect(*opened.link, asked, limits, evidence);
  } catch (const Error& error) {
    evidence.error = Interruption{error.id, error.what(), error.hint};
  }
  evidence.host.hostname = host_name();
  return evidence;
}

HostView host_of(const Subject& subject) {
  if (subject.opened) return subject.opened->host;
  HostView out;
  out.target = subject.target;
  return out;
}

bool is_left_out(bool sought, const Evidence& evidence) {
  return sought && evidence.log.empty() && evidence.error && evidence.error->id == ErrorId::no_spdm;
}

void record(const Evidence& evidence, const std::filesystem::path& file) {
  if (evidence.log.empty()) return;  // nothing was seen
  if (file.extension() == ".pcap")
    write_file(file, write_pcap(evidence));
  else
    write_file(file, write_evidence(evidence) + "\n");
}

void look_only(Report& report) {
  report.judged = false;
  std::erase_if(report.findings, [](const Finding& finding) { return row(finding.id).check != Check::protocol; });
  for (CheckResult& check : report.checks)
    if (check.check != Check::protocol && check.status != CheckStatus::pass) check.status = CheckStatus::not_needed;
  conclude(report, false);
}

void Attestation::add_to(CLI::App& parser) {
  add_targets(parser, targets);
  if (output.exports)
    add_export_options(parser, output);
  else
    add_output_options(parser, output);
  if (output.exports)
    parser.add_option("--extend-pcr", extend_pcr, "Extend this PCR, 8 to 23, of the system's TPM with the SHA-256 of the evidence")
        ->type_name("N")
        ->group("Attestation");
  add_trust_options(parser, trust);
  add_protocol_options(parser, protocol);
  add_record_option(parser, protocol);
}

Plan Attestation::plan(Console& console) const {
  apply(output, console);
  if (targets.empty() && default_target.empty())
    throw Error(ErrorId::usage, "no target was given", "name a device, such as emu://127.0.0.1:2323, or a recording");
  Plan out;
  out.wanted = wanted_of(protocol, trust);
  out.question = question_of(trust);
  return out;
}

Exit Attestation::run(Console& console, Plan plan) const {
  const Limits limits = limits_of(protocol);
  std::unique_ptr<PcrExtender> measured;
  if (!extend_pcr.empty()) measured = std::make_unique<PcrExtender>(parse_pcr(extend_pcr));
  Subjects found = subjects_of(targets.empty() ? std::vector{default_target} : targets, this_host());
  std::vector<Subject>& subjects = found.list;
  note_unknown(console, found);
  if (!protocol.record.empty()) plan.outputs.emplace_back(protocol.record);
  if (subjects.size() > 1 && !plan.outputs.empty())
    throw Error(ErrorId::usage, "--record and exports take one target",
                "take one target after the other; evidence of several is for: spdmctl collect -o FILE");
  if (!protocol.record.empty()) assert_writable(protocol.record);
  const Judge judge = make_judge(trust, plan.question, console, plan.policy);
  Envelope envelope = make_envelope(output.sign_key, std::time(nullptr), plan.question.nonce, console);

  const std::filesystem::path pins = pin_first_use ? writable_pins(trust) : std::filesystem::path();
  if (pin_first_use) plan.outputs.push_back(pins);

  open_devices(subjects, {.timeout = limits.exchange, .host = this_host(), .force = protocol.force});
  std::vector<std::filesystem::path> written = plan.outputs;
  written.insert(written.end(), plan.written_after.begin(), plan.written_after.end());
  confine(console, {.writable = written, .reads_named_files = reads_files(subjects)});

  const bool judges = !plan.text;
  if (judges) plan.text = subjects.size() > 1 ? render_one_of_many : render_text;
  ReportWriter writer(console, plan.text);
  if (judges) writer.tally();
  writer.enclose(std::move(envelope));
  std::size_t reports = 0;
  in_order<Outcome>(
      subjects.size(), kMaxDevicesAtOnce,
      [&](std::size_t i) -> Outcome {
        const std::string target = subjects[i].target;
        const bool sought = subjects[i].sought;
        try {
          Wanted wanted = plan.wanted;
          judge.adapt(wanted, host_of(subjects[i]));
          Evidence evidence = gather(std::move(subjects[i]), wanted, limits, &judge);
          if (is_left_out(sought, evidence))
            return {.report = std::nullopt, .note = cat(target, ": ", evidence.error->message), .target = {}, .evidence_sha256 = {}};
          if (!protocol.record.empty()) record(evidence, protocol.record);
          Report report = judge.judge(std::move(evidence), target);
          if (plan.refine) plan.refine(report);
          if (pin_first_use) pin_unless_known(report, pins, console);
          return {.report = writer.render(report), .note = {}, .target = target, .evidence_sha256 = report.evidence_sha256};
        } catch (Error& error) {  // what goes wrong with one target says nothing about the others
          if (error.device.empty()) error.device = target;
          return {.report = writer.render(error), .note = {}, .target = target, .evidence_sha256 = {}};
        }
      },
      [&](Outcome outcome) {
        if (!outcome.report) return console.note(printable(cat("spdmctl: all: left out: ", outcome.note)));
        ++reports;
        if (measured && !outcome.evidence_sha256.empty()) {
          try {
            measured->extend(outcome.evidence_sha256);
          } catch (Error& error) {  // a report whose evidence was to be measured, and is not, is no report
            error.device = outcome.target;
            return writer.add(writer.render(error));
          }
        }
        writer.add(std::move(*outcome.report));
      });
  if (reports == 0) fail_for_want_of_devices();
  return writer.finish();
}

}  // namespace spdm::cmd
