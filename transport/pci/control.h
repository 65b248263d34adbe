// Controls PCI functions through the kernel's files: holds drivers back, lets them bind, unbinds them, stops bus
// mastering, removes functions, powers slots off.
#pragma once

#include <functional>
#include <set>

#include "core/descriptor.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"

namespace spdm::transport {

class PciControl {
 public:
  // Called after each change with file and value. Tests use it to play the kernel's part, and to end the program there.
  using Changed = std::function<void(const std::filesystem::path& file, std::string_view value)>;

  explicit PciControl(Host host, Changed changed = {}) : host_(std::move(host)), changed_(std::move(changed)) {}

  // All of these throw Error: permission, no_device (the function has gone), busy, io.

  // Whether the kernel binds drivers by itself when a function or a driver appears.
  bool autoprobe() const;
  void set_autoprobe(bool on) const;

  // The only driver that may bind. Nothing when any may, or when it cannot be read.
  std::optional<std::string> driver_override(const Bdf& bdf) const;
  void set_driver_override(const Bdf& bdf, std::string_view name) const;  // empty: any may bind
  std::optional<std::string> driver(const Bdf& bdf) const;                // that is bound
  std::set<std::string> drivers() const;                                  // that are registered

  // The device that is at this address now. While the descriptor is open, no other device gets its number (PciDevice::instance).
  Descriptor grip(const Bdf& bdf) const;
  // Whether this device is still at the address.
  bool is_at(const Bdf& bdf, const Descriptor& grip) const;

  // Lets the kernel look for a driver now, for whatever is at this address.
  void probe(const Bdf& bdf) const;
  // May take as long as the driver needs to finish its work.
  void unbind(const Bdf& bdf) const;

  // Clears Bus Master Enable of the Command register (PCIe r6.x 7.5.1.1.3): the function can no longer read or write
  // memory, nor interrupt. Throws Error{lockdown} too, and Error{io} when the bit stays.
  void clear_bus_master(const Bdf& bdf) const;
  // Makes the kernel forget the function until the bus is scanned again.
  void remove(const Bdf& bdf) const;
  // Takes the power off a slot, with all that is in it.
  void power_off(const std::string& slot) const;

  // The bridge above a function; nothing when the kernel's device tree shows none.
  std::optional<Bdf> parent(const Bdf& bdf) const;

 private:
  std::filesystem::path device(const Bdf& bdf) const { return host_.pci() / "devices" / to_string(bdf); }
  void write(const std::filesystem::path& file, std::string_view value) const;

  Host host_;
  Changed changed_;
};

}  // namespace spdm::transport
