// Transcripts and signatures of the responder (DSP0274 "Signature generation"). Those of the requester are in
// core/evidence/transcript.h.
#include "core/error.h"
#include "core/responder/responder.h"
#include "core/wire/endpoint_info.h"

namespace spdm {

namespace {

constexpr std::size_t kNonceSize = 32;

crypto::Hasher& running(std::optional<crypto::Hasher>& hasher, const HashAlgorithm& hash, View begin) {
  if (!hasher) {
    hasher.emplace(hash);
    hasher->update(begin);
  }
  return *hasher;
}

// The fault stale-nonce signs for another nonce than the requester's, as a replayed answer would be.
Bytes hashed_request(View request, const StruckBy& struck, std::size_t nonce_offset) {
  Bytes out = to_bytes(request);
  if (find_fault(struck, FaultKind::stale_nonce) != nullptr)
    for (std::size_t i = nonce_offset; i < nonce_offset + kNonceSize && i < out.size(); ++i) out[i] ^= 0xFF;
  return out;
}

Bytes signed_with(const Parameters& parameters, const DeviceSlot& slot, std::string_view context, crypto::Hasher& transcript) {
  return crypto::sign(*slot.key, *parameters.asym, *parameters.hash, parameters.version, context, transcript.finish());
}

}  // namespace

// M1/M2 = A, B, C in every version.
void Responder::append_m1m2(View request, View response) {
  if (parameters_.hash == nullptr) return;
  crypto::Hasher& transcript = running(m1m2_, *parameters_.hash, vca_);
  transcript.update(request);
  transcript.update(response);
}

Bytes Responder::sign_m1m2(View request, Bytes response, const DeviceSlot& slot) {
  edit_before_signing(struck_, response);
  append_m1m2(hashed_request(request, struck_, 4), response);
  append(response, signed_with(parameters_, slot, kChallengeAuthContext, *m1m2_));
  m1m2_.reset();
  return response;
}

// L1/L2 = M, from 1.2 on A before it.
void Responder::append_l1l2(View request, View response) {
  if (parameters_.hash == nullptr) return;
  crypto::Hasher& transcript = running(here().l1l2, *parameters_.hash, version_byte() >= k12 ? View(vca_) : View());
  transcript.update(request);
  transcript.update(response);
}

Bytes Responder::sign_l1l2(View request, Bytes response, const DeviceSlot& slot) {
  edit_before_signing(struck_, response);
  append_l1l2(hashed_request(request, struck_, 4), response);
  append(response, signed_with(parameters_, slot, kMeasurementsContext, *here().l1l2));
  here().l1l2.reset();
  return response;
}

// IL1/IL2 = A and this one exchange.
Bytes Responder::sign_endpoint_info(View request, Bytes response, const DeviceSlot& slot) {
  edit_before_signing(struck_, response);
  std::optional<crypto::Hasher> transcript;
  running(transcript, *parameters_.hash, vca_).update(hashed_request(request, struck_, 8));
  transcript->update(response);
  append(response, signed_with(parameters_, slot, kEndpointInfoContext, *transcript));
  return response;
}

// Faults of this signature are made here: what comes after it in the message is computed over it.
Bytes Responder::sign_key_exchange(SessionTranscript before, View request, View response, const DeviceSlot& slot) {
  before.append(hashed_request(request, struck_, 8));
  before.append(response);
  Bytes out = crypto::sign(*slot.key, *parameters_.asym, *parameters_.hash, version_byte(), kKeyExchangeContext, before.hash());
  if (first_signature_.empty()) first_signature_ = out;
  if (find_fault(struck_, FaultKind::old_signature) != nullptr) out = first_signature_;
  if (find_fault(struck_, FaultKind::bad_signature) != nullptr) out.back() ^= 1;
  return out;
}

}  // namespace spdm
