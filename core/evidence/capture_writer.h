// The log of messages as a capture that Wireshark opens: exported PDUs (link type 252), each of which names its dissector.
#pragma once

#include "core/evidence/evidence.h"

namespace spdm {

// The dissectors of dist/wireshark/spdm.lua, by the binding that messages were exchanged over:
// - doe: "spdm_doe", a data object of PCI DOE;
// - mctp: "spdm_mctp", a message of MCTP from its type on (5, or 6 where it is secured);
// - tcp: "spdm_tcp", a message with the header of DSP0287;
// - none, storage: "spdm", the message alone, and "spdm_secured" where it is secured: nothing in it would tell.
// The direction says who sent it. Where the endpoint of the device is known, ports of MCTP are the endpoints; the collector does not
// know its own, and is 8, or 9 where the device is 8.
//
// Times are Message::time in nanoseconds, and zero where nobody has kept them. Messages of which only the plain text is known, because
// the collector opened them itself (Message::inside), are left out: they were not on the link as they are. Throws Error{bad_input} when
// a message is larger than its binding carries.

// In the classic format.
Bytes write_pcap(const Evidence& evidence);
// In pcapng, with the collector and the name of the target.
Bytes write_pcapng(const Evidence& evidence);

}  // namespace spdm
