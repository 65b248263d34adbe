// Captures in the classic pcap format: MCTP as Linux captures it, and the link types of the SPDM bindings.
#pragma once

#include <string_view>
#include <vector>

#include "core/evidence/evidence.h"
#include "core/evidence/load.h"

namespace spdm {

// Reads a whole capture: MCTP type 5 and 6, DOE types 1 and 2; DOE discovery and other traffic is left out. Link types:
// - 113 and 276 (LINUX_SLL, LINUX_SLL2): what "tcpdump -i mctpi2c1" writes, and "-i any". Only protocol 0x00FA is read. A packet whose
//   MCTP version is not 1 is left out, as Linux drops it. What Linux sends to itself by way of lo passes no interface: no capture has it.
// - 291 (MCTP): packets without anything in front. The version is not looked at.
// - 292 (PCI DOE): one device.
// Both byte orders and both time stamp resolutions of the format are understood.
//
// Messages are put together from packets (mctp_messages.h). Each pair of MCTP endpoints that speaks SPDM is a device, where the capture
// has interfaces (276) each pair of each interface; the requester is the one that owns the tag. HostView::mctp is the responder. Its label
// is "[mctp 9]", with ", requester 8" or ", interface 3" where the endpoint alone does not tell devices apart. Where both endpoints are
// null, all is of one device, and codes tell who has asked.
//
// Packets of a bridge, or of a host with both ends of a cable, are captured twice: as they come in, and as they go out. Without interfaces
// (113) the one that comes in is left out; with interfaces (276) there are two devices, each complete. What comes in under the name of
// an endpoint whose packets go out by the same interface is left out, too: a device cannot put its words before those of the host. What
// cannot be told apart: endpoints of the same number in two networks, where the capture has no interfaces.
//
// Several connections of one device stay in one log. A packet that is missing or wrong is an error of its device; where there is no other
// device, it is thrown. A capture without any SPDM message is refused. Throws Error{bad_input} naming `what`, the packet number and its
// offset.
std::vector<EvidencePart> read_pcap(View file, std::string_view what);

// Whether the bytes begin like a pcap file (or like pcapng, which read_pcap() refuses with advice).
bool looks_like_pcap(View file);

}  // namespace spdm
