// What the platform says about SPDM, read from sysfs: the view that the kernel and a TSM have of a device, and the TSMs
// of the host. Nothing is written.
#pragma once

#include <optional>
#include <string>
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

// An IDE stream between a host bridge and a device: a link "streamH.R.E" to the device. Linux 7.3 has it below the host bridge,
// 6.19 had it below the TSM. The name begins with the host bridge where that is known: "pciDDDD:BB:streamH.R.E".
struct TsmStream {
  std::string name;
  std::optional<Bdf> device;  // what the link points to

  bool operator==(const TsmStream&) const = default;
};

// A platform TSM (TEE security manager), /sys/class/tsm/tsmN.
struct Tsm {
  std::string name;
  std::vector<TsmStream> streams;
};

// The TSMs of the host, each with its streams; a stream is of the TSM that its device is connected with.
std::vector<Tsm> tsms_of(const Host& host);
// Streams of which nobody says whose they are.
std::vector<TsmStream> streams_without_tsm(const Host& host);

// How many IDE streams a host bridge can still have. Only those are told of whose platform sets streams up.
struct StreamPool {
  std::string bridge;                 // "pci0000:00"
  std::optional<unsigned> available;  // nothing where it cannot be read

  bool operator==(const StreamPool&) const = default;
};
// By the path of the host bridge.
std::vector<StreamPool> stream_pools_of(const Host& host);

// Whether it is a name like "tsm0": the kernel gives no others, and takes no others in tsm/connect.
bool is_tsm_name(std::string_view text);

}  // namespace spdm::transport
