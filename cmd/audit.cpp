// audit: every device of the host, everything that policy asks, one document, one exit code, in bounded time.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <utility>

#include "cmd/attest/audit_scope.h"
#include "cmd/attest/policy_files.h"
#include "cmd/attest/run_check.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/output/changes.h"
#include "cmd/output/metrics.h"
#include "cmd/output/wrap.h"
#include "cmd/verb.h"
#include "core/evidence/file.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Options {
  OutputOptions output;
  TrustOptions trust;
  PolicyOptions policy;
  ProtocolOptions protocol;
  std::vector<std::string> targets;
  std::string total = "60", since, metrics, evidence, expect;
};

class Audit {
 public:
  Audit(const Options& options, Console& console) : options_(options), console_(console), writer_(console, render_text) { writer_.tally(); }

  Exit run();

 private:
  std::vector<std::filesystem::path> outputs() const;
  Run make(const Verifier& verifier) const;
  void attest_all(AuditScope& scope, Run& run);
  void add(Outcome outcome);
  void add(Report report);
  void tell_gone() const;
  Json members() const;
  void write(const std::string& file, const std::string& contents);
  void write_metrics(Exit exit);
  void judge(AuditScope& scope, Run& run);

  const Options& options_;
  Console& console_;
  ReportWriter writer_;
  Clock::time_point begin_ = Clock::now(), deadline_;
  const std::int64_t timestamp_ = std::time(nullptr);
  std::optional<EarlierReport> earlier_;
  std::vector<std::string> named_;  // targets as reports have them
  std::optional<RunCheck> together_;
  Metrics metrics_;
  std::string evidence_;
};

std::vector<std::filesystem::path> Audit::outputs() const {
  std::vector<std::filesystem::path> out;
  for (const std::string& file : {options_.metrics, options_.evidence})
    if (!file.empty()) {
      assert_writable(file);
      out.emplace_back(file);
    }
  return out;
}

Run Audit::make(const Verifier& verifier) const {
  Run out = make_run(options_.protocol, console_);
  out.may_be_empty = true;  // a rule may expect what is not there
  out.wanted = wanted_of(options_.protocol, options_.trust);
  out.wanted.measurements = MeasurementMode::all;
  out.wanted.if_available = true;  // policy says who must have them
  out.verifier = &verifier;
  for (std::filesystem::path& file : outputs()) out.writable.push_back(std::move(file));
  // A slow name must leave time to ask the others.
  out.open.timeout = std::min<Clock::duration>(out.open.timeout, (deadline_ - begin_) / 4);
  out.effort.deadline = deadline_;
  // A device that was not reached is undetermined: it has neither failed nor passed.
  const std::string unit = options_.total.find_first_not_of("0123456789.") == std::string::npos ? " s" : "";
  out.effort.overdue = {ErrorId::timeout, cat("was not reached within the time limit of ", options_.total, unit, " for all devices"),
                        "give more time with --total"};
  return out;
}

void Audit::attest_all(AuditScope& scope, Run& run) {
  std::vector<std::size_t> places;  // index in scope.targets of each device of the run
  for (std::size_t i = 0; i < scope.targets.size(); ++i)
    if (!scope.targets[i].silent) places.push_back(i);
  struct Line {
    std::string text;
    std::optional<Error> error;
  };
  std::vector<Line> lines(run.targets.size());
  const FileKind kind = lines.size() > 1 ? FileKind::evidence_line : FileKind::evidence;
  if (!options_.evidence.empty())
    run.seen = [&](std::size_t i, const Evidence& evidence) {
      if (evidence.log.empty()) return;
      try {
        lines[i].text = evidence_line(evidence, kind);
      } catch (Error& error) {
        error.device = scope.targets[places[i]].name();
        lines[i].error = error;
      }
    };
  std::size_t next = 0;  // index in scope.targets
  const auto tell_silent = [&](std::size_t end) {
    for (; next < end; ++next)
      if (scope.targets[next].silent) add(silent_report(scope.targets[next]));
  };
  const auto turn_of = [&](const Outcome& outcome) -> const AuditTarget& {
    const std::size_t place = places[outcome.index];
    tell_silent(place);
    next = place + 1;
    return scope.targets[place];
  };
  run.left_out = [&](const Outcome& outcome) {
    const AuditTarget& target = turn_of(outcome);
    return target.expected_by ? add(silent_report(target)) : note_left_out(console_, outcome);
  };
  attest<Outcome>(
      run, [](Outcome outcome) { return outcome; },
      [&](Outcome outcome) {
        turn_of(outcome);
        const Line line = std::exchange(lines[outcome.index], {});
        evidence_ += line.text;
        add(std::move(outcome));
        if (line.error) writer_.fail(*line.error);
      });
  tell_silent(scope.targets.size());
}

void Audit::add(Outcome outcome) {
  if (outcome.report) return add(std::move(*outcome.report));
  if (earlier_) earlier_->saw(outcome.target);
  metrics_.add(*outcome.unread);
  writer_.add(writer_.render(*outcome.unread));
}

