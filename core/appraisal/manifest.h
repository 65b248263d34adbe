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

// The array, map or tagged item that the raw value of a manifest is, behind the header of a structured one. Nothing when
// it is anything else, or not exactly one item within the bounds of cbor.h.
std::optional<cbor::Item> read_manifest(const MeasurementBlock& block);

// As cbor::to_json(), with names in place of the keys that are known, and with the CBOR read that stands in byte strings.
Json name_manifest(const cbor::Item& manifest);

// The leaves of the same, one a line: "evidence: class: vendor: ACME". No more than `most` lines, then "...".
std::vector<std::string> manifest_lines(const Json& named, std::size_t most);

}  // namespace spdm
