#include "core/wire/finish.h"

#include "core/text.h"

namespace spdm {

namespace {
constexpr std::uint8_t kSignatureIncluded = 1;
}

Bytes Finish::encode(std::uint8_t version) const {
  const bool is_signed = !signature.empty();
  Writer writer = begin(version, Code::finish, is_signed ? kSignatureIncluded : 0, is_signed ? slot : 0);
  if (version >= k14) write_opaque(writer, opaque);
  writer.bytes(signature).bytes(verify_data);
  return writer.take();
}

Finish Finish::decode(Reader& reader, const Parameters& parameters) {
  Finish out;
  const Header header = expect(reader, Code::finish, parameters.version);
  const bool is_signed = (header.param1 & kSignatureIncluded) != 0;
  if (is_signed) out.slot = check_slot(reader, header.param2);
  if (parameters.version >= k14) out.opaque = read_opaque(reader, parameters);
  if (is_signed) {
    if (parameters.req_asym == nullptr) reader.fail("Signature", "its size is not known, the requester has no signature algorithm");
    out.signature = to_bytes(reader.take(parameters.req_asym->signature_size, "Signature"));
  }
  out.verify_data = to_bytes(reader.take(parameters.hash_size(), "RequesterVerifyData"));
  return out;
}

Bytes FinishResponse::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::finish_rsp);
  if (version >= k14) write_opaque(writer, opaque);
  writer.bytes(verify_data);
  return writer.take();
}

FinishResponse FinishResponse::decode(Reader& reader, const Parameters& parameters) {
  FinishResponse out;
  expect(reader, Code::finish_rsp, parameters.version);
  if (parameters.version >= k14) out.opaque = read_opaque(reader, parameters);
  if (parameters.handshake_in_the_clear())  // DSP0274 FINISH_RSP, N239
    out.verify_data = to_bytes(reader.take(parameters.hash_size(), "ResponderVerifyData"));
  return out;
}

}  // namespace spdm
