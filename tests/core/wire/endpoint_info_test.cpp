#include "core/wire/endpoint_info.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

const Bytes kInfo{1, 0, 0, 0, 7, 3, 0, 1, 3, 0x12, 0x34, 0x56};

GetEndpointInfo request(bool sign, std::uint8_t slot = 0) {
  GetEndpointInfo out;
  out.signature = sign;
  out.slot = slot;
  return out;
}

EndpointInfoResponse response(bool sign, std::uint8_t slot = 0) {
  EndpointInfoResponse out;
  out.slot = slot;
  out.info = kInfo;
  if (sign) out.signature = Bytes(64, 0x51);
  return out;
}

EndpointInfoResponse read(View message, const GetEndpointInfo& request) {
  return decode<EndpointInfoResponse>(message, request, parameters(k13));
}

}  // namespace

TEST_CASE("N301 ENDPOINT_INFO: slot, length and signature") {
  CHECK(read(response(true, 2).encode(k13), request(true, 2)).signature.size() == 64);
  CHECK(read(response(true, kProvisionedKey).encode(k13), request(true, kProvisionedKey)).slot == kProvisionedKey);
  malformed("SlotID", [] { read(response(true, 2).encode(k13), request(true, 1)); });
  Bytes unsigned_with_slot = response(false).encode(k13);
  unsigned_with_slot[3] = 1;
  malformed("SlotID", [&] { read(unsigned_with_slot, request(false)); });
  malformed("", [] { read(response(false).encode(k13), request(true)); });
  malformed("", [] { read(response(true).encode(k13), request(false)); });
  for (const bool sign : {false, true}) {
    const Bytes whole = response(sign).encode(k13);
    refused_when_cut(whole, [&](View cut) { read(cut, request(sign)); });
    Bytes longer = whole;
    longer[sign ? 43 : 11] = 0xFF;  // EPInfoLength
    malformed("EPInfo", [&] { read(longer, request(sign)); });
  }
}

TEST_CASE("endpoint info: device classes") {
  const std::vector<DeviceClass> classes = read_device_classes(kInfo);
  REQUIRE(classes.size() == 1);
  CHECK(classes[0].registry == 3);
  CHECK(classes[0].sub_ids == std::vector<Bytes>{{0x12, 0x34, 0x56}});
  refused_when_cut(kInfo, [](View cut) { read_device_classes(cut); });
  for (std::size_t at = 0; at < kInfo.size(); ++at) {
    if (at >= 1 && at <= 3) continue;  // reserved
    Bytes bad = kInfo;
    bad[at] = 0xFF;
    if (at == 5 || at >= 9) continue;  // values
    CHECK_THROWS_AS(read_device_classes(bad), Error);
  }
}
