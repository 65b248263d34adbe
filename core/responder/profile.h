// The description of an emulated device: plain data, read from a profile file (transport/emulated/profile.h) or made by
// a test.
#pragma once

#include <optional>
#include <string>

#include "core/crypto/crypto.h"
#include "core/responder/faults.h"
#include "core/responder/pci_profile.h"
#include "core/responder/session_profile.h"
#include "core/responder/storage_profile.h"
#include "core/wire/digests.h"
#include "core/wire/measurements.h"

namespace spdm {

// A certificate slot, or the provisioned key (id kProvisionedKey, no certificates). Several entries with the same id
// are one slot with a key per algorithm: a connection sees the first entry whose key fits the negotiated algorithm.
struct DeviceSlot {
  std::uint8_t id = 0;
  std::optional<crypto::PrivateKey> key;
  std::vector<Bytes> certificates;  // DER; the root (or, when `root` is given, the certificate it signed) first, leaf last
  Bytes root;                       // DER of the root when it is not sent: RootHash is its hash
  Bytes chain;                      // if not empty: sent as it is, instead of a chain built from the certificates
  CertModel model = CertModel::device;
  std::uint8_t key_pair_id = 1;
  std::uint16_t key_usage = key_usage::challenge | key_usage::measurement | key_usage::endpoint_info;
  bool multi_key_only = false;  // only there on multi-key connections (1.3+)
};

struct DeviceMeasurement {
  std::uint8_t index = 0;
  MeasurementType type{};
  bool raw = false;         // always a raw bit stream; otherwise a digest unless raw bit streams are asked for
  Bytes value;              // what is measured
  Bytes digest;             // the digest to show; computed from `value` when empty
  std::optional<bool> tcb;  // covered by the summary of the TCB; by default only immutable ROM is
};

// One entry of the measurement extension log. The hash-extend measurement with that index extends over its entries.
struct DeviceLogEntry {
  std::uint8_t measurement_index = 0;
  std::uint8_t value_type = static_cast<std::uint8_t>(MeasurementType::informational) | 0x80;
  Bytes value;
};

// The answer to a VENDOR_DEFINED_REQUEST.
struct DeviceVendorReply {
  std::uint16_t standard_id = 0;
  Bytes vendor_id;
  std::optional<Bytes> request;   // answers only this payload; any when empty
  std::optional<Bytes> response;  // echoes the payload when empty
};

struct DeviceProfile {
  std::string name;
  std::vector<std::uint8_t> versions{k10, k11, k12, k13, k14};

  // Capability flags follow from the members below. These two are applied afterwards, even against the specification.
  std::uint32_t set_flags = 0, clear_flags = 0;
  std::uint8_t ct_exponent = 20;  // 2^20 us for cryptographic operations
  std::uint32_t data_transfer_size = 4600;
  std::uint32_t max_message_size = 1U << 17;
  std::uint32_t send_limit = 0;  // the largest message it sends in one piece; 0: as data_transfer_size

  // In the order of preference. Empty: every algorithm that a key of the slots fits; SHA-384, SHA-256, SHA-512.
  std::vector<const AsymAlgorithm*> asym;
  std::vector<const HashAlgorithm*> hash;
  // nullptr: the base hash is used for measurements, too.
  const HashAlgorithm* measurement_hash = nullptr;
  bool measurement_raw_only = false;
  std::uint8_t opaque_formats = other_params::opaque_fmt1;  // other_params::opaque_fmt0 | opaque_fmt1
  bool measurement_signatures = true;                       // MEAS_CAP with signature, when there is a key

  std::vector<DeviceSlot> slots;
  std::uint8_t empty_slots = 0;  // mask of slots that exist and hold nothing (1.3+)
  std::vector<DeviceMeasurement> measurements;
  ContentChanged content_changed = ContentChanged::unchanged;
  std::vector<DeviceLogEntry> log;
  Bytes endpoint_info;
  std::vector<DeviceVendorReply> vendor_replies;
  Bytes challenge_opaque, measurements_opaque;

  std::optional<DeviceSessions> sessions;
  std::optional<DeviceIde> ide;      // answered in sessions that encrypt
  std::optional<DeviceTdisp> tdisp;  // the same
  DeviceStorage storage;             // where it is asked as a drive

  std::vector<Fault> faults;

  // The capability flags that it announces in a connection of that version.
  std::uint32_t flags(std::uint8_t version) const;
  // The lists above with their defaults filled in, reduced to what the version and the crypto library support.
  std::vector<const AsymAlgorithm*> usable_asym(std::uint8_t version) const;
  std::vector<const HashAlgorithm*> usable_hash(std::uint8_t version) const;
  // MeasurementHashAlgo on a connection with that base hash.
  std::uint32_t measurement_hash_bit(const HashAlgorithm* base) const;
};

// SPDM certificate chain of a slot: Length, RootHash, certificates (DSP0274 table "Certificate chain format").
Bytes build_chain(const DeviceSlot& slot, const HashAlgorithm& hash);

// The measurement extension log as GET_MEASUREMENT_EXTENSION_LOG returns it; empty when the device has none.
Bytes encode_log(const std::vector<DeviceLogEntry>& log);

// The block as a connection with that measurement hash shows it.
MeasurementBlock measured(const DeviceProfile& profile, const DeviceMeasurement& measurement, const HashAlgorithm* hash, bool raw);

}  // namespace spdm
