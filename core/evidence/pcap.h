// Captures: MCTP as Linux captures it, the link types of the SPDM bindings, SPDM over TCP, and what Wireshark exports.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence/evidence.h"
#include "core/evidence/load.h"
#include "core/file_kinds.h"
#include "core/recognize.h"

namespace spdm {

// Reads a whole capture, classic pcap or pcapng (capture_frames.h): MCTP type 5 and 6, DOE types 1 and 2, DSP0287, the frames of the DMTF
// emulator; DOE discovery and other traffic is left out. Link types:
// - 113 and 276 (LINUX_SLL, LINUX_SLL2): what "tcpdump -i mctpi2c1" writes, and "-i any". Of protocol 0x00FA a packet whose MCTP version is
//   not 1 is left out, as Linux drops it. What Linux sends to itself by way of lo passes no interface: no capture has it. IP as below.
// - 291 (MCTP): packets without anything in front. The version is not looked at.
// - 292 (PCI DOE): one device.
// - 1 (Ethernet), 101, 228, 229 (IP), 0, 108 (loopback): TCP (capture_sockets.h). Each connection is a device, whose label is
//   "[127.0.0.1:2323 from :41234]".
// - 252 (exported PDU): messages for the dissectors of capture_writer.h. Each of them is a device, and each endpoint of MCTP where ports
// tell it. In pcapng, other link types are left out where there are some that are read, and each interface has devices of its own; those
// that are spoken with over TCP have connections.
//
// Messages are put together from packets (mctp_messages.h). Each pair of MCTP endpoints that speaks SPDM is a device, where the capture
// has interfaces (276, pcapng) each pair of each interface; the requester is the one that owns the tag. HostView::mctp is the responder.
// Its label is "[mctp 9]", with ", requester 8" or ", interface 3" where the endpoint alone does not tell devices apart. Where both
// endpoints are null, all is of one device, and codes tell who has asked.
//
// Packets of a bridge, or of a host with both ends of a cable, are captured twice: as they come in, and as they go out. Without interfaces
// (113) the one that comes in is left out; with interfaces (276) there are two devices, each complete; one of them is enough
// where the requester has sent a nonce, which no two conversations share. What comes in under the name of
// an endpoint whose packets go out by the same interface is left out, too: a device cannot put its words before those of the host. What
// cannot be told apart: endpoints of the same number in two networks, where the capture has no interfaces.
//
// Several connections of one device stay in one log. A packet that is missing or wrong is an error of its device; where there is no other
// device, it is thrown. A capture without any SPDM message is refused. Throws Error{bad_input} naming `what`, the packet number and its
// offset.
std::vector<EvidencePart> read_pcap(View file, std::string_view what);

// The same piece by piece, with bounded memory (capture_hold.h, budget.h) whatever the size of the capture. One that is not larger than
// `most_whole` is read to its end first, and its devices come as above. Of a larger one a connection comes as soon as it has ended, and
// all that did not end come last; a device that is the only one has its label, too, and its error is its own. Where the capture cannot be
// read on, next() throws once, and there is nothing behind.
class CaptureParts {
 public:
  // Throws Error{bad_input} naming `what`.
  CaptureParts(Pieces pieces, std::string what, std::size_t most_whole = limit_of(FileKind::evidence));
  CaptureParts(CaptureParts&&) noexcept;
  CaptureParts& operator=(CaptureParts&&) noexcept;
  ~CaptureParts();

  // Whether the capture was read to its end, so that all of its devices are known. Throws Error{bad_input}.
  bool is_whole();
  // The next device; nothing at the end. Throws Error{bad_input}.
  std::optional<EvidencePart> next();

 private:
  class Reader;
  std::unique_ptr<Reader> reader_;
};

// Whether the bytes begin like a pcap or a pcapng file.
bool looks_like_pcap(View file);

}  // namespace spdm
