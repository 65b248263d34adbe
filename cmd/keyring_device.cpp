// Appraises the one device of a sub-command of keyring, live or from a recording.
#include "cmd/attest/policy_files.h"
#include "cmd/keyring.h"
#include "core/text.h"

namespace spdm::cmd {

Report attest_one(const KeyringOptions& options, Console& console, Depth depth, const std::vector<std::filesystem::path>& writable) {
  if (options.arguments.size() != 1)
    throw Error(ErrorId::usage, options.arguments.empty() ? "no TARGET given" : "only one TARGET can be given",
                "give a device, such as 03:00.0, or a recording, such as file:device.json");
  Question question = question_of(options.trust);
  question.user.depth = depth;
  const Verifier verifier =
      make_verifier(options.trust, question, console, depth == Depth::look ? nullptr : trust_policy(options.policy, false));
  Run run = make_run(options.protocol, console);
  run.wanted = wanted_of(options.protocol, options.trust);
  run.wanted.challenge = depth != Depth::look;
  run.verifier = &verifier;
  Targets found = targets_of(options.arguments, run.open.host, run.open.via);
  if (found.list.size() != 1)
    fail_at(ErrorId::usage, options.arguments.front(), cat("stands for ", found.list.size(), " devices"), "name one of them");
  run.targets = std::move(found.list);
  run.writable.insert(run.writable.end(), writable.begin(), writable.end());
  open_and_confine(run);
  const ProgressOfWork work(run.progress, "device", "devices", 1);
  Outcome outcome = attend(run, 0);
  if (outcome.unread) throw Error(*outcome.unread);
  if (!outcome.report) fail_at(ErrorId::no_spdm, outcome.target, outcome.left_out);
  return std::move(*outcome.report);
}

const ChainResult& main_chain(const Report& report) {
  if (const SlotReport* slot = main_slot(report)) return *slot->chain;
  Error error(report.error ? report.error->id : ErrorId::no_spdm, report.error ? report.error->message : "no certificate chain was read",
              report.error ? report.error->hint : cat("list the slots with: spdmctl info ", shell_word(report.source)));
  error.device = report.source;
  if (report.exit != Exit::ok) error.exit = report.exit;
  throw error;
}

std::shared_ptr<const Policy> trust_policy(const PolicyOptions& options, bool pin) {
  const std::shared_ptr<const Policy> whole = load_policy(options);
  if (whole == nullptr) return nullptr;
  Policy out = *whole;
  for (PolicyRule& rule : out.rules) {
    Requirement trust;
    trust.roots = std::move(rule.require.roots);
    trust.pin = pin && rule.require.pin;
    trust.max_crl_age = rule.require.max_crl_age;
    rule.require = std::move(trust);
    rule.measurements = false;
  }
  return std::make_shared<const Policy>(std::move(out));
}

void fail_at(ErrorId id, const std::string& where, const std::string& message, const std::string& hint) {
  Error error(id, message, hint);
  error.device = where;
  throw error;
}

}  // namespace spdm::cmd
