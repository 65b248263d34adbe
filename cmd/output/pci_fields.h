// IDE_KM and TDISP as fields.
#pragma once

#include "core/format/json.h"
#include "core/wire/vendor_defined.h"

namespace spdm::cmd {

// Adds "ide_km" or "tdisp" where the envelope has such a message. `request`: which a response answers; nullptr when it was not seen. Throws
// Error{peer} where the message breaks a rule.
void add_pci_message(Json& out, const VendorDefined& envelope, const VendorDefined* request, bool is_request);

// A report on its own: "length", "hex", and "fields" or "why". As text: lines. `whole`: the bytes are there.
std::string interface_report_text(const Json& report, bool whole);

}  // namespace spdm::cmd
