#include "core/responder/profile.h"

#include <algorithm>

namespace spdm {

namespace {

Bytes encode_entry(const DeviceLogEntry& entry, std::uint32_t index) {
  Writer writer;
  writer.u32(index).u8(entry.measurement_index).zeros(3).u8(entry.value_type).u16(entry.value.size()).bytes(entry.value);
  return writer.take();
}

// Extends zeros entry by entry, as the reference device does; DSP0274 leaves this to the log's specification.
Bytes extend(const std::vector<DeviceLogEntry>& log, std::uint8_t index, const HashAlgorithm& hash) {
  Bytes out(hash.size);
  for (std::size_t i = 0; i < log.size(); ++i) {
    if (log[i].measurement_index != index) continue;
    append(out, encode_entry(log[i], static_cast<std::uint32_t>(i + 1)));
    out = crypto::hash(hash, out);
  }
  return out;
}

template <class T>
void add_once(std::vector<const T*>& list, const T& row) {
  if (std::find(list.begin(), list.end(), &row) == list.end()) list.push_back(&row);
}

}  // namespace

std::uint32_t DeviceProfile::flags(std::uint8_t version) const {
  const auto any_slot = [&](auto condition) { return std::any_of(slots.begin(), slots.end(), condition); };
  const bool certificates = any_slot([](const DeviceSlot& slot) { return slot.id != kProvisionedKey; });
  const bool provisioned = !certificates && !slots.empty() && version >= k11;
  const bool signs = certificates || provisioned;

  std::uint32_t out = 0;
  if (certificates) out |= cap::cert;
  if (provisioned) out |= cap::pub_key_id;
  if (signs) out |= cap::chal;
  if (!measurements.empty()) out |= cap::meas_fresh | (signs && measurement_signatures ? cap::meas_sig : cap::meas_no_sig);
  if (version >= k12) {
    out |= cap::chunk;
    if (any_slot([](const DeviceSlot& slot) { return slot.id == 0 && slot.model == CertModel::alias; })) out |= cap::alias_cert;
  }
  if (version >= k13) {
    if (!endpoint_info.empty()) out |= signs ? cap::ep_info_sig : cap::ep_info_no_sig;
    if (!log.empty()) out |= cap::mel;
    if (any_slot([](const DeviceSlot& slot) { return slot.multi_key_only; })) out |= cap::multi_key_neg | cap::get_key_pair_info;
  }
  if (version >= k14) out |= cap::large_resp;
  if (sessions) out |= sessions->flags(version, signs);
  return (out | set_flags) & ~clear_flags;
}

std::vector<const AsymAlgorithm*> DeviceProfile::usable_asym(std::uint8_t version) const {
  std::vector<const AsymAlgorithm*> wanted = asym;
  const auto fits = [&](const DeviceSlot& slot, const AsymAlgorithm& row) { return slot.key && slot.key->fits(row); };
  if (wanted.empty())
    for (const DeviceSlot& slot : slots)
      for (const AsymAlgorithm& row : asym_algorithms())
        if (fits(slot, row)) add_once(wanted, row);
  // Drops algorithms that no key fits: to select one would only fail later.
  std::erase_if(wanted, [&](const AsymAlgorithm* row) {
    return row->since > version || !crypto::supports(*row) ||
           std::none_of(slots.begin(), slots.end(), [&](const DeviceSlot& slot) { return fits(slot, *row); });
  });
  return wanted;
}

std::vector<const HashAlgorithm*> DeviceProfile::usable_hash(std::uint8_t version) const {
  std::vector<const HashAlgorithm*> wanted = hash;
  if (wanted.empty()) {
    wanted = {find_hash("SHA-384"), find_hash("SHA-256"), find_hash("SHA-512")};
    // SM2 goes with SM3 and nothing else.
    for (const DeviceSlot& slot : slots)
      if (slot.key && slot.key->fits(*find_asym("SM2-P256"))) add_once(wanted, *find_hash("SM3-256"));
  }
  std::erase_if(wanted, [&](const HashAlgorithm* row) { return row->since > version || !crypto::supports(*row); });
  return wanted;
}

std::uint32_t DeviceProfile::measurement_hash_bit(const HashAlgorithm* base) const {
  if (measurement_raw_only) return kRawOnly;
  const HashAlgorithm* chosen = measurement_hash != nullptr ? measurement_hash : base;
  return chosen == nullptr ? 0 : chosen->bit << 1;
}

Bytes build_chain(const DeviceSlot& slot, const HashAlgorithm& hash) {
  if (!slot.chain.empty()) return slot.chain;
  if (slot.certificates.empty()) return {};
  Writer body;
  body.bytes(crypto::hash(hash, slot.root.empty() ? slot.certificates.front() : slot.root));
  for (const Bytes& certificate : slot.certificates) body.bytes(certificate);
  // 1.0 to 1.3 have a 16-bit length and 16 reserved bits; below 64 KiB that is the 32-bit length of 1.4.
  return Writer().u32(4 + body.size()).bytes(body.take()).take();
}

Bytes encode_log(const std::vector<DeviceLogEntry>& log) {
  if (log.empty()) return {};
  Bytes entries;
  for (std::size_t i = 0; i < log.size(); ++i) append(entries, encode_entry(log[i], static_cast<std::uint32_t>(i + 1)));
  return Writer().u32(log.size()).u32(entries.size()).u64(0).bytes(entries).take();
}

MeasurementBlock measured(const DeviceProfile& profile, const DeviceMeasurement& measurement, const HashAlgorithm* hash, bool raw) {
  MeasurementBlock block{measurement.index, measurement.type, true, measurement.value};
  const bool extends = measurement.type == MeasurementType::hash_extend;
  // A requested raw bit stream is shown where there is one. Otherwise the digest is always allowed.
  if (measurement.raw || hash == nullptr || (raw && !extends && !measurement.value.empty())) return block;
  block.raw = false;
  if (!measurement.digest.empty())
    block.value = measurement.digest;
  else if (extends && measurement.value.empty())
    block.value = extend(profile.log, measurement.index, *hash);
  else
    block.value = crypto::hash(*hash, measurement.value);
  return block;
}

}  // namespace spdm