void Audit::add(Report report) {
  together_->add(report);
  if (earlier_) earlier_->compare(report);
  metrics_.add(report);
  writer_.add(writer_.render(report));
}

// The members at the end of the document.
Json Audit::members() const {
  Json out = Json::object();
  if (!earlier_) return out;
  Json gone = Json::array();
  for (const std::string& source : earlier_->gone(named_)) gone.push_back(source);
  out["since"]["file"] = printable(options_.since);
  out["gone"] = std::move(gone);
  if (!earlier_->time().empty()) out["since"]["time"] = earlier_->time();
  return out;
}

void Audit::tell_gone() const {
  if (!earlier_) return;
  for (const std::string& source : earlier_->gone(named_)) {
    const std::string line =
        cat(printable(source), ": was there ", earlier_->time().empty() ? "before" : printable(earlier_->time()), ", and is now missing");
    if (console_.format == Format::text)
      console_.out(fitted(cat(writer_.count() > 0 ? "\n" : "", "GONE  ", line, "\n")));
    else if (console_.format == Format::ndjson)
      console_.note(cat("spdmctl: ", line));
  }
}

// A file that cannot be written does not take back the verdicts: the error is reported, and counts.
void Audit::write(const std::string& file, const std::string& contents) {
  if (file.empty()) return;
  try {
    write_file(file, contents);
  } catch (const Error& error) {
    writer_.fail(error);
  }
}

void Audit::write_metrics(Exit exit) {
  if (options_.metrics.empty()) return;
  write(options_.metrics, metrics_.text(timestamp_, std::chrono::duration<double>(Clock::now() - begin_).count(), exit));
}

void Audit::judge(AuditScope& scope, Run& run) {
  attest_all(scope, run);
  for (const Report& absent : scope.absent) add(absent);
  for (const Report& absent : together_->absent()) add(absent);
  writer_.tell(together_->finish());
  if (writer_.count() == 0) {
    const std::string_view line = "no device of this host speaks SPDM, and no rule expects one: there is nothing to judge";
    if (console_.format == Format::text)
      console_.out(fitted(cat(line, "\n")));
    else
      console_.note(cat("spdmctl: ", line));
  }
  tell_gone();
  write(options_.evidence, evidence_);
  write_metrics(writer_.worst());
  writer_.finish(members());
}

Exit Audit::run() {
  apply(options_.output, console_);
  deadline_ = begin_ + parse_duration(options_.total, "--total");
  const std::shared_ptr<const Policy> policy = load_policy(options_.policy);
  together_.emplace(false, read_expected(options_.expect));
  if (!options_.since.empty()) earlier_ = EarlierReport::read(options_.since);
  const Verifier verifier = make_verifier(options_.trust, question_of(options_.trust), console_, policy);

  writer_.enclose(make_envelope(ear_form_of(options_.output), timestamp_, std::nullopt, console_));
  Run run = make(verifier);
  show_as_it_comes(run, console_);
  named_ = known_names(options_.targets, run.open.host);
  AuditScope scope = audit_scope(named_, policy.get(), run.open.host, Exempt::left_out, run.open.via);
  if (scope.targets.size() + scope.absent.size() > 1 && !console_.verbose) writer_.tabulate();
  for (const std::string& note : scope.notes) console_.note(cat("spdmctl: ", printable(note)));
  run.targets = scope.take_live();
  try {
    judge(scope, run);
  } catch (const Error& error) {  // the document could not be written: the metrics must not say that all went well
    write_metrics(worse(writer_.worst(), row(error.id).exit));
    throw;
  }
  return writer_.worst();
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  add_targets(parser, options->targets, "[TARGET...]");
  add_export_options(parser, options->output);
  add_trust_options(parser, options->trust);
  add_policy_options(parser, options->policy);
  add_reference_option(parser, options->trust);
  add_protocol_options(parser, options->protocol);
  add_jobs_option(parser, options->protocol);
  parser.get_option("--jobs")->description("Devices that are asked at the same time; default: 128, or 256 with targets on sockets");
  parser.add_option("--total", options->total, "Total time for all devices; default: 60s")->type_name("DURATION")->group("Audit");
  parser.add_option("--since", options->since, "Show what has changed since this report of an earlier audit")
      ->type_name("FILE")
      ->group("Audit");
  parser.add_option("--metrics", options->metrics, "Write the results for the textfile collector of Prometheus")
      ->type_name("FILE")
      ->group("Audit");
  parser.add_option("--evidence", options->evidence, "Write the judged evidence, one line for each device")
      ->type_name("FILE")
      ->group("Audit");
  add_expect_option(parser, options->expect);
  return [options](Console& console) { return Audit(*options, console).run(); };
}

}  // namespace

const Verb audit_verb{"audit", "Attest every device of this host against the whole policy",
                      "  spdmctl audit\n"
                      "  spdmctl audit --json --evidence today.ndjson > today.json\n"
                      "  spdmctl audit --since yesterday.json --metrics /var/lib/metrics/spdmctl.prom\n",
                      setup, kReportDocument};

}  // namespace spdm::cmd
