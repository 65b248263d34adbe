// libpci, opened when the first PCI function is looked at: it brings two more libraries, and most runs need none of them at their start.
#pragma once

extern "C" {
#include <pci/pci.h>
}

#include "core/shared_library.h"

namespace spdm::transport {

// The functions that are used here, with the types of their declarations.
struct Libpci {
  SharedLibrary library{"libpci.so.3", "for PCI devices", "install libpci3 (Debian) or pciutils-libs (Fedora)"};
  decltype(&::pci_alloc) alloc = library.function<decltype(alloc)>("pci_alloc");
  decltype(&::pci_init) init = library.function<decltype(init)>("pci_init");
  decltype(&::pci_cleanup) cleanup = library.function<decltype(cleanup)>("pci_cleanup");
  decltype(&::pci_set_param) set_param = library.function<decltype(set_param)>("pci_set_param");
  decltype(&::pci_set_name_list_path) set_name_list_path = library.function<decltype(set_name_list_path)>("pci_set_name_list_path");
  decltype(&::pci_get_dev) get_dev = library.function<decltype(get_dev)>("pci_get_dev");
  decltype(&::pci_free_dev) free_dev = library.function<decltype(free_dev)>("pci_free_dev");
  decltype(&::pci_fill_info) fill_info = library.function<decltype(fill_info)>("pci_fill_info");
  decltype(&::pci_read_block) read_block = library.function<decltype(read_block)>("pci_read_block");
  decltype(&::pci_read_long) read_long = library.function<decltype(read_long)>("pci_read_long");
  decltype(&::pci_lookup_name) lookup_name = library.function<decltype(lookup_name)>("pci_lookup_name");
};

// Opens it at the first call, which comes before the process confines itself. Throws Error{unsupported} where it is not installed.
const Libpci& libpci();

}  // namespace spdm::transport
