// VENDOR_DEFINED_REQUEST / VENDOR_DEFINED_RESPONSE (DSP0274, the section of that title; large form since 1.4).
#pragma once

#include "core/wire/negotiate.h"

namespace spdm {

inline constexpr std::uint32_t kMaxVendorPayload = 1U << 20;

struct VendorDefined {
  std::uint16_t standard_id = 0;  // a registry, see opaque.h
  Bytes vendor_id;
  bool large = false;  // 1.4
  Bytes payload;

  Bytes encode(Code code, std::uint8_t version) const;
  static VendorDefined decode_request(Reader& reader, std::uint8_t version);
  static VendorDefined decode_response(Reader& reader, const VendorDefined& request, const Parameters& parameters);
};

}  // namespace spdm
