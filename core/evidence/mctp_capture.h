// The devices of a capture of MCTP: each pair of endpoints that speaks SPDM has a log of its own.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/evidence/capture_devices.h"
#include "core/evidence/capture_hold.h"
#include "core/evidence/load.h"
#include "core/evidence/mctp_messages.h"

namespace spdm {

class MctpCapture {
 public:
  explicit MctpCapture(CaptureHold& hold) : hold_(hold), open_(hold) {}

  // What is wrong with a packet, and messages that are too much, are an error of its device alone: no device can keep others from being
  // judged. Throws Error{bad_input} where there are too many devices.
  void add(const MctpPacket& packet);
  // The device of this packet cannot be read. The first error counts.
  void fail(const MctpPacket& packet, const Error& error) { fail(pair_of(packet), packet.place, error); }
  // The devices in the order in which they were first asked. A message that has not ended is an error of its device.
  std::vector<EvidencePart> finish();

 private:
  struct Device {
    explicit Device(CaptureHold& hold) : log(hold) {}
    MctpPair pair;
    CaptureLog log;
    Evidence evidence;
    std::optional<Error> error;
  };
  Device& device(const MctpPair& pair, const PacketPlace& place);
  void hear(const MctpPair& pair, MctpMessage message, const MctpPacket& packet);
  void fail(const MctpPair& pair, const PacketPlace& place, const Error& error);
  std::string label(const MctpPair& pair) const;

  MctpMessages messages_;
  std::vector<Device> devices_;
  std::map<MctpPair, std::size_t> places_;  // in devices_
  CaptureHold& hold_;
  HeldMemory open_;  // of messages_
};

}  // namespace spdm
