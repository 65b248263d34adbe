// policy generate: a first policy, from what is in the machine now.
#include "cmd/attest/audit_scope.h"
#include "cmd/attestation.h"
#include "cmd/host/files.h"
#include "cmd/policy_verb.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

struct Drafted {
  PolicyRule rule;
  std::vector<std::string> comments;
};

// A function of this host by its ids and its address. Anything else by what it has proven, where it has; else by what is said of it.
DeviceMatch match_of(const Report& report) {
  DeviceMatch out;
  const HostView& host = report.host;
  const Proven& proven = report.proven;
  const bool is_here = host.bdf && !host.is_claimed;
  if (!is_here && proven.identity_texts.size() == 1) {
    out.certificate_identity = pattern_for(proven.identity_texts.front());
  } else if (!is_here && proven.device_infos.size() == 1) {
    out.device_info = pattern_for(proven.device_infos.front());
  } else if (!is_here && proven.leaf_keys.size() == 1) {
    out.leaf_key = proven.leaf_keys.front();
  } else {
    if (host.identity) {
      out.vendor = host.identity->vendor;
      out.device = host.identity->device;
    }
    out.bdf = host.bdf;
    if (!host.bdf && !host.identity && !host.target.empty()) out.target = pattern_for(host.target);
  }
  return out;
}

// What the device shows today is what it must show from now on, and no more: owners remove a rule that no device meets.
Drafted draft(const Report& report, std::size_t number) {
  Drafted out;
  PolicyRule& rule = out.rule;
  const HostView& host = report.host;
  const std::string source = host.bdf ? *host.bdf : report.source;
  const bool plain = printable(source) == source && names_in(source).size() == 1;
  rule.name = cat("device ", number, plain ? cat(": ", source) : std::string());
  rule.match = match_of(report);
  rule.expected = rule.match.bdf.has_value();
  for (const SlotReport& slot : report.slots) {
    if (!slot.chain || (!slot.used && rule.require.roots.empty() && report.slots.size() > 1)) continue;
    if (slot.chain->trust == Trust::trusted && slot.chain->anchor) {
      const std::vector<std::string>& names = slot.chain->anchor_names;
      rule.require.roots = {names.empty() ? slot.chain->anchor->sha256 : names.front()};
      out.comments.push_back(cat("vouched for by ", slot.chain->anchor->subject, ", SHA-256 ", slot.chain->anchor->sha256));
      break;
    }
    out.comments.push_back(cat("no root of the keyring vouches for it; it shows the root SHA-256 ", slot.chain->root_fingerprint));
  }
  for (const CheckResult& check : report.checks)
    if (check.check == Check::identity && check.status == CheckStatus::fail) {
      rule.identity = IdentityMatch::none;
      out.comments.push_back(cat("its certificate does not name the function (", check.detail, "): identity is not asked for"));
    }
  bool all_signed = !report.measurements.empty();
  for (const Measurement& measurement : report.measurements) all_signed = all_signed && measurement.is_signed;
  rule.measurements = all_signed;
  for (const Measurement& measurement : report.measurements)
    if (measurement.security_version && measurement.is_signed)
      rule.require.min_svn = std::min(rule.require.min_svn.value_or(*measurement.security_version), *measurement.security_version);
  if (report.connection && report.connection->negotiated) rule.require.min_version = report.connection->parameters.version;
  if (all_signed) out.comments.push_back("with reference values (spdmctl measurements --save-reference FILE) add: references: true");
  if (report.verdict != Verdict::pass) out.comments.push_back(cat("it does not pass now: ", report.reason));
  return out;
}

std::string text_of(const std::vector<Drafted>& drafts, const std::vector<std::string>& left_out) {
  Policy policy;
  policy.mode = GateMode::audit;
  std::string comments =
      "# Drafted by spdmctl policy generate from the devices found. Review it, and test it:\n"
      "#   spdmctl policy check, spdmctl audit, spdmctl gate\n"
      "# The gate only reports (audit); set enforce once the log shows no failures.\n";
  for (const Drafted& one : drafts) {
    policy.rules.insert(policy.rules.end() - 1, one.rule);
    comments += cat("#\n# ", printable(one.rule.name), "\n");
    for (const std::string& comment : one.comments) comments += cat("#   ", printable(comment), "\n");
  }
  for (const std::string& one : left_out) comments += cat("#\n# no rule: ", printable(one), "\n");
  const std::string rules = policy_text(policy, Comments::none);
  // What is written is what will be read, or nothing is written.
  assert_readable(comments.size() + rules.size(), FileKind::policy);
  Policy again;
  add_policy_file(again, "the draft", rules);
  return comments + rules;
}

}  // namespace

Exit generate_policy(const PolicyVerbOptions& options, Console& console) {
  console.format = Format::text;  // what is written is a policy, and no document of any format
  console.verbose = options.output.verbose;
  refuse_format_as_file(options.file);
  const bool to_file = !options.file.empty() && options.file != "-";
  const Verifier verifier = make_verifier(options.trust, question_of(options.trust), console);
  if (to_file) {
    assert_new(options.file, options.overwrite);
    console.write_to(options.file);
  }
  Run run = make_run(options.protocol, console);
  run.wanted = wanted_of(options.protocol, options.trust);
  run.wanted.measurements = MeasurementMode::all;
  run.wanted.if_available = true;
  run.verifier = &verifier;
  AuditScope scope = audit_scope(options.arguments, nullptr, run.open.host, Exempt::left_out, run.open.via);
  for (const std::string& note : scope.notes) console.note(cat("spdmctl: ", printable(note)));
  run.targets = scope.take_live();

  std::vector<Drafted> drafts;
  std::vector<std::string> left_out;
  run.left_out = [&](const Outcome& outcome) {
    left_out.push_back(cat(outcome.target, ": ", outcome.left_out));
    note_left_out(console, outcome);
  };
  Exit worst = Exit::ok;
  attest<Outcome>(
      run, [](Outcome outcome) { return outcome; },
      [&](Outcome outcome) {
        if (outcome.unread) {  // a recording: that says nothing about the others
          left_out.push_back(cat(outcome.target, ": ", outcome.unread->what()));
          worst = worse(worst, row(outcome.unread->id).exit);
          return console.complain(*outcome.unread);
        }
        const Report& report = *outcome.report;
        if (report.messages > 0 || !report.error) return drafts.push_back(draft(report, drafts.size() + 1));
        const Error error = error_of(*report.error, report.source);
        left_out.push_back(cat(report.source, ": ", error.what()));
        if (!options.arguments.empty()) worst = worse(worst, report.exit);
        console.complain(error);
      });
  if (drafts.empty() && worst != Exit::ok) return worst;
  if (drafts.empty()) fail_for_want_of_devices(run.open.via);
  console.out(text_of(drafts, left_out));
  console.finish();
  if (to_file)
    console.note(
        cat("spdmctl: ", printable(options.file), ": ", drafts.size(), drafts.size() == 1 ? " rule" : " rules", ", in audit mode"));
  return worst;
}

}  // namespace spdm::cmd
