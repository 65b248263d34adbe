#include "core/wire/vendor_defined.h"

#include "core/text.h"
#include "core/wire/opaque.h"

namespace spdm {

namespace {

constexpr std::uint8_t kLarge = 0x80;

VendorDefined read(Reader& reader, Code code, std::uint8_t version) {
  VendorDefined out;
  const Header header = expect(reader, code, version);
  out.large = version >= k14 && (header.param1 & kLarge) != 0;
  out.standard_id = reader.u16("StandardID");
  out.vendor_id = to_bytes(reader.take(reader.u8("VendorIDLen"), "VendorID"));
  if (!vendor_length_fits(out.standard_id, out.vendor_id.size()))  // DSP0274 VENDOR_DEFINED_RESPONSE, N307
    reader.breaks("VendorIDLen", cat(out.vendor_id.size(), " does not fit registry ", out.standard_id));
  // In the large form the 16-bit length is ignored, whatever it holds.
  std::size_t length = reader.u16("PayloadLength");
  if (out.large) length = reader.u32("LargePayloadLength");
  if (length > kMaxVendorPayload) reader.fail("PayloadLength", cat(length, ", at most ", kMaxVendorPayload, " are taken"));
  out.payload = to_bytes(reader.take(length, "Payload"));
  return out;
}

}  // namespace

Bytes VendorDefined::encode(Code code, std::uint8_t version) const {
  const bool large_form = version >= k14 && large;
  Writer writer = begin(version, code, large_form ? kLarge : 0);
  writer.u16(standard_id).u8(vendor_id.size()).bytes(vendor_id);
  if (large_form)
    writer.u16(0).u32(payload.size());
  else
    writer.u16(payload.size());
  writer.bytes(payload);
  return writer.take();
}

VendorDefined VendorDefined::decode_request(Reader& reader, std::uint8_t version) {
  return read(reader, Code::vendor_defined_request, version);
}

VendorDefined VendorDefined::decode_response(Reader& reader, const VendorDefined& request, const Parameters& parameters) {
  VendorDefined out = read(reader, Code::vendor_defined_response, parameters.version);
  // DSP0274 VENDOR_DEFINED_RESPONSE, N307: in the other form the length field has another size.
  if (out.large != request.large) reader.fail("Large", "differs from the request");
  if (out.standard_id != request.standard_id || out.vendor_id != request.vendor_id)
    reader.breaks("StandardID", "is not the one that was asked");
  return out;
}

}  // namespace spdm
