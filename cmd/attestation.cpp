#include "cmd/attestation.h"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "cmd/attest/audit_scope.h"
#include "cmd/attest/drive_scope.h"
#include "cmd/attest/run_check.h"
#include "cmd/host/files.h"
#include "cmd/host/pcr.h"
#include "cmd/host/this_host.h"
#include "cmd/output/pcr_event.h"
#include "cmd/pinning.h"
#include "cmd/record.h"
#include "core/appraisal/verdict.h"
#include "core/crypto/crypto.h"
#include "core/evidence/file.h"
#include "core/text.h"

namespace spdm::cmd {

Verifier make_verifier(const TrustOptions& options, const Question& question, const Console& console, std::shared_ptr<const Policy> policy,
                       std::shared_ptr<const std::vector<SessionSecret>> session_secrets) {
  certstore::Keyring keyring = read_keyring(options);
  for (const certstore::Problem& problem : keyring.problems())
    if (!problem.duplicate && !problem.fatal)
      console.note(cat("spdmctl: ", printable(problem.where()), ": ", printable(problem.why), "; the keyring ignores it"));
  return Verifier({.keyring = std::move(keyring),
                   .options = {.at = time_of(options), .partial_chains = options.partial_chains},
                   .question = question,
                   .owner_key = read_provisioned_key(options),
                   .chain = read_chain_beside(options),
                   .policy = std::move(policy),
                   .references = read_references(options),
                   .host_keys = options.host_keys.empty() ? nullptr : std::make_shared<const HostKeys>(options.host_keys),
                   .session_secrets = std::move(session_secrets),
                   .trust_host = options.trust_host});
}

namespace {

// Says in the words of --verbose how the process is confined.
TellConfinement tell_confinement(const Console& console) {
  return [&console](const Confinement& confinement) {
    if (!console.verbose) return;
    for (const std::string& line : confinement.in_force) console.note(cat("spdmctl: confined: ", line));
    for (const std::string& line : confinement.missing) console.note(cat("spdmctl: not confined: ", line));
  };
}

}  // namespace

Run make_run(const ProtocolOptions& options, const Console& console) {
  Run out;
  out.left_out = [&console](const Outcome& outcome) { note_left_out(console, outcome); };
  out.effort.limits = limits_of(options);
  out.jobs = jobs_of(options);
  out.open = {.timeout = out.effort.limits.exchange, .host = this_host(), .force = options.force, .via = via_of(options.via)};
  if (!console.file().empty()) out.writable.push_back(console.file());
  out.tell = tell_confinement(console);
  out.progress = console.progress();
  return out;
}

void work_on_files(const Console& console, Needs needs) {
  if (!console.file().empty()) needs.writable.push_back(console.file());
  confine_to_files(std::move(needs), tell_confinement(console));
}

void work_on_host(const Console& console, const transport::Host& host, HostUse use, Needs needs) {
  if (!console.file().empty()) needs.writable.push_back(console.file());
  confine_to_host(host, use, std::move(needs), tell_confinement(console));
}

void set_targets(Run& run, Targets targets, const Console& console) {
  if (!targets.none.empty())
    console.note(cat("spdmctl: all: ", targets.none));
  else if (targets.unknown > 0)
    console.note(cat("spdmctl: ", unknown_in_words(targets.unknown)));
  if (targets.asleep > 0) console.note(cat("spdmctl: ", asleep_in_words(targets.asleep)));
  run.targets = std::move(targets.list);
}

void show_as_it_comes(Run& run, Console& console) {
  if (console.format == Format::text || console.format == Format::ndjson) run.idle = [&console] { console.flush(); };
}

void note_left_out(const Console& console, const Outcome& outcome) {
  console.note(printable(cat("spdmctl: all: left out: ", outcome.target, ": ", outcome.left_out)));
}

void look_only(Report& report) {
  report.judged = false;
  std::erase_if(report.findings, [](const Finding& finding) { return row(finding.id).check != Check::protocol; });
  for (CheckResult& check : report.checks)
    if (check.check != Check::protocol && check.status != CheckStatus::pass) check.status = CheckStatus::not_needed;
  conclude(report, Depth::look);
}

void Attestation::add_to(CLI::App& parser) {
  add_targets(parser, targets, operand);
  if (output.exports)
    add_export_options(parser, output);
  else
    add_output_options(parser, output);
  if (output.exports) {
    parser.add_option("--extend-pcr", extend_pcr, "Extend this PCR, 8 to 23, of the system's TPM with the SHA-256 of the evidence")
        ->type_name("N")
        ->group("Attestation");
    parser.add_option("--pcr-log", pcr_log, "Extend the PCR with results, which are the same at each boot, and append them to this file")
        ->type_name("FILE")
        ->group("Attestation");
  }
  add_trust_options(parser, trust);
  add_protocol_options(parser, protocol);
  add_jobs_option(parser, protocol);
  add_record_option(parser, protocol);
}

Plan Attestation::plan(Console& console) const {
  apply(output, console);
  if (targets.empty() && default_target.empty())
    throw Error(ErrorId::usage, "no TARGET given", "name a device, such as emu://127.0.0.1:2323, or a recording");
  Plan out;
  out.wanted = wanted_of(protocol, trust);
  out.question = question_of(trust);
  out.wanted.tolerance = out.question.user.tolerance = tolerance_of(tolerate);
  return out;
}

namespace {

// The result of one target.
struct Attested {
  RenderedReport rendered;
  std::optional<Report> report;  // nothing where there is none
  std::string target;
};

// The devices of the host and those that rules expect of it, where targets stand for all of them; else what was named.
struct Scope {
  Targets targets;                  // to be asked
  std::vector<AuditTarget> behind;  // what is known of each of them, where rules expect devices
  std::vector<Report> lacking;      // a failure for each that is expected, and is not there or silent
  std::vector<std::string> notes;
};

Scope scope_of(const std::vector<std::string>& names, const Policy* policy, const transport::OpenOptions& open) {
  Scope out;
  if (!expects_devices(names, policy)) {
    out.targets = targets_of(names, open.host, open.via);
    return out;
  }
  AuditScope scope = audit_scope(names, policy, open.host, Exempt::judged, open.via);
  if (scope.targets.empty() && scope.absent.empty()) fail_for_want_of_devices(open.via);
  out.targets.list = scope.take_live();
  out.notes = std::move(scope.notes);
  for (AuditTarget& target : scope.targets)
    if (target.silent)
      out.lacking.push_back(silent_report(target));
    else
      out.behind.push_back(std::move(target));
  for (Report& absent : scope.absent) out.lacking.push_back(std::move(absent));
  return out;
}

// The log comes first: what is in the PCR is in it.
void measure(const PcrEvents& events, PcrLog& log, PcrExtender& pcr) {
  for (const std::string& line : events.lines()) {
    log.add(line);
    pcr.extend(hex(crypto::hash(*find_hash("SHA-256"), as_bytes(line))));
  }
}

}  // namespace

Exit Attestation::run(Console& console, Plan plan) const {
  std::unique_ptr<PcrExtender> measured;
  if (!extend_pcr.empty()) measured = std::make_unique<PcrExtender>(parse_pcr(extend_pcr));
  if (!pcr_log.empty() && !measured) throw Error(ErrorId::usage, "--pcr-log requires --extend-pcr", "give the PCR of the log");
  std::unique_ptr<PcrLog> log;
  if (!pcr_log.empty()) log = std::make_unique<PcrLog>(pcr_log);
  PcrEvents events;
  // All that the options say is looked at before a device is looked for.
  RunCheck together(false, read_expected(expect));
  const Verifier verifier = make_verifier(trust, plan.question, console, plan.policy);
  Envelope envelope = make_envelope(ear_form_of(output), std::time(nullptr), plan.question.user.nonce, console);
  Run run = make_run(protocol, console);
  if (!protocol.record.empty()) assert_recordable(protocol.record);
  show_as_it_comes(run, console);
  Scope scope = scope_of(targets.empty() ? std::vector{default_target} : targets, plan.policy.get(), run.open);
  for (const std::string& note : scope.notes) console.note(cat("spdmctl: ", printable(note)));
  if (!protocol.record.empty()) plan.outputs.emplace_back(protocol.record);
  const bool many = scope.targets.list.size() + scope.lacking.size() > 1;
  if (scope.targets.list.size() > 1 && !plan.outputs.empty())
    throw Error(ErrorId::usage, "--record and exports take one target",
                "run it once for each target; for evidence of several, use: spdmctl collect -o FILE");
  const std::filesystem::path pins = pin_first_use ? writable_pins(trust) : std::filesystem::path();

  set_targets(run, std::move(scope.targets), console);
  run.wanted = plan.wanted;
  run.verifier = &verifier;
  run.writable.insert(run.writable.end(), plan.outputs.begin(), plan.outputs.end());
  run.writable.insert(run.writable.end(), plan.written_after.begin(), plan.written_after.end());
  if (pin_first_use) run.writable.push_back(pins);
  if (!protocol.record.empty())
    run.seen = [&](std::size_t, const Evidence& evidence) {
      record(evidence, protocol.record);
      if (const std::size_t count = left_out_of_record(evidence, protocol.record); count > 0)
        console.note(cat("spdmctl: ", printable(protocol.record), ": leaves out ", count, count == 1 ? " message" : " messages",
                         " inside of a session; evidence (.json) keeps them, and --session-secrets opens the capture"));
    };

  const bool judges = plan.judges || !plan.text;
  const bool tabulates = many && !plan.text && !console.verbose;
  if (!plan.text) plan.text = render_text;
  ReportWriter writer(console, plan.text, "\n", plan.form);
  if (tabulates) writer.tabulate();
  if (judges) writer.tally();
  writer.enclose(std::move(envelope));
  // Refined and pinned are those that pass beside the others, too; so what depends on them is done in their order.
  const auto finish_one = [&](Attested& one) {
    if (judges && together.add(*one.report)) one.rendered = writer.render(*one.report);
    if (pin_first_use) pin_unless_known(*one.report, pins, console);
    // Without the measurement that was asked for there is no report.
    if (measured && !log && !one.report->evidence_sha256.empty()) measured->extend(one.report->evidence_sha256);
  };
  if (!scope.behind.empty() || !scope.lacking.empty()) {
    run.may_be_empty = true;
    run.left_out = [&](const Outcome& outcome) {
      const AuditTarget& target = scope.behind.at(outcome.index);
      return target.expected_by ? scope.lacking.push_back(silent_report(target)) : note_left_out(console, outcome);
    };
  }
  attest<Attested>(
      run,
      [&](Outcome outcome) -> Attested {
        try {
          if (outcome.unread) return {writer.render(*outcome.unread), std::nullopt, outcome.target};
          if (plan.refine) plan.refine(*outcome.report);
          RenderedReport rendered = writer.render(*outcome.report);
          return {std::move(rendered), std::move(outcome.report), outcome.target};
        } catch (Error& error) {  // an export failed
          if (error.device.empty()) error.device = outcome.target;
          return {writer.render(error), std::nullopt, outcome.target};
        }
      },
      [&](Attested one) {
        try {
          if (one.report) finish_one(one);
        } catch (Error& error) {
          if (error.device.empty()) error.device = one.target;
          one.rendered = writer.render(error);
          one.report.reset();
        }
        if (log) events.add(one.report ? *one.report : error_report(*one.rendered.error, one.target));
        writer.add(std::move(one.rendered));
      });
  const auto add_missing = [&](const Report& missing) {
    if (log) events.add(missing);
    writer.add(writer.render(missing));
  };
  for (const Report& lacking : scope.lacking) add_missing(lacking);
  if (judges) {
    for (const Report& absent : together.absent()) add_missing(absent);
    Together all = together.finish();
    if (log) events.take_back(all);
    writer.tell(std::move(all));
  }
  if (writer.count() == 0) fail_for_want_of_devices(run.open.via);
  const auto do_last = [&](const std::function<void()>& step) {
    try {
      step();
    } catch (const Error& error) {
      writer.fail(error);
    }
  };
  if (log) do_last([&] { measure(events, *log, *measured); });
  if (plan.after) do_last(plan.after);
  return writer.finish();
}

}  // namespace spdm::cmd
