// The one pipeline: open, confine, collect, validate, appraise, for any number of devices. It keeps the order. Before the process
// confines itself, names are resolved, sockets are made, and every live target is opened. After that devices are asked through
// these descriptors, and only recordings are still opened.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cmd/attest/evidence_files.h"
#include "cmd/attest/gather.h"
#include "cmd/attest/time_shares.h"
#include "cmd/host/parallel.h"
#include "cmd/host/privileges.h"
#include "cmd/host/progress.h"

namespace spdm::cmd {

// Devices at once where nobody says how many. Those of this host take turns at its buses and its processors, and those behind one address
// and port at that server; servers are machines of their own, and mostly waited for.
inline constexpr std::size_t kDevicesAtOnce = 16, kSocketsAtOnce = 256;
// Results that wait for a slower target before them, by what they weigh (Outcome::weight). No device is begun beyond it.
inline constexpr std::size_t kMaxWaiting = 268'435'456;

// Receives, in words, what confinement is in force and what is missing. May be empty.
using TellConfinement = std::function<void(const Confinement&)>;

struct Outcome;

struct Run {
  std::vector<Target> targets;
  Wanted wanted;
  Effort effort;
  transport::OpenOptions open;
  // nullptr: evidence is collected, and nothing is appraised.
  const Verifier* verifier = nullptr;
  // Receives all evidence before it is appraised; may be empty. `target` is an index in `targets`. Called by several threads.
  std::function<void(std::size_t target, const Evidence&)> seen = nullptr;
  // Files, and folders, that are still to be written.
  std::vector<std::filesystem::path> writable{};
  TellConfinement tell = nullptr;
  // Receives, in its turn, what came of a target that `all` leaves out (Outcome::left_out). May be empty.
  std::function<void(const Outcome&)> left_out = nullptr;
  // Called on the thread of the caller before it waits: output may be flushed. May be empty.
  std::function<void()> idle = nullptr;
  bool may_be_empty = false;     // that nothing is left to attest is no error
  std::size_t jobs = 0;          // devices at once; 0: as their kinds allow (width_of())
  Progress* progress = nullptr;  // who is told how far the run is
};

// What came of one target.
struct Outcome {
  std::size_t index = 0;  // in Run::targets
  std::string target;
  std::optional<Evidence> evidence;  // of a run that appraises nothing, or keeps it beside the report
  std::optional<Report> report;      // of one that does
  std::optional<Error> unread;       // a recording that cannot be read, or what went wrong here with one device
  // Why `all` leaves this target out (is_left_out()); empty when it does not.
  std::string left_out;
  // Bytes of memory that it, and what is made of it, are reckoned to take: in proportion to what the device has sent.
  std::size_t weight = 0;
};

// Devices that the run asks at once: Run::jobs, or by kind. Those that share a time limit are all asked early.
std::size_t width_of(const Run& run);

// Opens the live targets, then gives up privileges.
void open_and_confine(Run& run);
// Collects from one target and appraises it, once all are open, within its turn. Throws no Error: it is in the outcome.
Outcome attend(Run& run, std::size_t index, const Turn& turn);
inline Outcome attend(Run& run, std::size_t index) { return attend(run, index, {Clock::now(), run.effort.deadline}); }
// Indices of the targets in the order in which they are asked: those that are expected first.
std::vector<std::size_t> turns(const std::vector<Target>& targets);

// As attest() below, for targets that are open. One that is slow holds up nobody but itself: the results behind it wait. Where all share a
// time limit, each gets its share, and those that are expected are asked first.
template <class Shaped>
void attest_open(Run& run, const std::function<Shaped(Outcome)>& shape, const std::function<void(Shaped)>& take) {
  struct Done {
    std::size_t index, weight;
    Shaped shaped;
  };
  const bool timed = run.effort.deadline != Clock::time_point::max();
  const std::vector<std::size_t> order = turns(run.targets);
  const std::size_t workers = std::min(width_of(run), std::max<std::size_t>(order.size(), 1));
  TimeShares shares(run.effort.deadline, order.size(), workers);
  std::mutex mutex;  // of the shares
  std::size_t next = 0, taken = 0;
  std::map<std::size_t, Shaped> waiting;
  run_stream<std::size_t, Done>({
      .next = [&]() -> std::optional<std::size_t> {
        if (next == order.size()) return std::nullopt;
        const std::size_t i = next++;
        return timed ? order[i] : i;
      },
      .produce =
          [&](std::size_t i) {
            std::unique_lock lock(mutex);
            const Turn turn = shares.begin(Clock::now());
            lock.unlock();
            Outcome outcome = attend(run, i, turn);
            const std::size_t weight = outcome.weight;
            Done out{i, weight, shape(std::move(outcome))};
            lock.lock();
            shares.end();
            return out;
          },
      .consume =
          [&](Done done) {
            waiting.emplace(done.index, std::move(done.shaped));
            for (; !waiting.empty() && waiting.begin()->first == taken; ++taken) take(std::move(waiting.extract(waiting.begin()).mapped()));
          },
      .idle = run.idle,
      .workers = workers,
      .ordered = !timed,  // what is asked out of turn must not wait for what is asked later
      .result_weight = [](const Done& done) { return done.weight; },
      .budget = kMaxWaiting,
      .window = order.size(),
  });
}

// Runs the whole pipeline. `shape` turns an outcome into what the caller keeps of it; several threads call it. `take` receives the
// results on this thread, in the order of the targets. What `all` leaves out goes to Run::left_out in their place. Throws
// Error{no_device} when nothing is left, unless Run::may_be_empty.
template <class Shaped>
void attest(Run& run, const std::function<Shaped(Outcome)>& shape, const std::function<void(Shaped)>& take) {
  struct Came {
    std::optional<Shaped> shaped;
    Outcome left_out;
  };
  open_and_confine(run);
  std::size_t count = 0;
  const ProgressOfWork work(run.progress, "device", "devices", run.targets.size());
  const std::function<Came(Outcome)> sort_out = [&](Outcome outcome) {
    work.add(1);
    if (!outcome.left_out.empty()) return Came{std::nullopt, std::move(outcome)};
    return Came{shape(std::move(outcome)), {}};
  };
  const std::function<void(Came)> hand_on = [&](Came came) {
    if (came.shaped) ++count;
    if (came.shaped)
      take(*std::move(came.shaped));
    else if (run.left_out)
      run.left_out(came.left_out);
  };
  attest_open<Came>(run, sort_out, hand_on);
  if (count == 0 && !run.may_be_empty) fail_for_want_of_devices(run.open.via);
}

// A stream of recordings, however many: each is read, appraised and reported, with bounded memory.
struct RecordedRun {
  EvidenceFiles& files;
  const Verifier& verifier;
  bool ordered = true;              // outcomes in the order of the input, else as they come
  std::function<void()> idle = {};  // called while there is nothing to take: output may be flushed
  bool keeps_evidence = false;      // outcomes have the evidence, too
  Progress* progress = nullptr;     // who is told how far the run is
  std::uintmax_t total = 0;         // bytes of all files; 0: not known
};
// Appraises one piece. Throws no Error: it is in the outcome.
Outcome appraise_piece(const Verifier& verifier, EvidencePiece piece, bool keeps_evidence = false);

// `shape` and `take` as above.
template <class Shaped>
void appraise_recordings(const RecordedRun& run, const std::function<Shaped(Outcome)>& shape, const std::function<void(Shaped)>& take) {
  // Bytes of evidence that are read and not yet reported. A run holds no more of its input than this and one piece: pieces that are
  // large are looked at one by one.
  constexpr std::size_t kInFlight = 2U << 20;
  const std::size_t workers = std::max(1U, std::thread::hardware_concurrency());
  const ProgressOfWork work(run.progress, "recording", "recordings", 0, run.total);
  run_stream<EvidencePiece, Shaped>({
      .next = [&] { return run.files.next(); },
      .produce =
          [&](EvidencePiece piece) {
            const std::size_t size = piece.size();
            Shaped out = shape(appraise_piece(run.verifier, std::move(piece), run.keeps_evidence));
            work.add(1, size);
            return out;
          },
      .consume = take,
      .idle = run.idle,
      .workers = workers,
      .ordered = run.ordered,
      .weight = [](const EvidencePiece& piece) { return piece.size(); },
      .budget = kInFlight,
      .window = 16 * workers,
      .batch = 4 * workers,
  });
}

// Confines a verb that only works on files. `needs.writable` has the files by their names.
void confine_to_files(Needs needs, const TellConfinement& tell);

// Confines a verb that works on the PCI devices of a host, those that come later included. One that looks reads what the kernel
// and /run/spdmctl tell of devices, and opens configuration space. One that changes also writes to attributes of devices and drivers
// and to /dev/kmsg, and keeps states and locks in /run/spdmctl. `needs` has what it does besides.
enum class HostUse { look, change };
void confine_to_host(const transport::Host& host, HostUse use, Needs needs, const TellConfinement& tell);

}  // namespace spdm::cmd
