#include "core/wire/certificate.h"

#include <algorithm>

#include "core/text.h"

namespace spdm {

namespace {
constexpr std::uint8_t kLarge = 0x80;
}

Bytes GetCertificate::encode(std::uint8_t version) const {
  const bool large_form = version >= k14 && large;
  Writer writer = begin(version, Code::get_certificate, static_cast<std::uint8_t>(slot | (large_form ? kLarge : 0)),
                        version >= k13 && slot_size_requested ? 1 : 0);
  if (large_form)
    writer.u16(0).u16(0).u32(offset).u32(length);
  else
    writer.u16(offset).u16(length);
  return writer.take();
}

GetCertificate GetCertificate::decode(Reader& reader, std::uint8_t version) {
  GetCertificate out;
  const Header header = expect(reader, Code::get_certificate, version);
  out.slot = slot_nibble(header.param1);
  if (out.slot >= kSlots) reader.fail("SlotID", cat(out.slot, ", slots are 0 to 7"));
  out.large = version >= k14 && (header.param1 & kLarge) != 0;
  out.slot_size_requested = version >= k13 && (header.param2 & 1) != 0;
  out.offset = reader.u16("Offset");
  out.length = reader.u16("Length");
  if (out.large) {
    out.offset = reader.u32("LargeOffset");
    out.length = reader.u32("LargeLength");
  }
  return out;
}

Bytes CertificateResponse::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::certificate, static_cast<std::uint8_t>(slot | (large ? kLarge : 0)), version >= k13 ? model : 0);
  if (large)
    writer.u16(0).u16(0).u32(portion.size()).u32(remainder);
  else
    writer.u16(portion.size()).u16(remainder);
  writer.bytes(portion);
  return writer.take();
}

CertificateResponse CertificateResponse::decode(Reader& reader, const GetCertificate& request, const Parameters& parameters) {
  CertificateResponse out;
  const std::uint8_t version = parameters.version;
  const Header header = expect(reader, Code::certificate, version);
  out.slot = slot_nibble(header.param1);
  // DSP0274 CERTIFICATE, N133: the chain of another slot proves nothing about this one.
  if (out.slot != request.slot) reader.breaks("SlotID", cat(out.slot, ", asked for ", request.slot));
  out.large = version >= k14 && (header.param1 & kLarge) != 0;
  // DSP0274 CERTIFICATE, N143: in the other form the length fields have another size.
  if (out.large != request.large) reader.fail("LargeCertChain", "differs from the request");
  if (version >= k13) out.model = header.param2 & 7;
  if (out.model > static_cast<std::uint8_t>(CertModel::generic)) reader.breaks("CertModel", cat(out.model, " does not exist"));
  // DSP0274 CERTIFICATE, N145: with a single key the field is reserved, and the model follows from ALIAS_CERT_CAP.
  if (out.model != 0 && !parameters.multi_key_responder) reader.breaks("CertModel", cat(out.model, " on a single-key connection"));

  std::uint64_t size = reader.u16("PortionLength"), remainder = reader.u16("RemainderLength");
  if (out.large) {
    size = reader.u32("LargePortionLength");
    remainder = reader.u32("LargeRemainderLength");
  }
  if (request.slot_size_requested) {
    // DSP0274 CERTIFICATE, N147: a portion that nobody asked for has no place in the chain.
    if (size != 0) reader.fail("PortionLength", cat(size, " bytes of data, only the slot size was asked for"));
  } else {
    // DSP0274 CERTIFICATE, N134: a portion must make progress. libspdm answers a request of length 0 with nothing and the whole
    // remainder.
    if (size == 0) reader.fail("PortionLength", "0, no progress");
    // DSP0274 CERTIFICATE, N135: surplus bytes would shift the next portion.
    if (size > request.length) reader.fail("PortionLength", cat(size, ", at most ", request.length, " were asked for"));
    const std::uint64_t limit = out.large ? kMaxCertificateChain : 0xFFFF;
    // DSP0274 CERTIFICATE, N137, N140, N144: summed in 64 bits, and bounded before memory is taken.
    if (request.offset + size + remainder > limit)
      reader.fail("RemainderLength", cat("a chain of ", request.offset + size + remainder, " bytes, at most ", limit, " are taken"));
    // DSP0274 CERTIFICATE, N146: the model decides how the leaf is appraised.
    if (parameters.multi_key_responder && out.model == 0) reader.breaks("CertModel", "none, although the slot holds a chain");
    if (parameters.multi_key_responder && out.slot == 0 && out.model == static_cast<std::uint8_t>(CertModel::generic))
      reader.breaks("CertModel", "slot 0 cannot hold a GenericCert");
  }
  // DSP0274 CERTIFICATE, N142: a request for a whole chain that fits the messages of both sides gets it whole.
  const bool fits = std::min(parameters.requester.max_message_size, parameters.responder.max_message_size) >= 8U + 0xFFFFU;
  if (parameters.chunking() && fits && !out.large && request.offset == 0 && request.length == 0xFFFF && remainder != 0)
    reader.breaks("RemainderLength", cat(remainder, ", the whole chain was asked for and fits"));
  out.remainder = static_cast<std::uint32_t>(remainder);
  out.portion = to_bytes(reader.take(size, "CertChain"));  // DSP0274 CERTIFICATE, N136
  return out;
}

void ChainReader::add(const GetCertificate& request, const CertificateResponse& response) {
  constexpr std::string_view message = "CERTIFICATE";
  if (request.slot_size_requested) return;
  if (request.offset == 0) *this = {};  // a new reading of the slot
  if (request.offset != chain_.size())
    malformed(message, "Offset", cat("portion at ", request.offset, ", the chain read so far ends at ", chain_.size()));
  const std::uint64_t total = std::uint64_t{request.offset} + response.portion.size() + response.remainder;
  if (request.offset == 0) {
    total_ = total;
    model_ = response.model;
  }
  // DSP0274 CERTIFICATE, N138: a chain that changes while it is read is refused.
  if (total != total_) malformed(message, "RemainderLength", cat("the chain was ", total_, " bytes, now it is ", total));
  // DSP0274 CERTIFICATE, N145: one chain has one model.
  if (response.model != model_) malformed(message, "CertModel", cat("was ", model_, ", now it is ", response.model));
  append(chain_, response.portion);
}

}  // namespace spdm
