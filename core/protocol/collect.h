// The requester, in the order of the specification: from GET_VERSION to the last measurement. It judges shapes, never
// signatures: what it brings home is Evidence.
#pragma once

#include <functional>
#include <optional>

#include "core/evidence/evidence.h"
#include "core/protocol/requester.h"

namespace spdm {

enum class MeasurementMode {
  none,
  all,      // operation 0xFF, one exchange
  each,     // learn the indices, then one exchange per index, the last one signed
  indices,  // only Wanted::indices
  count,    // operation 0
};

struct Wanted {
  // Versions to offer; the highest common one is taken.
  std::vector<std::uint8_t> versions{k10, k11, k12, k13, k14};
  // Algorithms to offer; empty: everything the crypto library can verify.
  std::vector<const AsymAlgorithm*> asym;
  std::vector<const HashAlgorithm*> hash;

  // 1.3+: ask for everything the responder supports, not only for what it selects.
  bool supported_algorithms = false;

  // Slot 0..7, kProvisionedKey, or none: slot 0, and further provisioned slots while `trusts` says no.
  std::optional<std::uint8_t> slot;
  bool all_slots = false;  // read every provisioned chain, challenge each
  bool digests = true;
  bool certificates = true;
  bool challenge = true;
  Summary summary = Summary::none;
  // Asked once per chain when no slot was given; may be empty (then slot 0 it is).
  std::function<bool(const Connection&, std::uint8_t slot)> trusts;

  // What the device has no capability for is left out (measurements, extension log, endpoint information), in place of
  // Error{no_spdm}: for whoever gathers what a verifier elsewhere may want.
  bool if_available = false;

  MeasurementMode measurements = MeasurementMode::none;
  std::vector<std::uint8_t> indices;
  bool sign_measurements = true;  // false: ask without signature even where the device could sign
  bool raw_bit_stream = false;
  bool new_measurement = false;
  bool extension_log = false;
  bool endpoint_info = false;
  std::vector<VendorDefined> vendor_defined;
  // Nonce to use in CHALLENGE and signed GET_MEASUREMENTS instead of random ones (a verifier elsewhere chose it).
  std::optional<Block<32>> nonce;
};

// Fills `evidence` as it goes, so that what was seen before an Error is not lost. evidence.host and .time are the
// caller's. Throws Error: no_spdm when the device lacks what was asked for, and what Requester::ask throws.
void collect(Link& link, const Wanted& wanted, const Limits& limits, Evidence& evidence);

}  // namespace spdm
