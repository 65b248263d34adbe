// The names of a PCI function: its address, and what the kernel shows beside it. One function reads them for every verb and option.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "transport/base/host.h"
#include "transport/pci/address.h"

namespace spdm::transport {

// Whether a word names a PCI function, by its form alone:
// - its address, "0000:03:00.0" or "03:00.0";
// - its vendor and device, "1b36:0010", with four hex digits each;
// - a path of the kernel that ends with the address, "/sys/bus/pci/devices/0000:03:00.0";
// - a node of the NVMe drive that it is, "/dev/nvme0", "/dev/nvme0n1", "/dev/nvme0n1p1".
// Such a word is never the name of a recording.
bool names_function(std::string_view word);

// The function of that name. An address is taken as it is: whoever opens the device says that there is none. Everything else is looked
// up below the root of the host, so it comes before the process confines itself. Throws Error, with the word as its device: usage for
// what has none of these forms, or names several functions; no_device.
Bdf function_named(std::string_view word, const Host& host);

// Those of all these names, each once.
std::vector<Bdf> functions_named(const std::vector<std::string>& words, const Host& host);

// A target as outputs have it: the address of the function that it names, and its options behind it; "1b36:0010?max=4600" gives
// "0000:03:00.0?max=4600". A target of another kind stays as it is. Throws as function_named().
std::string canonical(std::string_view target, const Host& host);

}  // namespace spdm::transport
