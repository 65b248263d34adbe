// What the platform says of SPDM, read from sysfs: the kernel's and a TSM's view of a device, and the TSMs of the host.
// Nothing here is written.
#pragma once

#include <vector>

#include "core/evidence/platform.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"

namespace spdm::transport {

// Of the device whose directory in sysfs this is. Never throws for what a file says, or for a file that is not there.
PlatformView read_platform(const std::filesystem::path& directory);

// What the attribute `authenticated` says: `text` as read, nothing when reading failed although the attribute is there.
void interpret_authenticated(const std::optional<std::string>& text, PlatformView& view);

// A link "streamH.R.E" or "pciDDDD:BB:streamH.R.E" below a TSM: an IDE stream between a host bridge and a device.
struct TsmStream {
  std::string name;
  std::optional<Bdf> device;  // what the link points to
};

// A platform TSM (TEE security manager), /sys/class/tsm/tsmN.
struct Tsm {
  std::string name;
  std::vector<TsmStream> streams;
};
std::vector<Tsm> tsms_of(const Host& host);

// "tsm0": the only names that the kernel gives, and takes in tsm/connect.
bool is_tsm_name(std::string_view text);

}  // namespace spdm::transport
