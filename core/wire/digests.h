// GET_DIGESTS / DIGESTS (DSP0274, the section of that title; the per-slot arrays since 1.3).
#pragma once

#include <array>
#include <optional>

#include "core/wire/negotiate.h"

namespace spdm {

inline constexpr unsigned kSlots = 8;

// CertificateInfo bits 2:0, and Param2 bits 2:0 of CERTIFICATE.
enum class CertModel : std::uint8_t { none = 0, device = 1, alias = 2, generic = 3 };
inline constexpr std::array kCertModels{
    Word{CertModel::none, "none"},
    Word{CertModel::device, "DeviceCert"},
    Word{CertModel::alias, "AliasCert"},
    Word{CertModel::generic, "GenericCert"},
};
static_assert(is_sound(kCertModels));
// The models that a chain can have.
inline constexpr auto kModelsOfChains = std::span(kCertModels).subspan<1>();
inline std::string_view name(CertModel model) { return row_of(kCertModels, model).name; }

struct SlotDigest {
  std::uint8_t slot = 0;
  Bytes digest;  // Hash(certificate chain)
  // Only on multi-key connections:
  std::uint8_t key_pair_id = 0;
  CertModel model = CertModel::none;
  std::uint16_t key_usage = 0;
};

namespace key_usage {
inline constexpr std::uint16_t key_ex = 1, challenge = 2, measurement = 4, endpoint_info = 8, reserved = 0x3FF0;
}

struct DigestsResponse {
  std::uint8_t supported_slots = 0;  // 1.3+; equals provisioned_slots before
  std::uint8_t provisioned_slots = 0;
  std::vector<SlotDigest> slots;  // ascending

  Bytes encode(const Parameters& parameters) const;
  static DigestsResponse decode(Reader& reader, const Parameters& parameters);
  const SlotDigest* find(std::uint8_t slot) const;
};

}  // namespace spdm
