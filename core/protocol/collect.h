// The requester, in the order of the specification: from GET_VERSION to the last measurement. It checks the messages,
// but verifies no signature: its result is Evidence, and the appraisal comes later.
#pragma once

#include <functional>
#include <optional>

#include "core/evidence/evidence.h"
#include "core/protocol/requester.h"
#include "core/protocol/session_opener.h"
#include "core/wire/tdisp.h"

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

  // Slot 0..7 or kProvisionedKey. When not given: slot 0, then the other provisioned slots until `trusts` accepts one.
  std::optional<std::uint8_t> slot;
  bool all_slots = false;  // read every provisioned chain, challenge each
  bool digests = true;
  bool certificates = true;
  bool challenge = true;
  Summary summary = Summary::none;
  // Asked once per chain when no slot was given. May be empty: then slot 0 is taken.
  std::function<bool(const Connection&, std::uint8_t slot)> trusts;
  // Is told of each portion of a chain: the bytes that it has, and, at the first one, the bytes of the chain; else 0. May be empty.
  std::function<void(std::size_t more, std::size_t total)> chain_read;

  // Leaves out what the device has no capability for (measurements, extension log, endpoint information) instead of
  // throwing Error{no_spdm}. For collecting evidence for a remote verifier.
  bool if_available = false;

  MeasurementMode measurements = MeasurementMode::none;
  std::vector<std::uint8_t> indices;
  bool sign_measurements = true;  // false: ask without signature even where the device could sign
  bool raw_bit_stream = false;
  bool new_measurement = false;
  bool extension_log = false;
  bool endpoint_info = false;
  std::vector<VendorDefined> vendor_defined;
  // Nonce to use in CHALLENGE and signed GET_MEASUREMENTS instead of random ones: a remote verifier chose it.
  std::optional<Block<32>> nonce;
  // Who opens sessions, and shows the device who asks; nothing: neither.
  std::shared_ptr<const SessionOpener> session;
  bool in_session = false;  // open one, and ask for measurements and all that follows inside of it
  // Asks about PCI encryption (inspect.h), and for measurements outside of the session, too. A device that can open none is asked
  // without. Only the algorithms of TEE-IO are offered (tee_io.h), and all to a device that refuses that. Only with in_session.
  bool inspect = false;
  std::optional<FunctionId> function;  // whose device interface is asked about; when not given, that of the target

  // What answers may break and be read all the same; nothing as long as nobody says so. The evidence is the same messages.
  Tolerance tolerance;
};

// Has a device inspected, with all that this takes beside the session.
inline void want_inspection(Wanted& wanted) {
  wanted.inspect = wanted.if_available = true;
  wanted.measurements = MeasurementMode::all;
}

// Fills `evidence` step by step, so that an Error loses nothing that was seen before it. The caller sets evidence.host
// and .time. Throws Error: no_spdm when the device lacks what was asked for, and what Requester::ask throws.
void collect(Link& link, const Wanted& wanted, const Limits& limits, Evidence& evidence);

}  // namespace spdm
