// What is done to PCI functions through the kernel's files: drivers kept off, let in and taken away, memory access, slot.
#pragma once

#include <functional>
#include <set>

#include "transport/base/host.h"
#include "transport/pci/address.h"

namespace spdm::transport {

class PciControl {
 public:
  // Told of each change after it was made, file and value: tests play the kernel's part with it, and end the program there.
  using Changed = std::function<void(const std::filesystem::path& file, std::string_view value)>;

  explicit PciControl(Host host, Changed changed = {}) : host_(std::move(host)), changed_(std::move(changed)) {}

  // All of these throw Error: permission, no_device (the function has gone), busy, io.

  // Whether the kernel looks for a driver for a function that appears, and for functions when a driver appears.
  bool autoprobe() const;
  void set_autoprobe(bool on) const;

  // The only driver that may bind; nothing when there is none, which is any, or when it cannot be read.
  std::optional<std::string> driver_override(const Bdf& bdf) const;
  void set_driver_override(const Bdf& bdf, std::string_view name) const;  // empty: any
  std::optional<std::string> driver(const Bdf& bdf) const;                // that is bound
  std::set<std::string> drivers() const;                                  // that are registered

  // Lets the kernel look for a driver now.
  void probe(const Bdf& bdf) const;
  // May take as long as the driver needs to finish its work.
  void unbind(const Bdf& bdf) const;

  // Clears Bus Master Enable of the Command register (PCIe r6.x 7.5.1.1.3): the function can no longer read or write
  // memory, nor interrupt. Throws Error{lockdown} too, and Error{io} when the bit stays.
  void clear_bus_master(const Bdf& bdf) const;
  // The kernel forgets the function, until the bus is scanned again.
  void remove(const Bdf& bdf) const;
  // Takes the power off a slot, with all that is in it.
  void power_off(const std::string& slot) const;

  // The bridge above a function, as far as the kernel's device tree tells.
  std::optional<Bdf> parent(const Bdf& bdf) const;

 private:
  std::filesystem::path device(const Bdf& bdf) const { return host_.pci() / "devices" / to_string(bdf); }
  void write(const std::filesystem::path& file, std::string_view value) const;

  Host host_;
  Changed changed_;
};

}  // namespace spdm::transport
