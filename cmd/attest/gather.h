// One target's evidence: opened if it is not yet, asked, and what goes wrong kept. Used by the verbs and by the gate.
#pragma once

#include "cmd/attest/targets.h"
#include "cmd/attest/verifier.h"

namespace spdm::cmd {

// How long devices are asked.
struct Effort {
  Limits limits{};                                        // of one device
  Clock::time_point deadline = Clock::time_point::max();  // of all devices together
  // What is told of a device whose turn did not come until then; its target is left as it is.
  Interruption overdue{ErrorId::timeout, "was not reached within the time that all devices have together", ""};
  // How long a device that somebody else speaks with is asked again.
  Clock::duration patience = Clock::duration::zero();
};

// The head of evidence: the target, the time, and who collects. Nothing is in the log yet.
Evidence begin_evidence(const std::string& target);

// Fills the log, within the limits and the deadline. What goes wrong with a live target, from opening it on, is part of the
// evidence: the line goes on with what was seen. Throws Error for a recording that cannot be read.
// `verifier`: whose trust decides which slot is asked, and whose policy what is read; nullptr where nothing is appraised.
// `options`: how a target is opened that is not open yet.
Evidence gather(Target target, Wanted wanted, const Effort& effort, const Verifier* verifier, const transport::OpenOptions& options);

// A function that was only sought, and all that it has said is that its mailbox is for something else.
bool is_left_out(bool sought, const Evidence& evidence);

}  // namespace spdm::cmd
