// Evidence that begins in the middle of a connection: what can be said of the connection all the same.
#pragma once

#include "core/evidence/evidence.h"
#include "core/protocol/connection.h"

namespace spdm {

// Whether the log has a message before any GET_VERSION.
bool begins_in_the_middle(const Evidence& evidence);

// The connection of such evidence, before its first message. The algorithms are those that the collector states, else those that the
// key of the leaf allows, the most usual first; without either they stay unknown, and no signature can be checked. Throws Error{peer}
// for a version that SPDM does not have.
Connection connection_in_the_middle(const Evidence& evidence);

}  // namespace spdm
