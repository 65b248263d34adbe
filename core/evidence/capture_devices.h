// The devices of a capture that have a log each, and are told apart by whoever adds them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/evidence/budget.h"
#include "core/evidence/load.h"
#include "core/evidence/mctp_packet.h"

namespace spdm {

// Who sent a message of a capture that carries no direction. Requests have bit 7 of their code set (DSP0274 table of codes). Secured
// messages show no code: there the sides alternate.
bool sent_by_requester(View message, bool secured, const MessageLog& before);

// RFC 3339; empty where nobody knows.
std::string time_of(const PacketPlace& place);

class CaptureDevices {
 public:
  explicit CaptureDevices(Intake& intake) : intake_(intake) {}

  // The index of a new device. Throws Error{bad_input} beyond the limit of devices.
  std::size_t add(std::string label, Binding binding, const PacketPlace& first);
  // The device that has this label, a new one where none has.
  std::size_t find(const std::string& label, Binding binding, const PacketPlace& first);
  // It is this endpoint of MCTP.
  void set_endpoint(std::size_t device, std::uint8_t endpoint);
  // `from_requester`: nothing where the capture does not tell. Throws Error{bad_input} where all messages are too much.
  void hear(std::size_t device, std::optional<bool> from_requester, bool secured, View message, const PacketPlace& place);
  // The device cannot be read; what was heard of it is no use. The first error counts.
  void fail(std::size_t device, const Error& error);
  bool has_failed(std::size_t device) const { return parts_[device].error.has_value(); }

  // In the order in which they were added. A device that has said nothing is left out.
  std::vector<EvidencePart> finish();

 private:
  Intake& intake_;
  std::vector<EvidencePart> parts_;
};

}  // namespace spdm
