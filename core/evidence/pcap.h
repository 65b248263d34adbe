// Captures in the classic pcap format with the link types of the SPDM bindings: 291 (MCTP) and 292 (PCI DOE).
#pragma once

#include <string_view>
#include <vector>

#include "core/evidence/evidence.h"

namespace spdm {

// Reads a whole capture: MCTP type 5 and 6, DOE types 1 and 2; DOE discovery and other traffic is left out.
// Both byte orders and both time stamp resolutions of the format are understood. Several connections in one capture
// stay in one log. A capture without any SPDM message is refused. Throws Error{bad_input} naming `what`, the packet
// number and its offset.
Evidence read_pcap(View file, std::string_view what);

// The log as a pcap that Wireshark and spdm-dump read: link type 292 for Binding::doe, 291 for every other binding.
// Messages of which only the plain text is known, because the collector opened them itself (Message::inside), are left out: they
// were not on the link as they are. Requests and responses alternate; times are not recorded (zero), as evidence holds none per message.
Bytes write_pcap(const Evidence& evidence);

// Whether the bytes begin like a pcap file (or like pcapng, which read_pcap() refuses with advice).
bool looks_like_pcap(View file);

}  // namespace spdm
