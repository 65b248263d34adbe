// GET_ENDPOINT_INFO / ENDPOINT_INFO (DSP0274 1.3+).
#pragma once

#include "core/wire/negotiate.h"

namespace spdm {

inline constexpr std::string_view kEndpointInfoContext = "responder-endpoint_info signing";
inline constexpr std::uint8_t kDeviceClassIdentifier = 1;  // SubCode

struct GetEndpointInfo {
  std::uint8_t subcode = kDeviceClassIdentifier;
  std::uint8_t slot = 0;  // only with a signature
  bool signature = false;
  Block<32> nonce{};  // only with a signature

  Bytes encode(std::uint8_t version) const;
  static GetEndpointInfo decode(Reader& reader, std::uint8_t version);
};

struct EndpointInfoResponse {
  std::uint8_t slot = 0;
  Block<32> nonce{};
  Bytes info;
  Bytes signature;

  Bytes encode(std::uint8_t version) const;
  static EndpointInfoResponse decode(Reader& reader, const GetEndpointInfo& request, const Parameters& parameters);
};

struct DeviceClass {
  std::uint8_t registry = 0;
  Bytes vendor;
  std::vector<Bytes> sub_ids;
};

// EPInfo of SubCode DeviceClassIdentifier; throws Error{peer}.
std::vector<DeviceClass> read_device_classes(View info);

}  // namespace spdm
