// NEGOTIATE_ALGORITHMS / ALGORITHMS (DSP0274, the section of that title).
#pragma once

#include "core/wire/algorithms.h"
#include "core/wire/capabilities.h"

namespace spdm {

// AlgStruct tables; the value is AlgType.
enum class AlgType : std::uint8_t { dhe = 2, aead = 3, req_base_asym = 4, key_schedule = 5, req_pqc_asym = 6, kem = 7 };

struct AlgStruct {
  AlgType type{};
  std::uint16_t supported = 0;
};

namespace other_params {
inline constexpr std::uint8_t opaque_mask = 0x0F, opaque_fmt0 = 0x01, opaque_fmt1 = 0x02, multi_key = 0x10;
}

inline constexpr std::uint8_t kDmtfMeasurementSpecification = 1, kDmtfMelSpecification = 1;

struct NegotiateAlgorithms {
  std::uint8_t measurement_specification = kDmtfMeasurementSpecification;
  std::uint8_t other_params = 0;  // OtherParamsSupport, 1.2+
  std::uint32_t base_asym = 0, base_hash = 0;
  std::uint32_t pqc_asym = 0;          // 1.4
  std::uint8_t mel_specification = 0;  // 1.3+
  std::vector<AlgStruct> tables;       // 1.1+, rising types

  Bytes encode(std::uint8_t version) const;
  static NegotiateAlgorithms decode(Reader& reader, std::uint8_t version);
};

struct AlgorithmsResponse {
  std::uint8_t measurement_specification = 0;
  std::uint8_t other_params = 0;  // OtherParamsSelection
  std::uint32_t measurement_hash = 0;
  std::uint32_t base_asym = 0, base_hash = 0, pqc_asym = 0;
  std::uint8_t mel_specification = 0;
  std::vector<AlgStruct> tables;

  Bytes encode(std::uint8_t version) const;
  // Checks shape, single selections, selections against the offer, and what the capabilities require.
  static AlgorithmsResponse decode(Reader& reader, std::uint8_t version, const NegotiateAlgorithms& offer, const Capabilities& requester,
                                   const Capabilities& responder);
};

// What the first three exchanges negotiated. Every later decoder needs some of it.
struct Parameters {
  std::uint8_t version = k10;
  Capabilities requester, responder;
  const AsymAlgorithm* asym = nullptr;  // nullptr when none was selected
  const HashAlgorithm* hash = nullptr;
  const HashAlgorithm* measurement_hash = nullptr;  // nullptr when none or raw bit streams only
  bool measurement_raw_only = false;
  std::uint8_t measurement_specification = 0;
  std::uint8_t mel_specification = 0;
  std::uint8_t opaque_format = 0;    // 0 none, other_params::opaque_fmt0 or opaque_fmt1
  bool multi_key_responder = false;  // MULTI_KEY_CONN_RSP
  bool multi_key_requester = false;  // MULTI_KEY_CONN_REQ
  // For sessions; nullptr and false when none was selected.
  const KeyExchangeAlgorithm* key_exchange = nullptr;
  const AeadAlgorithm* aead = nullptr;
  const AsymAlgorithm* req_asym = nullptr;  // what the requester signs with: ReqBaseAsymAlg or ReqPqcAsymAlg
  bool key_schedule = false;                // that of SPDM
  // Nobody has seen the negotiation (detached evidence): what is not known of it forbids nothing.
  bool assumed = false;

  std::size_t hash_size() const { return hash == nullptr ? 0 : hash->size; }
  std::size_t signature_size() const { return asym == nullptr ? 0 : asym->signature_size; }
  // Both sides announce CHUNK_CAP (1.2+).
  bool chunking() const { return version >= k12 && requester.has(cap::chunk) && responder.has(cap::chunk); }
  bool large_certificates() const { return version >= k14 && requester.has(cap::large_resp) && responder.has(cap::large_resp); }
  bool both(std::uint32_t flag) const { return requester.has(flag) && responder.has(flag); }
  // Whether the responder can open any session. SPDM 1.0 has none.
  bool opens_sessions() const { return version >= k11 && responder.has(cap::key_ex | cap::psk_mask); }
  // DSP0274 "Session": the handshake of a key exchange is not encrypted. A handshake by PSK always is.
  bool handshake_in_the_clear() const { return both(cap::handshake_in_the_clear); }
  // Records are encrypted, not only authenticated.
  bool encrypts() const { return both(cap::encrypt); }
  // Encapsulated requests (DSP0274 "GET_ENCAPSULATED_REQUEST"). In 1.2 MUT_AUTH_CAP alone says so, too.
  bool encapsulates() const {
    const auto can = [&](const Capabilities& side) { return side.has(cap::encap) || (version == k12 && side.has(cap::mut_auth)); };
    return can(requester) && can(responder);
  }
};

Parameters settle(std::uint8_t version, const Capabilities& requester, const Capabilities& responder, const NegotiateAlgorithms& offer,
                  const AlgorithmsResponse& selection);

}  // namespace spdm
