// The one pipeline: open, confine, collect, validate, appraise, for any number of devices. It keeps the order. Before the process
// confines itself, names are resolved, sockets are made, and every live target is opened. After that devices are asked through
// these descriptors, and only recordings are still opened.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cmd/attest/evidence_files.h"
#include "cmd/attest/gather.h"
#include "cmd/host/parallel.h"
#include "cmd/host/privileges.h"

namespace spdm::cmd {

inline constexpr std::size_t kMaxDevicesAtOnce = 16;

// Receives, in words, what confinement is in force and what is missing. May be empty.
using TellConfinement = std::function<void(const Confinement&)>;

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
  std::size_t width = kMaxDevicesAtOnce;  // devices at once
};

// What came of one target.
struct Outcome {
  std::size_t index = 0;  // in Run::targets
  std::string target;
  std::optional<Evidence> evidence;  // of a run that appraises nothing
  std::optional<Report> report;      // of one that does
  std::optional<Error> unread;       // a recording that cannot be read, or what went wrong here with one device
  // Why `all` leaves this target out (is_left_out()); empty when it does not.
  std::string left_out;
};

// Opens the live targets, then gives up privileges.
void open_and_confine(Run& run);
// Collects from one target and appraises it, once all are open. Throws no Error: it is in the outcome.
Outcome attend(Run& run, std::size_t index);

// Runs the whole pipeline. `shape` turns an outcome into what the caller keeps of it; several threads call it. `take` receives the
// results on this thread, in the order of the targets.
template <class Shaped>
void attest(Run& run, const std::function<Shaped(Outcome)>& shape, const std::function<void(Shaped)>& take) {
  open_and_confine(run);
  in_order<Shaped>(
      run.targets.size(), run.width, [&](std::size_t i) { return shape(attend(run, i)); }, take);
}

// A stream of recordings, however many: each is read, appraised and reported, with bounded memory.
struct RecordedRun {
  EvidenceFiles& files;
  const Verifier& verifier;
  bool ordered = true;              // outcomes in the order of the input, else as they come
  std::function<void()> idle = {};  // called while there is nothing to take: output may be flushed
};
// Appraises one piece. Throws no Error: it is in the outcome.
Outcome appraise_piece(const Verifier& verifier, const EvidencePiece& piece);

// `shape` and `take` as above.
template <class Shaped>
void appraise_recordings(const RecordedRun& run, const std::function<Shaped(Outcome)>& shape, const std::function<void(Shaped)>& take) {
  // Bytes of evidence that are read and not yet reported. A run holds no more of its input than this and one piece.
  constexpr std::size_t kInFlight = 16U << 20;
  run_stream<EvidencePiece, Shaped>({
      .next = [&] { return run.files.next(); },
      .produce = [&](const EvidencePiece& piece) { return shape(appraise_piece(run.verifier, piece)); },
      .consume = take,
      .idle = run.idle,
      .workers = std::max(1U, std::thread::hardware_concurrency()),
      .ordered = run.ordered,
      .weight = [](const EvidencePiece& piece) { return piece.bytes.size(); },
      .budget = kInFlight,
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
