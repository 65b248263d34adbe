#include "core/wire/vendor_defined.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

VendorDefined message(std::uint16_t standard = 3, Bytes vendor = {0x36, 0x1B}, bool large = false) {
  return {.standard_id = standard, .vendor_id = std::move(vendor), .large = large, .payload = {1, 2, 3}};
}

VendorDefined read(View bytes, const VendorDefined& request, std::uint8_t version = k12) {
  Reader reader(bytes, "VENDOR_DEFINED_RESPONSE");
  VendorDefined out = VendorDefined::decode_response(reader, request, parameters(version));
  reader.assert_done();
  return out;
}

Bytes encoded(const VendorDefined& out, std::uint8_t version = k12) { return out.encode(Code::vendor_defined_response, version); }

}  // namespace

TEST_CASE("N307 vendor-defined answers") {
  CHECK(read(encoded(message()), message()).payload == Bytes{1, 2, 3});
  CHECK(read(encoded(message(3, {0x36, 0x1B}, true), k14), message(3, {0x36, 0x1B}, true), k14).large);
  malformed("VendorIDLen", [] { read(encoded(message(3, {1, 2, 3})), message()); });
  malformed("VendorIDLen", [] { read(encoded(message(0, {1})), message()); });
  malformed("VendorIDLen", [] { read(encoded(message(0x0C, {})), message()); });
  malformed("StandardID", [] { read(encoded(message(2)), message()); });
  malformed("StandardID", [] { read(encoded(message(3, {0x36, 0x1C})), message()); });
  malformed("Large", [] { read(encoded(message(3, {0x36, 0x1B}, true), k14), message(), k14); });
  malformed("Large", [] { read(encoded(message(), k14), message(3, {0x36, 0x1B}, true), k14); });
  for (const bool large : {false, true}) {
    const VendorDefined same = message(3, {0x36, 0x1B}, large);
    const Bytes whole = encoded(same, k14);
    refused_when_cut(whole, [&](View cut) { read(cut, same, k14); });
    Bytes past = whole;
    past[large ? 11 : 9] = 4;
    malformed("Payload", [&] { read(past, same, k14); });
  }
  Bytes huge = encoded(message(3, {0x36, 0x1B}, true), k14);
  for (std::size_t i = 11; i < 15; ++i) huge[i] = 0xFF;
  malformed("PayloadLength", [&] { read(huge, message(3, {0x36, 0x1B}, true), k14); });
}

TEST_CASE("vendor defined: the 16-bit length of the large form is ignored") {
  const VendorDefined same = message(3, {0x36, 0x1B}, true);
  Bytes bytes = encoded(same, k14);
  bytes[9] = bytes[10] = 0xEE;
  CHECK(read(bytes, same, k14).payload.size() == 3);
}
