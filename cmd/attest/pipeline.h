// The one pipeline: open, confine, collect, validate, appraise, for any number of devices at once. It holds the order: all
// that is live is opened, names are resolved and sockets are made before the process confines itself; after that devices are
// spoken with through descriptors that are there, and only recordings are still opened.
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

// Hears in words what confinement is in force, and what could not be had. May be empty.
using TellConfinement = std::function<void(const Confinement&)>;

struct Run {
  std::vector<Target> targets;
  Wanted wanted;
  Effort effort;
  transport::OpenOptions open;
  // nullptr: evidence is collected, and nothing is appraised.
  const Verifier* verifier = nullptr;
  // Sees all evidence before it is appraised; may be empty. Called by several threads.
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
  // It was only sought, and its mailbox is for something else, as these words say.
  std::string left_out;
};

// Opens what is live, and gives up privileges.
void open_and_confine(Run& run);
// The line of one target, once all are open.
Outcome attend(Run& run, std::size_t index);

// Runs the whole line. `shape` makes of an outcome what is kept of it, on several threads; `take` gets that in the order of
// the targets, on this thread.
template <class Shaped>
void attest(Run& run, const std::function<Shaped(Outcome)>& shape, const std::function<void(Shaped)>& take) {
  open_and_confine(run);
  in_order<Shaped>(
      run.targets.size(), run.width, [&](std::size_t i) { return shape(attend(run, i)); }, take);
}

// Recordings by the thousand: read, appraised and told of in a stream, with bounded memory.
struct RecordedRun {
  EvidenceFiles& files;
  const Verifier& verifier;
  bool ordered = true;              // outcomes in the order of the input, else as they come
  std::function<void()> idle = {};  // called when there is nothing to take just now: what was taken may go out
};
Outcome appraise_piece(const Verifier& verifier, const EvidencePiece& piece);

// `shape` and `take` as above.
template <class Shaped>
void appraise_recordings(const RecordedRun& run, const std::function<Shaped(Outcome)>& shape, const std::function<void(Shaped)>& take) {
  // Bytes of evidence that is read and not yet told of: all that a run holds of its input, but for one piece more.
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

// Privileges for verbs that only work on files: everything that they read is named, and only `writable` is written.
void confine_to_files(std::vector<std::filesystem::path> writable, const TellConfinement& tell, bool makes_directories = false);

}  // namespace spdm::cmd
