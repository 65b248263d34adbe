#include "transport/pci/libpci.h"

namespace spdm::transport {

const Libpci& libpci() {
  static const Libpci out;
  return out;
}

}  // namespace spdm::transport
