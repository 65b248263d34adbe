// The devices of a capture that have a log each, and are told apart by whoever adds them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/evidence/budget.h"
#include "core/evidence/capture_hold.h"
#include "core/evidence/load.h"
#include "core/evidence/mctp_packet.h"

namespace spdm {

// Who sent a message of a capture that carries no direction. Requests have bit 7 of their code set (DSP0274 table of codes). Secured
// messages show no code: there the sides alternate.
bool sent_by_requester(View message, bool secured, const MessageLog& before);

// RFC 3339; empty where nobody knows.
std::string time_of(const PacketPlace& place);

// The log of one device, within what one may have (budget.h) and what all of the capture may.
class CaptureLog {
 public:
  explicit CaptureLog(CaptureHold& hold) : held_(hold) {}

  const MessageLog& messages() const { return log_; }
  // Throws Error{bad_input} naming the packet where the message is too much.
  void add(Message message, const PacketPlace& place);
  void clear();
  MessageLog take();

 private:
  MessageLog log_;
  Intake intake_;
  HeldMemory held_;
};

class CaptureDevices {
 public:
  explicit CaptureDevices(CaptureHold& hold) : hold_(hold) {}

  bool is_full() const { return devices_.size() == kMaxDevicesOfDocument; }
  // The number of a new device. Throws Error{bad_input} beyond the limit of devices.
  std::size_t add(std::string label, Binding binding, const PacketPlace& first);
  // The device that has this label, a new one where none has.
  std::size_t find(const std::string& label, Binding binding, const PacketPlace& first);
  // It is this endpoint of MCTP.
  void set_endpoint(std::size_t device, std::uint8_t endpoint);
  // `from_requester`: nothing where the capture does not tell. A message that is too much is an error of the device.
  void hear(std::size_t device, std::optional<bool> from_requester, bool secured, View message, const PacketPlace& place);
  // The device cannot be read; what was heard of it is no use. The first error counts.
  void fail(std::size_t device, const Error& error);
  bool has_failed(std::size_t device) const { return devices_.at(device).part.error.has_value(); }

  // A device that is complete. It is forgotten. Nothing where it has said nothing.
  std::optional<EvidencePart> take(std::size_t device);
  // The others, in the order in which they were added.
  std::vector<EvidencePart> finish();

 private:
  struct Device {
    explicit Device(CaptureHold& hold) : log(hold) {}
    EvidencePart part;
    CaptureLog log;
  };

  CaptureHold& hold_;
  std::map<std::size_t, Device> devices_;
  std::size_t next_ = 0;
};

}  // namespace spdm
