#include "core/wire/digests.h"

#include <algorithm>
#include <bit>

#include "core/text.h"

namespace spdm {

Bytes DigestsResponse::encode(const Parameters& parameters) const {
  const std::uint8_t supported = parameters.version >= k13 ? supported_slots : 0;
  Writer writer = begin(parameters.version, Code::digests, supported, provisioned_slots);
  for (const SlotDigest& slot : slots) writer.bytes(slot.digest);
  if (parameters.multi_key_responder) {
    for (const SlotDigest& slot : slots) writer.u8(slot.key_pair_id);
    for (const SlotDigest& slot : slots) writer.u8(static_cast<std::uint8_t>(slot.model));
    for (const SlotDigest& slot : slots) writer.u16(slot.key_usage);
  }
  return writer.take();
}

DigestsResponse DigestsResponse::decode(Reader& reader, const Parameters& parameters) {
  DigestsResponse out;
  const Header header = expect(reader, Code::digests, parameters.version);
  out.provisioned_slots = header.param2;
  out.supported_slots = parameters.version >= k13 ? header.param1 : header.param2;
  if (out.provisioned_slots == 0)
    reader.breaks("ProvisionedSlotMask", "0, at least one slot must hold something");  // DSP0274 DIGESTS, N119
  if ((out.provisioned_slots & ~out.supported_slots) != 0)                             // DSP0274 DIGESTS, N122
    reader.breaks("ProvisionedSlotMask",
                  cat("0x", hex(out.provisioned_slots, 2), " is not within SupportedSlotMask 0x", hex(out.supported_slots, 2)));
  for (std::uint8_t slot = 0; slot < kSlots; ++slot)
    if ((out.provisioned_slots >> slot & 1) != 0) out.slots.emplace_back().slot = slot;
  for (SlotDigest& slot : out.slots) slot.digest = to_bytes(reader.take(parameters.hash_size(), "Digest"));  // DSP0274 DIGESTS, N120
  if (!parameters.multi_key_responder) return out;

  for (SlotDigest& slot : out.slots) slot.key_pair_id = reader.u8("KeyPairID");
  for (SlotDigest& slot : out.slots) {
    const std::uint8_t model = reader.u8("CertificateInfo") & 7;
    const bool exists = model <= static_cast<std::uint8_t>(CertModel::generic);
    if (!exists) reader.breaks("CertificateInfo", cat("certificate model ", model, " does not exist"));  // DSP0274 DIGESTS, N124
    slot.model = exists ? static_cast<CertModel>(model) : CertModel::device;
    // DSP0274 DIGESTS, N125: slot 0 identifies the device.
    if (slot.slot == 0 && slot.model == CertModel::generic) reader.breaks("CertificateInfo", "slot 0 cannot hold a GenericCert");
    const bool zero = std::all_of(slot.digest.begin(), slot.digest.end(), [](std::uint8_t byte) { return byte == 0; });
    if (slot.model == CertModel::none && !zero)
      reader.breaks("CertificateInfo", cat("slot ", slot.slot, " has no certificate but a digest"));  // DSP0274 DIGESTS, N127
  }
  for (SlotDigest& slot : out.slots) {
    slot.key_usage = reader.u16("KeyUsageMask");
    if ((slot.key_usage & key_usage::reserved) != 0)
      reader.breaks("KeyUsageMask", cat("0x", hex(slot.key_usage, 4), " has reserved bits"));  // DSP0274 DIGESTS, N128
    // DSP0274 DIGESTS, N126: its key has to be of use for at least one request.
    if (slot.slot == 0 && (slot.key_usage & 0x0F) == 0) reader.breaks("KeyUsageMask", "the key of slot 0 has no usage");
  }
  return out;
}

const SlotDigest* DigestsResponse::find(std::uint8_t slot) const {
  const auto it = std::find_if(slots.begin(), slots.end(), [&](const SlotDigest& entry) { return entry.slot == slot; });
  return it == slots.end() ? nullptr : &*it;
}

}  // namespace spdm
