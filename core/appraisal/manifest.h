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
// map or tagged item. Throws cbor::Oversized beyond the limits.
std::optional<cbor::Item> read_manifest(const MeasurementBlock& block, const cbor::Limits& limits = {});

// As cbor::to_json(), but with names in place of known keys. Byte strings that hold CBOR are decoded, too; one that is beyond the limits
// stays a byte string. Throws cbor::Oversized as cbor::to_json().
Json name_manifest(const cbor::Item& manifest);

// Bytes of a document with each value on a line of its own, indented; what strings escape is not counted.
std::size_t extent(const Json& json);

// The leaves of a named manifest, one per line: "evidence: class: vendor: ACME". After `most` lines comes "...", and so does it in place of
// the middle of a long path.
std::vector<std::string> manifest_lines(const Json& named, std::size_t most);

}  // namespace spdm
