// GET_CAPABILITIES / CAPABILITIES (DSP0274, the section of that title).
#pragma once

#include <optional>
#include <string>

#include "core/wire/header.h"

namespace spdm {

namespace cap {
inline constexpr std::uint32_t cache = 1U << 0, cert = 1U << 1, chal = 1U << 2;
inline constexpr std::uint32_t meas_mask = 3U << 3, meas_no_sig = 1U << 3, meas_sig = 2U << 3, meas_fresh = 1U << 5;
inline constexpr std::uint32_t encrypt = 1U << 6, mac = 1U << 7, mut_auth = 1U << 8, key_ex = 1U << 9;
inline constexpr std::uint32_t psk_mask = 3U << 10, psk = 1U << 10, psk_with_context = 2U << 10;
inline constexpr std::uint32_t encap = 1U << 12, hbeat = 1U << 13, key_upd = 1U << 14, handshake_in_the_clear = 1U << 15;
inline constexpr std::uint32_t pub_key_id = 1U << 16, chunk = 1U << 17, alias_cert = 1U << 18, set_cert = 1U << 19;
inline constexpr std::uint32_t csr = 1U << 20, cert_install_reset = 1U << 21;
inline constexpr std::uint32_t ep_info_mask = 3U << 22, ep_info_no_sig = 1U << 22, ep_info_sig = 2U << 22;
inline constexpr std::uint32_t mel = 1U << 24, event = 1U << 25;
inline constexpr std::uint32_t multi_key_mask = 3U << 26, multi_key_only = 1U << 26, multi_key_neg = 2U << 26;
inline constexpr std::uint32_t get_key_pair_info = 1U << 28, set_key_pair_info = 1U << 29, set_key_pair_reset = 1U << 30;
inline constexpr std::uint32_t large_resp = 1U << 31;
}  // namespace cap

// MinDataTransferSize (DSP0274 CAPABILITIES): every peer can receive this much.
inline constexpr std::uint32_t kMinDataTransferSize = 42;

struct Capabilities {
  std::uint8_t ct_exponent = 0;  // cryptographic operations take up to 2^ct_exponent us
  std::uint16_t ext_flags = 0;   // 1.4
  std::uint32_t flags = 0;
  std::uint32_t data_transfer_size = 0;  // 1.2+: largest message its sender can receive in one piece
  std::uint32_t max_message_size = 0;    // 1.2+: largest message after reassembly

  bool has(std::uint32_t flag) const { return (flags & flag) != 0; }
};

// "CERT_CAP", "MEAS_CAP(sig)", ... in bit order, for people and JSON.
std::vector<std::string> flag_names(std::uint32_t flags);

struct GetCapabilities {
  Capabilities capabilities;
  bool want_algorithms = false;  // 1.3+: "Supported Algorithms" block

  Bytes encode(std::uint8_t version) const;
  static GetCapabilities decode(Reader& reader, std::uint8_t version);
};

// The "Supported Algorithms" block (1.3+): masks as in NEGOTIATE_ALGORITHMS, every bit that the responder can do.
struct SupportedAlgorithms {
  std::uint32_t base_asym = 0, base_hash = 0, pqc_asym = 0;
};

struct CapabilitiesResponse {
  Capabilities capabilities;   // flags unknown to the version are masked off
  Bytes supported_algorithms;  // 1.3+: the block as received; empty when absent

  Bytes encode(std::uint8_t version) const;
  // The block decoded; none when it is absent.
  std::optional<SupportedAlgorithms> supported() const;
  // Checks sizes, the legality of the flags (DSP0274 table "Flag fields definitions for the responder") and the block.
  static CapabilitiesResponse decode(Reader& reader, std::uint8_t version, const GetCapabilities& request);
};

}  // namespace spdm
