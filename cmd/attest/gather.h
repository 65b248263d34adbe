// Collects the evidence of one target: opens it if it is not open yet, asks it, and keeps what goes wrong. Used by the verbs and
// by the gate.
#pragma once

#include <memory>
#include <string>

#include "cmd/attest/targets.h"
#include "cmd/attest/verifier.h"

namespace spdm::cmd {

// How much time devices get.
struct Effort {
  Limits limits{};                                        // of one device; its total begins with opening and connecting
  Clock::time_point deadline = Clock::time_point::max();  // of all devices together
  // The error in the evidence of a device whose turn did not come by the deadline. The device is not asked.
  Interruption overdue{ErrorId::timeout, "was not reached within the time that all devices have together", ""};
  // How long to try again while somebody else uses the device (Error{busy}).
  Clock::duration patience = Clock::duration::zero();
};

// The head of evidence: the target, the time, and who collects. Nothing is in the log yet.
Evidence begin_evidence(const std::string& target);

// Collects within the limits and the deadline; a recording is read from its file. What goes wrong with a live target, from opening
// it on, is in Evidence::error, and what was seen until then is kept. Throws Error for a recording that cannot be read.
// `verifier`: its trust decides which slot is asked, its policy what is read; nullptr where nothing is appraised.
// `options`: how a target is opened that is not open yet.
Evidence gather(Target target, Wanted wanted, const Effort& effort, const Verifier* verifier, const transport::OpenOptions& options);

// The way to a device that was attested before, for a session with it: a device that has an owner by now is refused. Others may use the
// device once the link is gone. Throws as transport::open().
std::unique_ptr<Link> open_again(const std::string& device, Clock::duration timeout, const transport::Host& host);

// Whether `all` leaves the target out: it was only sought (Target::sought), and its mailbox carries no CMA-SPDM, or the drive lists no
// SPDM, or is in standby.
bool is_left_out(bool sought, const Evidence& evidence);
// Whether nothing ever came of it.
bool is_silent(const Evidence& evidence);

}  // namespace spdm::cmd
