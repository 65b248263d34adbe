// PCI encryption of an emulated device: IDE_KM and TDISP, as far as its profile has them.
#pragma once

#include "core/responder/tdisp_device.h"
#include "core/wire/pci_vendor.h"

namespace spdm {

class PciDevice {
 public:
  PciDevice(const std::optional<DeviceIde>& ide, const std::optional<DeviceTdisp>& tdisp);
  PciDevice(const PciDevice&) = delete;
  PciDevice& operator=(const PciDevice&) = delete;

  bool has(PciProtocol protocol) const { return protocol == PciProtocol::ide_km ? ide_.has_value() : tdisp_.has_value(); }
  // Answers one message of a protocol that it has, in at most so many bytes. Throws Error{peer} for what gets no answer.
  Bytes answer(PciProtocol protocol, View message, std::uint32_t session, std::size_t room);
  // The session is gone.
  void end(std::uint32_t session);

  const IdeDevice& ide() const { return *ide_; }

 private:
  std::optional<IdeDevice> ide_;
  std::optional<TdispDevice> tdisp_;
};

}  // namespace spdm
