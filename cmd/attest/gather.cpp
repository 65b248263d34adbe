#include "cmd/attest/gather.h"

#include <ctime>
#include <optional>
#include <thread>
#include <utility>

#include "cmd/attest/evidence_files.h"
#include "cmd/attest/name_target.h"
#include "cmd/host/secret_file.h"
#include "cmd/host/stop_signal.h"
#include "cmd/host/this_host.h"
#include "core/calendar.h"
#include "transport/target.h"

namespace spdm::cmd {

namespace {

constexpr std::chrono::milliseconds kBusyRetry{50};

// What is left of the limits until `end`.
Limits limits_until(Clock::time_point end, Limits limits) {
  limits.is_stopped = stop_is_asked;
  limits.total = std::max(end - Clock::now(), Clock::duration::zero());
  limits.exchange = std::min(limits.exchange, limits.total);
  return limits;
}

// Opens the target and asks it, once. Throws Error; what was seen until then is in the evidence.
void ask(Target& target, const Wanted& wanted, const Effort& effort, transport::OpenOptions options, Evidence& evidence) {
  if (target.failure) throw Error(*target.failure);
  // Opening, connecting and asking share the time of the device: what one has used up, the next does not have.
  const Clock::time_point begin = Clock::now();  // the gate gives no total of its own: no sum of it and a time has room
  const Clock::time_point end = effort.limits.total < effort.deadline - begin ? begin + effort.limits.total : effort.deadline;
  const auto left = [&] { return limits_until(end, effort.limits); };
  if (!target.opened) {
    options.timeout = std::min<Clock::duration>(options.timeout, left().exchange);
    options.for_session = wanted.in_session;
    options.inspect = wanted.inspect;
    target.opened = transport::open(target.name, options);
    evidence.host = target.opened->host;
  }
  // A rule may go by what is seen of a device only once it is awake. What an owner protects was not looked at then.
  if (wanted.in_session && !target.opened->for_session)
    throw Error(ErrorId::config, "a rule requires a session, but whether it applies was not known before the device was opened",
                "request the session with --in-session");
  // Connects before anything is in the log: the log must not have a request that could not be sent.
  target.opened->link->connect(Clock::now() + left().exchange);
  target.opened->link->describe(evidence.host);
  collect(*target.opened->link, wanted, left(), evidence);
}

}  // namespace

Evidence begin_evidence(const std::string& target) {
  Evidence out;
  out.host.target = target;
  out.time = utc_of(std::time(nullptr));
  out.collector = "spdmctl " SPDMCTL_VERSION;
  return out;
}

Evidence gather(Target target, Wanted wanted, const Effort& effort, const Verifier* verifier, const transport::OpenOptions& options) {
  const Clock::time_point begin = Clock::now();
  const bool overdue = begin >= effort.deadline;
  const std::optional<std::filesystem::path> file = recording(target.name);
  if (file && !overdue) return read_recording(*file);
  Evidence evidence = begin_evidence(target.name);
  evidence.live = !file;
  if (!target.host.target.empty()) evidence.host = target.host;
  if (overdue) {
    evidence.error = effort.overdue;
    evidence.host.hostname = host_name();
    return evidence;
  }
  if (verifier != nullptr) {
    verifier->adapt(wanted, evidence.host);
    if (wanted.slot == kProvisionedKey) evidence.provisioned_key = verifier->owner_key();
    if (!wanted.slot && !wanted.all_slots)
      wanted.trusts = [&](const Connection& connection, std::uint8_t slot) { return verifier->trusts(connection, slot, evidence.host); };
  }
  // What ends the program ends the session first, and its keys are in no core dump.
  std::optional<Unfinished> unfinished;
  if (wanted.in_session) {
    unfinished.emplace();
    forbid_core_dumps();
  }
  // Somebody else may be using the mailbox just now. That ends soon, and must not cost the device its driver.
  const Clock::time_point patience = std::min(effort.deadline, begin + effort.patience);
  for (;;) try {
      ask(target, wanted, effort, options, evidence);
      break;
    } catch (const Error& error) {
      const bool again = error.id == ErrorId::busy && evidence.log.empty() && Clock::now() + kBusyRetry < patience;
      if (!again) {
        evidence.error = interruption_of(error);
        evidence.error->hint = name_target(std::move(evidence.error->hint), target.name, evidence.live);
        break;
      }
      target.opened.reset();
      target.failure.reset();
      std::this_thread::sleep_for(kBusyRetry);
    }
  evidence.host.hostname = host_name();
  return evidence;
}

std::unique_ptr<Link> open_again(const std::string& device, Clock::duration timeout, const transport::Host& host) {
  return std::move(transport::open(device, {.timeout = timeout, .host = host, .force = false, .for_session = true}).link);
}

bool is_left_out(bool sought, const Evidence& evidence) {
  if (!sought || !evidence.log.empty() || !evidence.error) return false;
  return evidence.error->id == ErrorId::no_spdm || evidence.error->id == ErrorId::unsupported;
}

bool is_silent(const Evidence& evidence) { return evidence.log.empty() && evidence.error && evidence.error->id == ErrorId::timeout; }

}  // namespace spdm::cmd
