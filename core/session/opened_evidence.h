// Evidence whose sessions are opened with the secrets that their owner has kept: what was exchanged in them is then no claim of the
// collector any more.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "core/evidence/evidence.h"
#include "core/finding.h"
#include "core/session/secrets.h"
#include "core/tolerance.h"

namespace spdm {

struct OpenedSessions {
  std::vector<Finding> findings;  // session_contradicted
  std::set<std::size_t> proven;   // RecordedSessions::proven()
};

// Opens the records of the evidence. Where nobody tells what is in them, their plain text takes their place in the log.
OpenedSessions open_sessions(Evidence& evidence, std::span<const SessionSecret> secrets, const Tolerance& tolerance);

}  // namespace spdm
