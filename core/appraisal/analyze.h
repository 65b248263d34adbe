// Reads evidence once, from front to back: finds its connections, and what in the log breaks the protocol.
#pragma once

#include <set>

#include "core/evidence/evidence.h"
#include "core/finding.h"
#include "core/protocol/connection.h"
#include "core/tolerance.h"

namespace spdm {

struct Analysis {
  // One per GET_VERSION that was answered, in the order of the log.
  std::vector<Connection> connections;
  std::vector<Finding> findings;  // Check::protocol
  std::size_t secured_messages = 0;
  // Of sessions that were opened with secrets of their owner (core/session/opened_evidence.h); whoever has opened them sets both.
  std::vector<Finding> session_findings;  // Check::signature
  std::set<std::size_t> proven_sessions;  // index in the log of the request that opened each
};

// Never throws on what a device sent: a broken message ends its connection and becomes a finding. With a tolerance, rules that it
// has are findings, too, and the connection goes on.
Analysis analyze(const Evidence& evidence, const Tolerance& tolerance = {});

}  // namespace spdm
