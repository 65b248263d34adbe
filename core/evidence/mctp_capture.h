// The devices of a capture of MCTP: each pair of endpoints that speaks SPDM has a log of its own.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "core/evidence/budget.h"
#include "core/evidence/load.h"
#include "core/evidence/mctp_messages.h"

namespace spdm {

class MctpCapture {
 public:
  // Counts what all devices of the capture have together: they are in memory at the same time.
  explicit MctpCapture(Intake& intake) : intake_(intake) {}

  // What is wrong with a packet is an error of its device alone: no device can keep others from being judged. Throws Error{bad_input}
  // where the capture as a whole is too much.
  void add(const MctpPacket& packet);
  // The devices in the order in which they were first asked. A message that has not ended is an error of its device.
  std::vector<EvidencePart> finish();

 private:
  struct Device {
    MctpPair pair;
    Evidence evidence;
    std::optional<Error> error;
  };
  Device& device(const MctpPair& pair, const PacketPlace& place);
  void fail(const MctpPair& pair, const PacketPlace& place, const Error& error);
  std::string label(const MctpPair& pair) const;

  MctpMessages messages_;
  std::vector<Device> devices_;
  std::map<MctpPair, std::size_t> places_;  // in devices_
  Intake& intake_;
};

}  // namespace spdm
