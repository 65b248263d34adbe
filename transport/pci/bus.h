// The PCI functions of this host as the kernel shows them: found by libpci, completed from sysfs. Nothing here writes
// to configuration space.
#pragma once

#include <cstdint>
#include <vector>

#include "core/evidence/evidence.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"
#include "transport/pci/doe.h"

namespace spdm::transport {

// The kernel's driver of PCI Express ports.
inline constexpr std::string_view kPortDriver = "pcieport";

struct PciDevice {
  Bdf bdf;
  // The kernel's number for this device: its directory's inode. Another device at the same address has another one, and so has
  // the same device that was plugged in again.
  std::uint64_t instance = 0;
  PciIdentity identity;                        // the serial is 0 also when the extended configuration space cannot be read
  std::uint8_t header_type = 0;                // layout, without the multi-function bit: 0 endpoint, 1 bridge, 2 CardBus
  std::optional<std::string> driver;           // the bound driver
  std::optional<std::string> driver_override;  // nothing also for an empty one and for "(null)"
  std::optional<unsigned> iommu_group;
  std::optional<std::string> removable;    // "removable", "fixed", "unknown"
  std::optional<std::string> power_state;  // "D0" ... "D3cold", "unknown"
  std::optional<Bdf> physical_function;    // of a virtual function
  std::optional<std::string> slot;         // name below /sys/bus/pci/slots of the slot it is in
  bool bus_master = false;                 // Command register bit 2: the device may read and write memory
  // It does not answer: its configuration space reads as all ones, but the kernel still lists it. So do we: a gate that
  // overlooked it would let its driver bind once it answers again.
  bool gone = false;
  // doe_features/ of the kernel (from 6.15 on); nothing when the kernel does not tell.
  std::optional<std::vector<DoeFeature>> doe_features;
  // DOE capabilities in configuration space; nothing when the extended space cannot be read (not root, asleep in D3cold).
  std::optional<std::vector<std::uint16_t>> mailboxes;
  PlatformView platform;

  std::filesystem::path directory(const Host& host) const { return host.pci() / "devices" / to_string(bdf); }
  bool is_bridge() const { return header_type != 0 || identity.class_code >> 16 == 0x06; }
  // In D3cold, without power. It is not woken.
  bool has_no_power() const { return power_state == "D3cold"; }
  bool is_port() const { return driver == kPortDriver; }
  // Whether the permission to see its mailboxes is missing: it is there and awake, and nothing tells whether it has
  // any.
  bool hides_mailboxes() const { return !doe_features && !mailboxes && !gone && !has_no_power(); }
  // A DOE mailbox, as far as it can be seen.
  bool has_mailbox() const { return (doe_features && !doe_features->empty()) || (mailboxes && !mailboxes->empty()); }
  // Whether it may speak SPDM: CMA is in doe_features; or, without these, it has a mailbox, and only discovery can tell
  // more.
  bool may_attest() const;
};

// Whether both are the same device, and not one that has taken over the address of the other. The serial number counts where all
// of configuration space could be read.
bool is_same(const PciDevice& a, const PciDevice& b);

// Opens libpci, which scan(), find_device() and names_of() need: a process that looks at functions after it has confined itself calls
// this before. Where the library is not installed, those throw Error{unsupported}.
void prepare_to_scan();

// Every function, by address. One that vanishes meanwhile is left out. Devices in D3cold stay asleep, so nothing is
// read from their configuration space. Throws Error: no_device when the host has no PCI bus that could be read, io.
std::vector<PciDevice> scan(const Host& host);

// One function; the others are not read. Throws Error{no_device} when there is none at this address.
PciDevice find_device(const Host& host, const Bdf& bdf);

// Names from pci.ids, for people; an unknown id gives its number ("Device 0010"). With another root than "/", pci.ids
// below that root is read.
struct PciNames {
  std::string vendor, device, device_class;
};
std::vector<PciNames> names_of(const std::vector<PciDevice>& devices, const Host& host = {});

// The function as evidence describes it and rules match it. The target is its address.
HostView host_view(const PciDevice& device);

// Who owns SPDM of this function; nothing when nobody else does: "TSM tsm0 (connected)", "driver vfio-pci (a guest may
// use it)"...
std::optional<std::string> owner_of(const PciDevice& device);

}  // namespace spdm::transport
