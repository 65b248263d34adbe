// The CBOR that devices put into manifests, with names for what is known: the TCG's concise evidence (block 0xFD; DICE
// Concise Evidence Binding for SPDM, tags 570 and 571) and entity attestation tokens (RFC 9711, the OCP profile in blocks
// 0xF0 to 0xFC, signed with COSE).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/format/cbor.h"
#include "core/format/json.h"
#include "core/wire/measurements.h"

namespace spdm {

// Decodes the raw value of a manifest, behind the header of a structured one. Nothing unless it is exactly one array,
// map or tagged item within the bounds of cbor.h.
std::optional<cbor::Item> read_manifest(const MeasurementBlock& block);

// As cbor::to_json(), but with names in place of known keys. Byte strings that hold CBOR are decoded, too.
Json name_manifest(const cbor::Item& manifest);

// The leaves of a named manifest, one per line: "evidence: class: vendor: ACME". After `most` lines comes "...".
std::vector<std::string> manifest_lines(const Json& named, std::size_t most);

}  // namespace spdm
