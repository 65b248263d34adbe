// Evidence from a file of any known kind. The contents decide which kind it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/evidence/evidence.h"

namespace spdm {

// What evidence of others was read from: Detached::format.
inline constexpr std::string_view kReportFormat = "report", kNvidiaFormat = "nvidia", kRedfishFormat = "redfish", kEatFormat = "eat";

// The most devices that one document may speak of.
inline constexpr std::size_t kMaxDevicesOfDocument = 1'024;

// One device of a document or a capture that may have several.
struct EvidencePart {
  std::string label;  // its place in the document: "[2]", ".nvgpu[0]", "[mctp 9]"; empty where the document is one piece
  Evidence evidence;
  std::optional<Error> error;  // it could not be read, and why; then there is no evidence
};

// Whether the bytes are a document of others, a capture or compressed, which may have several devices. What they begin with decides.
bool may_hold_several(View bytes);

// Every device in a file of any kind:
// - evidence that spdmctl wrote: one;
// - a capture, pcap or pcapng: one, or each MCTP endpoint and each TCP connection (pcap.h);
// - signed measurements as bytes or in hex, GET_MEASUREMENTS and MEASUREMENTS with the signature behind it: one;
// - JSON with NVIDIA's evidence ("evidence", "certificate"), or answers to Redfish's SPDMGetSignedMeasurements, at any depth, also in
//   a conceptual message wrapper (CMW): all;
// - CBOR with tokens for device assignment (EAT, eat.h), signed by a collector or not, or with wrappers: all.
// Each may be compressed (compression.h). There is one at least. Throws Error{bad_input} naming `what` when the file as a whole cannot be
// read.
std::vector<EvidencePart> load_parts(View bytes, std::string_view what);

// The only one. Throws Error{bad_input} naming `what`, also when there are several.
Evidence load_evidence(View bytes, std::string_view what);

}  // namespace spdm
