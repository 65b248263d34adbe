// Connecting a PCI function with a platform TSM (TEE security manager), which then owns SPDM of the device: for owners
// who prefer keys that the platform manages. Linux, Documentation/ABI/testing/sysfs-bus-pci, tsm/.
#pragma once

#include <functional>
#include <string>

#include "transport/pci/bus.h"

namespace spdm::cmd {

// transport::write_attribute, or what a test puts in its place.
using WriteAttribute = std::function<void(const std::filesystem::path& file, std::string_view value)>;

// `tsm` may be empty: the only one there is. Returns the name of the TSM once the kernel says that it is connected.
// Throws Error: no_device (no such function, no TSM, a TSM that does not take the device), no_spdm (no TSM takes this
// function), usage, owned (connected already), busy, permission, io.
std::string connect_tsm(const transport::Host& host, const transport::Bdf& bdf, const std::string& tsm, const WriteAttribute& write);
// `tsm` may be empty: the one that is connected. Returns its name once the kernel says that none is connected.
std::string disconnect_tsm(const transport::Host& host, const transport::Bdf& bdf, const std::string& tsm, const WriteAttribute& write);

}  // namespace spdm::cmd
