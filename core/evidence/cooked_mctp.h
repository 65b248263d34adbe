// Packets of MCTP as Linux captured them: those that were captured twice are taken once.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "core/evidence/capture_hold.h"
#include "core/evidence/mctp_capture.h"

namespace spdm {

inline constexpr std::size_t kMaxMctpWays = 16'384;  // from one endpoint to another by an interface, in one capture

// Where a host forwards packets, or has both ends of a cable, each packet is captured twice: as it comes in, and as it goes out. Those that
// go out are taken, whichever comes first: what a host sends itself does not come in, so whatever does in its name is a copy, or false.
// Packets wait until all ways are known on which packets go out: to the end of the capture, or until there are too many.
class CookedMctp {
 public:
  CookedMctp(MctpCapture& mctp, CaptureHold& hold) : mctp_(mctp), held_(hold) {}

  void add(const MctpPacket& packet, bool is_outgoing);
  // Nothing waits from here on. On a way where packets have come in, none may go out later: that is an error of the device.
  void decide();

 private:
  // From which endpoint to which, and by which interface, where the capture has them.
  using Way = std::tuple<std::uint8_t, std::uint8_t, std::optional<std::uint32_t>>;
  struct Waiting {
    MctpPacket packet;
    bool is_outgoing = false;
    Bytes payload;
  };
  static Way way_of(const MctpPacket& packet) { return {packet.source, packet.destination, packet.interface}; }
  void pass_on(const MctpPacket& packet, bool is_outgoing);

  MctpCapture& mctp_;
  HeldMemory held_;
  std::set<Way> ways_out_, ways_in_;  // on which packets go out, and on which they came in and were taken
  std::vector<Waiting> waiting_;
  bool decided_ = false;
};

}  // namespace spdm
