// Sessions as people read them.
#pragma once

#include <string>

#include "core/appraisal/report.h"

namespace spdm::cmd {

// "0xffff0001 by key exchange, slot 0, ML-KEM-1024, AES-256-GCM, secured messages 1.1; 3 requests inside"
std::string session_text(const SessionReport& session);

// What sessions the device can open: "by key exchange, by PSK; encrypted or MAC only, heartbeat"; "none".
std::string session_abilities(const Parameters& parameters);

}  // namespace spdm::cmd
