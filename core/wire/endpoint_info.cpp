#include "core/wire/endpoint_info.h"

#include "core/text.h"

namespace spdm {

Bytes GetEndpointInfo::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::get_endpoint_info, subcode, signature ? slot_nibble(slot) : 0);
  writer.u8(signature ? 1 : 0).zeros(3);
  if (signature) writer.bytes(nonce);
  return writer.take();
}

GetEndpointInfo GetEndpointInfo::decode(Reader& reader, std::uint8_t version) {
  GetEndpointInfo out;
  const Header header = expect(reader, Code::get_endpoint_info, version);
  out.subcode = header.param1;
  out.slot = slot_from_nibble(slot_nibble(header.param2));
  out.signature = (reader.u8("RequestAttributes") & 1) != 0;
  reader.skip(3, "reserved");
  if (out.signature) out.nonce = reader.block<32>("Nonce");
  return out;
}

Bytes EndpointInfoResponse::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::endpoint_info, 0, signature.empty() ? 0 : slot_nibble(slot));
  writer.zeros(4);
  if (!signature.empty()) writer.bytes(nonce);
  writer.u32(info.size()).bytes(info).bytes(signature);
  return writer.take();
}

EndpointInfoResponse EndpointInfoResponse::decode(Reader& reader, const GetEndpointInfo& request, const Parameters& parameters) {
  EndpointInfoResponse out;
  const Header header = expect(reader, Code::endpoint_info, parameters.version);
  out.slot = slot_nibble(header.param2);
  const std::uint8_t expected = request.signature ? slot_nibble(request.slot) : 0;
  // DSP0274 ENDPOINT_INFO, N301: a signature by the key of another slot is refused.
  if (out.slot != expected) reader.breaks("SlotID", cat(out.slot, ", expected ", expected));
  out.slot = request.slot;
  reader.skip(4, "reserved");
  if (request.signature) out.nonce = reader.block<32>("Nonce");
  out.info = to_bytes(reader.take(reader.u32("EPInfoLength"), "EPInfo"));
  if (request.signature) out.signature = to_bytes(reader.take(parameters.signature_size(), "Signature"));
  return out;
}

std::vector<DeviceClass> read_device_classes(View info) {
  Reader reader(info, "ENDPOINT_INFO EPInfo");
  const std::uint8_t count = reader.u8("NumIdentifiers");
  reader.skip(3, "reserved");
  std::vector<DeviceClass> out;
  for (unsigned i = 0; i < count; ++i) {
    Reader element(reader.take(reader.u8("IDElemLength"), "identifier element"), reader.message());
    DeviceClass entry;
    entry.registry = element.u8("ID");
    entry.vendor = to_bytes(element.take(element.u8("VendorIDLen"), "VendorID"));
    const std::uint8_t subs = element.u8("NumSubIDs");
    for (unsigned k = 0; k < subs; ++k) entry.sub_ids.push_back(to_bytes(element.take(element.u8("SubIDLen"), "SubID")));
    element.assert_done();
    out.push_back(std::move(entry));
  }
  reader.assert_done();
  return out;
}

}  // namespace spdm
