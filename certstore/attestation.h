// The extensions with which an issuer says what it has certified (TCG DICE, Open DICE, RIoT, conceptual messages), and their names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "certstore/x509.h"
#include "core/evidence/dice.h"

namespace spdm::certstore {

// Whether an extension is decoded here, so that it may be critical.
bool is_decoded(std::string_view oid);

// Decodes the value of an extension. Never throws: `fault` says what is wrong. One that is not decoded has name and size only.
ExtensionInfo read_extension(std::string oid, bool critical, View value);

// The extensions of a certificate that OpenSSL has no name for; of those that are not decoded only the first few. `more` counts the
// others. An extension that is there twice is decoded once.
std::vector<ExtensionInfo> extensions_of(const X509* certificate, std::size_t& more);

// The families. They throw Error{bad_input} for anything that is not exactly what they read.
void read_tcb_info(View value, ExtensionInfo& out);        // DiceTcbInfo, or the CompositeDeviceID of RIoT
void read_multi_tcb_info(View value, ExtensionInfo& out);  // DiceMultiTcbInfo
void read_ueid(View value, ExtensionInfo& out);            // TcgUeid
void read_riot(View value, ExtensionInfo& out);            // CompositeDeviceID
void read_open_dice(View value, ExtensionInfo& out);       // OpenDiceInput
void read_wrapper(View value, ExtensionInfo& out);         // ConceptualMessageWrapper, CMW

}  // namespace spdm::certstore
