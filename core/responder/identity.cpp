// GET_DIGESTS, GET_CERTIFICATE and CHALLENGE of the responder.
#include <algorithm>

#include "core/error.h"
#include "core/responder/responder.h"

namespace spdm {

namespace {
constexpr std::uint32_t kLargest16 = 0xFFFF;
}

bool Responder::visible(const DeviceSlot& slot) const {
  if (slot.multi_key_only && !parameters_.multi_key_responder) return false;
  return slot.key && parameters_.asym != nullptr && slot.key->fits(*parameters_.asym);
}

const DeviceSlot* Responder::slot(std::uint8_t id) const {
  const auto it =
      std::find_if(profile_->slots.begin(), profile_->slots.end(), [&](const DeviceSlot& slot) { return slot.id == id && visible(slot); });
  return it == profile_->slots.end() ? nullptr : &*it;
}

std::uint8_t Responder::provisioned_slots() const {
  unsigned mask = 0;
  for (std::uint8_t id = 0; id < kSlots; ++id)
    if (slot(id) != nullptr) mask |= 1U << id;
  return static_cast<std::uint8_t>(mask);
}

const DeviceSlot& Responder::signing_slot(std::uint8_t id, std::uint16_t usage) const {
  const DeviceSlot* out = slot(id);
  // The provisioned key replaces the slots (DSP0274 PUB_KEY_ID_CAP); it is not one more slot.
  const bool there = out != nullptr && (id != kProvisionedKey || has(cap::pub_key_id));
  if (!there || parameters_.hash == nullptr) throw Refusal{ErrorCode::invalid_request};
  if (parameters_.multi_key_responder && id != kProvisionedKey && (out->key_usage & usage) == 0) throw Refusal{ErrorCode::invalid_request};
  return *out;
}

Bytes Responder::digests(Reader& reader) {
  const View request = reader.rest().first(kHeaderSize);
  expect(reader, Code::get_digests, version_byte());
  DigestsResponse response;
  response.provisioned_slots = provisioned_slots();
  if (response.provisioned_slots == 0 || parameters_.hash == nullptr) throw Refusal{ErrorCode::unspecified};
  response.supported_slots = static_cast<std::uint8_t>(response.provisioned_slots | profile_->empty_slots);
  for (std::uint8_t id = 0; id < kSlots; ++id) {
    const DeviceSlot* found = slot(id);
    if (found == nullptr) continue;
    const Bytes chain = build_chain(*found, *parameters_.hash);
    SlotDigest& entry = response.slots.emplace_back();
    entry.slot = id;
    // A slot with a key and no certificate has a digest of zeros (1.3+).
    entry.digest = chain.empty() ? Bytes(parameters_.hash_size()) : crypto::hash(*parameters_.hash, chain);
    entry.key_pair_id = found->key_pair_id;
    entry.model = chain.empty() ? CertModel::none : found->model;
    entry.key_usage = found->key_usage;
  }
  Bytes out = response.encode(parameters_);
  if (inside()) return out;  // B is of the messages outside of sessions
  m1m2_.reset();             // it begins anew with each GET_DIGESTS
  append_m1m2(request, out);
  if (parameters_.multi_key_responder && is_first_) first_digests_ = out;
  return out;
}

Bytes Responder::certificate(Reader& reader) {
  const std::uint8_t version = version_byte();
  const View message = reader.rest();
  // The large form needs our LARGE_RESP_CAP, whatever the requester announces.
  if (version >= k14 && (message[2] & 0x80) != 0 && !has(cap::large_resp))
    throw Refusal{ErrorCode::unsupported_request, static_cast<std::uint8_t>(Code::get_certificate)};
  const GetCertificate request = GetCertificate::decode(reader, version);
  const DeviceSlot* found = slot(request.slot);
  if (found == nullptr || parameters_.hash == nullptr) throw Refusal{ErrorCode::invalid_request};
  const Bytes chain = build_chain(*found, *parameters_.hash);
  const auto size = static_cast<std::uint32_t>(chain.size());
  if (version >= k14 && !request.large && size > kLargest16) throw Refusal{ErrorCode::data_too_large, 0, Writer().u32(size).take()};

  CertificateResponse response;
  response.slot = request.slot;
  response.large = request.large;
  if (parameters_.multi_key_responder && size != 0) response.model = static_cast<std::uint8_t>(found->model);
  if (request.slot_size_requested) {
    response.remainder = request.large ? size : kLargest16;
  } else {
    if (request.offset >= size) throw Refusal{ErrorCode::invalid_request};
    std::uint32_t length = std::min(request.length, size - request.offset);
    // Without chunks a portion must fit one message.
    const std::size_t header = request.large ? 16 : 8;
    if (!parameters_.chunking()) length = std::min(length, static_cast<std::uint32_t>(send_limit() - header));
    response.remainder = size - request.offset - length;
    response.portion = to_bytes(View(chain).subspan(request.offset, length));
  }
  Bytes out = response.encode(version);
  if (!inside()) append_m1m2(message.first(reader.offset()), out);
  return out;
}

// What transcripts have the hash of.
Bytes Responder::identity(const DeviceSlot& slot) const {
  return slot.id == kProvisionedKey ? slot.key->public_spki() : build_chain(slot, *parameters_.hash);
}

Bytes Responder::challenge_auth(Reader& reader) {
  const std::uint8_t version = version_byte();
  const View message = reader.rest();
  const Challenge request = Challenge::decode(reader, version);
  const DeviceSlot& found = signing_slot(request.slot, key_usage::challenge);

  ChallengeAuth response;
  response.slot = request.slot;
  response.slot_mask = request.slot == kProvisionedKey ? 0 : provisioned_slots();
  response.basic_mut_auth = wants_basic_mutual_auth();
  response.cert_chain_hash = crypto::hash(*parameters_.hash, identity(found));
  const Bytes nonce = crypto::random(response.nonce.size());
  std::copy(nonce.begin(), nonce.end(), response.nonce.begin());
  response.summary_hash = summary_hash(request.summary);
  // From 1.2 on there is no opaque data unless a format for it was negotiated.
  if (version < k12 || parameters_.opaque_format != 0) response.opaque = profile_->challenge_opaque;
  response.context = request.context;
  Bytes out = sign_m1m2(message.first(reader.offset()), response.encode(version), found);
  authenticated_ = true;
  if (response.basic_mut_auth) {
    const bool has_chain = parameters_.requester.has(cap::cert);
    begin_flow(outside_, ResponderFlow::Purpose::basic_mutual_auth, has_chain ? Code::get_digests : Code::challenge);
  }
  return out;
}

}  // namespace spdm
