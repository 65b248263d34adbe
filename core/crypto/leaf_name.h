// What the leaf of a chain calls the device.
#pragma once

#include <string>

#include "core/bytes.h"

namespace spdm::crypto {

// Of the last certificate in a chain of DER without a gap: the DMTF device information (DSP0274 "otherName": manufacturer, product and
// serial number, joined by colons) of its subject alternative name, else its subject as RFC 4514 writes it. Empty where there is
// neither. The words are the device's: print them escaped.
std::string leaf_name(View chain);

}  // namespace spdm::crypto
