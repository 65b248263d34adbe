// What the host knows of PCI encryption, as a JSON value.
#pragma once

#include "core/evidence/encryption_view.h"
#include "core/format/json.h"
#include "core/wire/ide_registers.h"

namespace spdm {

// Its streams, and what it can.
Json to_json(const IdeRegisters& registers);

// Throws Error{peer} where its registers are none; those of evidence, and of a device that was read, are some.
Json to_json(const EncryptionView& view);

}  // namespace spdm
