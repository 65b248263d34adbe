#include "cmd/attest/pipeline.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "cmd/attest/drive_scope.h"
#include "cmd/host/drive_broker.h"
#include "cmd/host/files.h"
#include "core/crypto/prepare.h"
#include "transport/pci/bus.h"

namespace spdm::cmd {

namespace {

// What is made of evidence takes no more than this for each of its bytes (core/evidence/budget.h), and what is small this much.
constexpr std::size_t kExpands = 16, kLeastWeight = std::size_t{64} << 10;

std::size_t weight_of(const Evidence& evidence) {
  std::size_t bytes = 0;
  for (const Message& message : evidence.log) bytes += message.bytes.size();
  return std::max(kLeastWeight, bytes * kExpands);
}

void confine(Needs needs, const TellConfinement& tell) {
  for (std::filesystem::path& file : needs.writable) file = written_at(file);
  crypto::prepare();
  const Confinement confinement = drop_privileges(needs);
  if (tell) tell(confinement);
}

}  // namespace

void open_and_confine(Run& run) {
  assert_distinct(run.writable);
  run.open.timeout = std::min<Clock::duration>(run.open.timeout, run.effort.limits.exchange);
  run.open.for_session = run.wanted.in_session;
  run.open.inspect = run.wanted.inspect;
  std::function<void(transport::OpenOptions&, const HostView&)> adapt;
  if (run.verifier != nullptr && run.verifier->policy() != nullptr && asks_for_sessions(*run.verifier->policy()))
    adapt = [&](transport::OpenOptions& options, const HostView& host) {
      options.for_session = options.for_session || run.verifier->asks_for_session(host);
      options.inspect = options.inspect || run.verifier->asks_for_inspection(host);
    };
  Needs needs{.writable = run.writable, .connects = connects(run.targets)};
  // Before there are threads, and before a byte of a device is read.
  if (!run.open.drives && may_need_drives(run.targets, run.open)) {
    DriveBroker broker = start_drive_broker({.root = run.open.host.root});
    run.open.drives = std::move(broker.opener);
    needs.broker_lacks = std::move(broker.missing);
  }
  open_targets(run.targets, run.open, adapt);
  needs.readable = recordings_of(run.targets);
  needs.sends_mctp = sends_mctp(run.targets);
  confine(std::move(needs), run.tell);
}

std::size_t width_of(const Run& run) {
  if (run.jobs > 0) return run.jobs;
  const std::size_t here = run.effort.deadline == Clock::time_point::max() ? kDevicesAtOnce : kMostAtOnce;
  std::set<std::string> servers;
  for (const Target& target : run.targets) {
    if (recording(target.name)) continue;
    if (!is_on_socket(target)) return here;
    servers.insert(target.name.substr(0, target.name.find('?')));
  }
  return std::clamp(servers.size() * kDevicesAtOnce, here, kSocketsAtOnce);
}

std::vector<std::size_t> turns(const std::vector<Target>& targets) {
  std::vector<std::size_t> out(targets.size());
  std::iota(out.begin(), out.end(), std::size_t{0});
  std::stable_partition(out.begin(), out.end(), [&](std::size_t i) { return targets[i].expected; });
  return out;
}

Outcome attend(Run& run, std::size_t index, const Turn& turn) {
  Outcome out{.index = index, .target = run.targets[index].name, .evidence = {}, .report = {}, .unread = {}, .left_out = {}};
  const bool sought = run.targets[index].sought, supposed = run.targets[index].supposed;
  try {
    Effort effort = run.effort;
    effort.deadline = turn.end;
    Wanted wanted = run.wanted;
    if (run.progress != nullptr) wanted.chain_read = [&](std::size_t more, std::size_t total) { run.progress->add_chain(more, total); };
    Evidence evidence = gather(std::move(run.targets[index]), std::move(wanted), effort, run.verifier, run.open);
    const bool asked = turn.begin < run.effort.deadline && !recording(out.target);
    const bool out_of_time = asked && evidence.error && evidence.error->id == ErrorId::timeout && Clock::now() >= turn.end;
    if (out_of_time) {
      evidence.error->message += used_up(turn);
      evidence.error->hint = effort.overdue.hint;
    }
    if (is_left_out(sought, evidence) || (supposed && !out_of_time && is_silent(evidence))) {
      out.left_out = evidence.error->message;
      return out;
    }
    if (run.seen) run.seen(index, evidence);
    out.weight = weight_of(evidence);
    if (run.verifier != nullptr)
      out.report = run.verifier->appraise(std::move(evidence), out.target);
    else
      out.evidence = std::move(evidence);
  } catch (Error& error) {  // an error of one target does not end the others
    if (error.device.empty()) error.device = out.target;
    out.unread = error;
  }
  return out;
}

Outcome appraise_piece(const Verifier& verifier, EvidencePiece piece, bool keeps_evidence) {
  Outcome out{.index = 0, .target = piece.name, .evidence = {}, .report = {}, .unread = {}, .left_out = {}};
  try {
    Evidence evidence = read_piece(piece);
    piece.bytes = {};  // the messages are in the evidence now
    if (keeps_evidence) verifier.add_chain(out.evidence.emplace(evidence));
    out.report = verifier.appraise(std::move(evidence), piece.name);
  } catch (Error& error) {  // an error of one piece does not end the others
    if (error.device.empty()) error.device = piece.name;
    out.unread = error;
  }
  return out;
}

void confine_to_files(Needs needs, const TellConfinement& tell) {
  assert_distinct(needs.writable);
  confine(std::move(needs), tell);
}

void confine_to_host(const transport::Host& host, HostUse use, Needs needs, const TellConfinement& tell) {
  transport::prepare_to_scan();
  for (const char* const place :
       {"sys/bus/pci", "sys/devices", "sys/class/tsm", "sys/kernel/security", "sys/power", "proc/cmdline", "proc/sys/kernel/osrelease"})
    needs.readable.push_back(host.root / place);
  needs.readable.push_back(host.run());
  // Its nvme and scsi_generic may not be there yet: their drivers make them.
  if (needs.broker_lacks) needs.readable.push_back(host.root / "sys/class");
  needs.opens_devices = true;
  if (use == HostUse::change) {
    // Made now: a right to a directory that is not there cannot be kept. Who may not make it will not write there either.
    std::error_code ignored;
    if (std::filesystem::create_directories(host.run(), ignored))
      std::filesystem::permissions(host.run(), std::filesystem::perms(0755), ignored);
    needs.folders.push_back(host.run());
    needs.writable.push_back(host.root / "dev/kmsg");
    for (const char* const place : {"sys/bus/pci", "sys/devices"}) needs.attributes.push_back(host.root / place);
  }
  confine(std::move(needs), tell);
}

}  // namespace spdm::cmd
