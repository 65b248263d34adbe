// The device that a sub-command of keyring speaks about: attested, or judged from what was recorded.
#include "cmd/host/files.h"
#include "cmd/host/privileges.h"
#include "cmd/host/this_host.h"
#include "cmd/keyring.h"
#include "core/text.h"

namespace spdm::cmd {

Report judge_one(const KeyringOptions& options, Console& console, bool challenge, const std::vector<std::filesystem::path>& writable) {
  if (options.arguments.size() != 1)
    throw Error(ErrorId::usage, "one device must be named", "give a target, such as 03:00.0, or a recording, such as file:device.json");
  Subjects found = subjects_of(options.arguments, this_host());
  if (found.list.size() != 1)
    fail_at(ErrorId::usage, options.arguments.front(), cat("stands for ", found.list.size(), " devices"), "name one of them");
  const Limits limits = limits_of(options.protocol);
  Wanted wanted = wanted_of(options.protocol, options.trust);
  wanted.challenge = challenge;
  Question question = question_of(options.trust);
  question.authenticate = challenge;
  const Judge judge = make_judge(options.trust, question, console);
  open_devices(found.list, {.timeout = limits.exchange, .host = this_host(), .force = options.protocol.force});
  confine(console, {.writable = writable, .reads_named_files = reads_files(found.list)});
  const std::string target = found.list.front().target;
  try {
    return judge.judge(gather(std::move(found.list.front()), wanted, limits, &judge), target);
  } catch (Error& error) {
    if (error.device.empty()) error.device = target;
    throw;
  }
}

const ChainResult& main_chain(const Report& report) {
  if (const SlotReport* slot = main_slot(report)) return *slot->chain;
  fail_at(report.error ? report.error->id : ErrorId::no_spdm, report.source,
          report.error ? report.error->message : "no certificate chain was read",
          report.error ? report.error->hint : "see what is there with: spdmctl info");
}

void fail_at(ErrorId id, const std::string& where, const std::string& message, const std::string& hint) {
  Error error(id, message, hint);
  error.device = where;
  throw error;
}

}  // namespace spdm::cmd
