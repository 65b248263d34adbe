// What the platform says about SPDM, read from sysfs: the view that the kernel and a TSM have of a device, and the TSMs
// of the host. Nothing is written.
#pragma once

#include <vector>

#include "core/evidence/platform.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"

namespace spdm::transport {

// The view of the device with this directory in sysfs. Never throws for the contents of a file, or for a missing file.
PlatformView read_platform(const std::filesystem::path& directory);

// Interprets the attribute `authenticated`. `text` is as read; nothing when the attribute is there but reading it
// failed.
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

// Whether it is a name like "tsm0": the kernel gives no others, and takes no others in tsm/connect.
bool is_tsm_name(std::string_view text);

}  // namespace spdm::transport
