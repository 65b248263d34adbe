// The kernel's uevents about devices that appear, vanish and change, straight from the netlink socket.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/descriptor.h"
#include "transport/pci/address.h"

namespace spdm::transport {

struct Uevent {
  enum class Action { add, remove, change, bind, other };
  enum class Subsystem { pci, drivers, nvme, scsi_generic, other };

  Action action = Action::other;
  Subsystem subsystem = Subsystem::other;
  std::string path;        // DEVPATH, below /sys
  std::string pci_slot;    // PCI_SLOT_NAME, the address of a PCI function; empty when there is none
  std::string node;        // DEVNAME, below /dev: "nvme0", "sg0"; empty when there is none
  bool connected = false;  // NVME_EVENT: the controller takes commands now
  bool recovered = false;  // ERROR_EVENT: the kernel has recovered the device from a PCI error
};

// One datagram: "ACTION@DEVPATH", then KEY=VALUE strings, each with a NUL at its end. Nothing for any other datagram
// (udev's own begin differently).
std::optional<Uevent> parse_uevent(View datagram);

// The PCI function that a path below /sys leads through last: of a controller its function; nothing where there is none.
std::optional<Bdf> function_in(std::string_view path);

class UeventSocket {
 public:
  // Throws Error: permission, io.
  UeventSocket();
  // Takes over a datagram socket, for tests: every sender is taken for the kernel.
  explicit UeventSocket(Descriptor fd) : fd_(std::move(fd)), trusted_(true) {}

  int fd() const { return fd_.get(); }

  struct Received {
    bool lost = false;            // the kernel dropped events because we were too slow
    std::optional<Uevent> event;  // nothing: the datagram is no event, or is not from the kernel
  };
  // Receives one datagram, without waiting; nothing when there is none. Throws Error{io}.
  std::optional<Received> receive();

 private:
  Descriptor fd_;
  bool trusted_ = false;  // every sender is taken for the kernel
};

}  // namespace spdm::transport
