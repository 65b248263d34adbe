// audit: every device of the host, everything that policy asks, one document, one exit code, in bounded time.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "cmd/attest/audit_scope.h"
#include "cmd/attest/pipeline.h"
#include "cmd/attest/policy_files.h"
#include "cmd/host/files.h"
#include "cmd/host/parallel.h"
#include "cmd/host/privileges.h"
#include "cmd/host/this_host.h"
#include "cmd/output/changes.h"
#include "cmd/output/metrics.h"
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
  std::string total = "60", since, metrics, evidence;
};

// What came of one device.
struct Outcome {
  std::optional<Report> report;
  std::optional<Error> unread;  // a recording that cannot be read
  std::string evidence, note;
};

class Audit {
 public:
  Audit(const Options& options, Console& console)
      : options_(options), console_(console), writer_(console, [this](const Report& report, const Console& to) {
          return many_ ? render_one_of_many(report, to) : render_text(report, to);
        }) {
    writer_.tally();
  }

  Exit run();

 private:
  std::vector<std::filesystem::path> outputs() const;
  Outcome attend(AuditSubject& subject, const Judge& judge) const;
  Report not_reached(const AuditSubject& subject, const Judge& judge) const;
  void add(Outcome outcome);
  void tell_gone() const;
  Json members(Exit judged) const;
  void write(const std::string& file, const std::string& contents);

