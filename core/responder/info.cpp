// GET_ENDPOINT_INFO, GET_KEY_PAIR_INFO and VENDOR_DEFINED_REQUEST of the responder.
#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/responder/pci_device.h"
#include "core/responder/responder.h"
#include "core/secret.h"
#include "core/wire/endpoint_info.h"

namespace spdm {

namespace {

// Bits of KEY_PAIR_INFO; they are not those of BaseAsymAlgo.
struct KeyPairBit {
  std::string_view key, group;
  std::uint32_t key_bits, bit;
};
constexpr std::array kKeyPairBits{
    KeyPairBit{"RSA", "", 2048, 0x001},  KeyPairBit{"RSA", "", 3072, 0x002},  KeyPairBit{"RSA", "", 4096, 0x004},
    KeyPairBit{"EC", "P-256", 0, 0x008}, KeyPairBit{"EC", "P-384", 0, 0x010}, KeyPairBit{"EC", "P-521", 0, 0x020},
    KeyPairBit{"SM2", "SM2", 0, 0x040},  KeyPairBit{"ED25519", "", 0, 0x080}, KeyPairBit{"ED448", "", 0, 0x100},
};

std::uint32_t key_pair_bit(const AsymAlgorithm& algorithm) {
  for (const KeyPairBit& row : kKeyPairBits)
    if (row.key == algorithm.key && row.group == algorithm.group && row.key_bits == algorithm.key_bits) return row.bit;
  return 0;
}

// The AlgorithmIdentifier inside SubjectPublicKeyInfo: the first element of the outer SEQUENCE, itself short.
Bytes algorithm_identifier(const Bytes& spki) {
  std::size_t at = 1;
  at += (spki.at(at) & 0x80) != 0 ? 1 + std::size_t{spki.at(at)} % 0x80 : 1;
  const std::size_t size = 2 + std::size_t{spki.at(at + 1)};
  return to_bytes(View(spki).subspan(at, std::min(size, spki.size() - at)));
}

}  // namespace

Bytes Responder::endpoint_info(Reader& reader) {
  const View message = reader.rest();
  const GetEndpointInfo request = GetEndpointInfo::decode(reader, version_byte());
  if (request.subcode != kDeviceClassIdentifier) throw Refusal{ErrorCode::invalid_request};
  EndpointInfoResponse response;
  response.info = profile_->endpoint_info;
  if (!request.signature) return response.encode(version_byte());

  if ((parameters_.responder.flags & cap::ep_info_mask) != cap::ep_info_sig)
    throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(Code::get_endpoint_info)};
  const DeviceSlot& found = signing_slot(request.slot, key_usage::endpoint_info);
  // The encoder omits the nonce from a message without signature, so the fixed part is written here.
  Writer writer = begin(version_byte(), Code::endpoint_info, 0, slot_nibble(request.slot));
  writer.zeros(4).bytes(crypto::random(32)).u32(response.info.size()).bytes(response.info);
  return sign_endpoint_info(message.first(reader.offset()), writer.take(), found);
}

// Fixed key pairs, as a device without SET_KEY_PAIR_INFO_CAP has them.
Bytes Responder::key_pair_info(Reader& reader) {
  expect(reader, Code::get_key_pair_info, version_byte());
  const std::uint8_t id = reader.u8("KeyPairID");
  std::uint8_t total = 0;
  unsigned slot_mask = 0;
  const DeviceSlot* found = nullptr;
  for (const DeviceSlot& slot : profile_->slots) {
    if (slot.id == kProvisionedKey || !slot.key) continue;
    total = std::max(total, slot.key_pair_id);
    if (slot.key_pair_id != id) continue;
    slot_mask |= 1U << slot.id;
    found = &slot;
  }
  if (id == 0 || found == nullptr) throw Refusal{ErrorCode::invalid_request};
  std::uint32_t classical = 0, pqc = 0;
  for (const AsymAlgorithm& row : asym_algorithms())
    if (found->key->fits(row)) (row.pqc ? pqc : classical) |= row.pqc ? row.bit : key_pair_bit(row);
  const Bytes info = algorithm_identifier(found->key->public_spki());
  Writer writer = begin(version_byte(), Code::key_pair_info);
  writer.u8(total).u8(id).u16(0).u16(found->key_usage).u16(found->key_usage).u32(classical).u32(classical);
  writer.u16(info.size()).u8(slot_mask).bytes(info);
  if (version_byte() >= k14) writer.u8(4).u32(pqc).u8(4).u32(pqc);
  return writer.take();
}

Bytes Responder::vendor_defined(Reader& reader) {
  VendorDefined request = VendorDefined::decode_request(reader, version_byte());
  if (const std::optional<PciProtocol> protocol = pci_protocol_of(request); protocol && pci_ && pci_->has(*protocol)) {
    const Secret payload(std::move(request.payload));  // it may hold a key
    return pci_message(*protocol, View(*payload).subspan(1), request.large);
  }
  const auto& table = profile_->vendor_replies;
  const auto row = std::find_if(table.begin(), table.end(), [&](const DeviceVendorReply& reply) {
    return reply.standard_id == request.standard_id && reply.vendor_id == request.vendor_id &&
           (!reply.request || *reply.request == request.payload);
  });
  if (row == table.end()) throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(Code::vendor_defined_request)};
  VendorDefined response = request;
  if (row->response) response.payload = *row->response;
  return response.encode(Code::vendor_defined_response, version_byte());
}

}  // namespace spdm
