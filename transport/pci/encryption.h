// What configuration space and sysfs show of a function's way to PCI encryption (IDE, TDISP). Reads only, without a lock, and so also
// where somebody owns the function. What cannot be read is an Error: it is never told as absent.
#pragma once

#include <optional>

#include "core/evidence/encryption_view.h"
#include "core/wire/ide_registers.h"
#include "transport/base/host.h"
#include "transport/pci/address.h"

namespace spdm::transport {

// What there is to say in a line.
struct EncryptionBrief {
  bool tee_io = false;
  std::optional<IdeRegisters> ide;  // without associations (IdeDepth::status); nothing: it has none
};

// With as few accesses as it takes. Throws Error: no_device (gone, or asleep in D3cold: it is not woken), permission, lockdown, io; peer
// when capabilities do not fit where they are, or their list has no end.
EncryptionBrief encryption_brief(const Host& host, const Bdf& bdf);

// All of it. Throws as encryption_brief() does; and Error{io} where the kernel's list of BARs cannot be read. Trouble with the root port
// is told in the view.
EncryptionView encryption_of(const Host& host, const Bdf& bdf);

// The root port above a function; nothing where there is none, as above an endpoint that is part of the root complex. Throws as
// encryption_brief() does.
std::optional<Bdf> root_port_of(const Host& host, const Bdf& bdf);

}  // namespace spdm::transport