  const Options& options_;
  Console& console_;
  bool many_ = false;  // devices
  ReportWriter writer_;
  Wanted wanted_;
  Limits limits_;
  Clock::time_point begin_ = Clock::now(), deadline_;
  std::optional<EarlierReport> earlier_;
  Metrics metrics_;
  std::string evidence_;
  std::size_t reports_ = 0;
  Exit worst_ = Exit::ok;
  std::optional<Error> unwritten_;  // a file
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

// The time is over before its turn came: that is no verdict on the device, and none for it.
Report Audit::not_reached(const AuditSubject& subject, const Judge& judge) const {
  Evidence evidence;
  evidence.host = subject.host;
  evidence.error = Interruption{ErrorId::timeout, cat("was not reached within the ", options_.total, " s that all devices have together"),
                                "give more time with --total"};
  return judge.judge(std::move(evidence), subject.target());
}

Outcome Audit::attend(AuditSubject& subject, const Judge& judge) const {
  const std::string target = subject.target();
  try {
    if (subject.silent) return {.report = silent_report(subject), .unread = {}, .evidence = {}, .note = {}};
    const Clock::duration left = deadline_ - Clock::now();
    if (left <= Clock::duration::zero()) return {.report = not_reached(subject, judge), .unread = {}, .evidence = {}, .note = {}};
    Limits limits = limits_;
    limits.total = std::min(limits.total, left);
    limits.exchange = std::min(limits.exchange, left);
    const bool sought = subject.subject.sought;
    Evidence evidence = gather(std::move(subject.subject), wanted_, limits, &judge);
    if (is_left_out(sought, evidence)) {
      if (subject.expected_by) return {.report = silent_report(subject), .unread = {}, .evidence = {}, .note = {}};
      return {.report = {}, .unread = {}, .evidence = {}, .note = cat(target, ": ", evidence.error->message)};
    }
    std::string line = options_.evidence.empty() || evidence.log.empty() ? std::string() : write_evidence(evidence) + "\n";
    return {.report = judge.judge(std::move(evidence), target), .unread = {}, .evidence = std::move(line), .note = {}};
  } catch (Error& error) {  // what goes wrong with one device says nothing about the others
    if (error.device.empty()) error.device = target;
    return {.report = {}, .unread = error, .evidence = {}, .note = {}};
  }
}

void Audit::add(Outcome outcome) {
  if (!outcome.note.empty()) return console_.note(printable(cat("spdmctl: all: left out: ", outcome.note)));
  ++reports_;
  evidence_ += outcome.evidence;
  if (outcome.unread) {
    worst_ = worse(worst_, row(outcome.unread->id).exit);
    metrics_.add(*outcome.unread);
    return writer_.add(writer_.render(*outcome.unread));
  }
  if (earlier_) earlier_->compare(*outcome.report);
  worst_ = worse(worst_, outcome.report->exit);
  metrics_.add(*outcome.report);
  writer_.add(writer_.render(*outcome.report));
}

// What stands at the end of the document. `judged` is what came of the devices; the run may have ended worse.
Json Audit::members(Exit judged) const {
  Json out = Json::object();
  if (worst_ != judged) out["exit_code"] = static_cast<int>(worst_);
  if (worst_ != judged && judged == Exit::ok) out["verdict"] = name(Verdict::undetermined);
  if (unwritten_ && judged == Exit::ok) out["error"] = error_json(*unwritten_);
  if (!earlier_) return out;
  Json gone = Json::array();
  for (const std::string& source : earlier_->gone(options_.targets)) gone.push_back(source);
  out["since"]["file"] = printable(options_.since);
  out["gone"] = std::move(gone);
  if (!earlier_->time().empty()) out["since"]["time"] = earlier_->time();
  return out;
}

void Audit::tell_gone() const {
  if (!earlier_) return;
  for (const std::string& source : earlier_->gone(options_.targets)) {
    const std::string line =
        cat(printable(source), ": was there ", earlier_->time().empty() ? "before" : printable(earlier_->time()), ", and is there no more");
    if (console_.format == Format::text)
      console_.out(cat(reports_ > 0 ? "\n" : "", "GONE  ", line, "\n"));
    else if (console_.format == Format::ndjson)
      console_.note(cat("spdmctl: ", line));
  }
}

// The devices were judged whatever becomes of the file: that is told, and counts.
void Audit::write(const std::string& file, const std::string& contents) {
  if (file.empty()) return;
  try {
    write_file(file, contents);
  } catch (const Error& error) {
    console_.complain(error);
    if (!unwritten_) unwritten_ = error;
    worst_ = worse(worst_, row(error.id).exit);
  }
}

Exit Audit::run() {
  apply(options_.output, console_);
  wanted_ = wanted_of(options_.protocol, options_.trust);
  wanted_.measurements = MeasurementMode::all;
  wanted_.if_available = true;  // policy says who must have them
  limits_ = limits_of(options_.protocol);
  deadline_ = begin_ + parse_seconds(options_.total, "--total");
  const std::int64_t timestamp = std::time(nullptr);
  const Question question = question_of(options_.trust);
  const std::shared_ptr<const Policy> policy = load_policy(options_.policy);
  const std::vector<std::filesystem::path> files = outputs();
  if (!options_.since.empty()) earlier_ = EarlierReport::read(options_.since);
  const Judge judge = make_judge(options_.trust, question, console_, policy);

  writer_.enclose(make_envelope(options_.output.sign_key, timestamp, std::nullopt, console_));
  AuditScope scope = audit_scope(options_.targets, policy.get(), this_host());
  many_ = scope.subjects.size() + scope.absent.size() > 1;
  for (const std::string& note : scope.notes) console_.note(cat("spdmctl: ", printable(note)));
  open_devices(scope, {.timeout = std::min(limits_.exchange, deadline_ - begin_), .host = this_host(), .force = options_.protocol.force});
  confine(console_, {.writable = files, .reads_named_files = reads_files(scope.live())});

  in_order<Outcome>(
      scope.subjects.size(), kMaxDevicesAtOnce, [&](std::size_t i) { return attend(scope.subjects[i], judge); },
      [&](Outcome outcome) { add(std::move(outcome)); });
  for (const Report& absent : scope.absent) add({.report = absent, .unread = {}, .evidence = {}, .note = {}});
  if (reports_ == 0) {
    const std::string_view line = "no device of this host speaks SPDM, and no rule expects one: there is nothing to judge";
    if (console_.format == Format::text)
      console_.out(cat(line, "\n"));
    else
      console_.note(cat("spdmctl: ", line));
  }
  tell_gone();
  const Exit judged = worst_;
  write(options_.evidence, evidence_);
  const double seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
  if (!options_.metrics.empty()) write(options_.metrics, metrics_.text(timestamp, seconds, worst_));
  return worse(writer_.finish(members(judged)), worst_);
}

Action setup(CLI::App& parser) {
  auto options = std::make_shared<Options>();
  add_targets(parser, options->targets);
  add_export_options(parser, options->output);
  add_trust_options(parser, options->trust);
  add_policy_options(parser, options->policy);
  add_reference_option(parser, options->trust);
  add_protocol_options(parser, options->protocol);
  parser.add_option("--total", options->total, "Time for all devices together; 60 if not given")->type_name("SECONDS")->group("Audit");
  parser.add_option("--since", options->since, "Show what has changed since this report, which an earlier audit has printed")
      ->type_name("FILE")
      ->group("Audit");
  parser.add_option("--metrics", options->metrics, "Write the results for the textfile collector of Prometheus")
      ->type_name("FILE")
      ->group("Audit");
  parser.add_option("--evidence", options->evidence, "Write what was judged, one line of evidence for each device")
      ->type_name("FILE")
      ->group("Audit");
  return [options](Console& console) { return Audit(*options, console).run(); };
}

}  // namespace

const Verb audit_verb{"audit", "Attest every device of this host, and judge it by everything that policy asks",
                      "  spdmctl audit\n"
                      "  spdmctl audit --json --evidence today.ndjson > today.json\n"
                      "  spdmctl audit --since yesterday.json --metrics /var/lib/node_exporter/spdmctl.prom\n",
                      setup, kReportDocument};

}  // namespace spdm::cmd
