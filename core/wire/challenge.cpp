#include "core/wire/challenge.h"

#include "core/text.h"

namespace spdm {

std::uint8_t check_slot(const Reader& reader, std::uint8_t slot) {
  if (slot >= kSlots && slot != kProvisionedKey) reader.fail("SlotID", cat(slot, ", slots are 0 to 7 and 255"));
  return slot;
}

Summary check_summary(const Reader& reader, std::uint8_t summary) {
  const auto out = static_cast<Summary>(summary);
  if (out != Summary::none && out != Summary::tcb && out != Summary::all)
    reader.fail("MeasurementSummaryHashType", cat(summary, " is reserved"));
  return out;
}

Bytes read_summary_hash(Reader& reader, Summary asked, const Parameters& parameters) {
  if (asked == Summary::none || !parameters.responder.has(cap::meas_mask)) return {};
  return to_bytes(reader.take(parameters.hash_size(), "MeasurementSummaryHash"));
}

Bytes Challenge::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::challenge, slot, static_cast<std::uint8_t>(summary));
  writer.bytes(nonce);
  if (version >= k13) writer.bytes(context);
  return writer.take();
}

Challenge Challenge::decode(Reader& reader, std::uint8_t version) {
  Challenge out;
  const Header header = expect(reader, Code::challenge, version);
  out.slot = check_slot(reader, header.param1);
  out.summary = check_summary(reader, header.param2);
  out.nonce = reader.block<32>("Nonce");
  if (version >= k13) out.context = reader.block<8>("RequesterContext");
  return out;
}

Bytes ChallengeAuth::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::challenge_auth,
                        version == k10 ? slot : static_cast<std::uint8_t>(slot_nibble(slot) | (basic_mut_auth ? 0x80 : 0)), slot_mask);
  writer.bytes(cert_chain_hash).bytes(nonce).bytes(summary_hash);
  write_opaque(writer, opaque);
  if (version >= k13) writer.bytes(context);
  writer.bytes(signature);
  return writer.take();
}

ChallengeAuth ChallengeAuth::decode(Reader& reader, const Challenge& request, const Parameters& parameters) {
  ChallengeAuth out;
  const std::uint8_t version = parameters.version;
  const Header header = expect(reader, Code::challenge_auth, version);
  // DSP0274 CHALLENGE_AUTH, N174, N176: 1.0 has the slot number in the whole byte, later versions in bits 3:0.
  out.slot = version == k10 ? header.param1 : slot_from_nibble(slot_nibble(header.param1));
  if (out.slot != request.slot && !(version == k10 && slot_from_nibble(header.param1) == request.slot))
    reader.breaks("SlotID", cat(out.slot, ", challenged ", request.slot));
  out.slot = request.slot;
  out.slot_mask = header.param2;
  // DSP0274 CHALLENGE_AUTH, N175: a slot that is not provisioned has no key to sign with.
  if (request.slot != kProvisionedKey && (out.slot_mask >> request.slot & 1) == 0)
    reader.breaks("SlotMask", cat("0x", hex(out.slot_mask, 2), " does not have slot ", request.slot));
  out.basic_mut_auth = version >= k11 && (header.param1 & 0x80) != 0;
  // DSP0274 CHALLENGE_AUTH, N178, N179: a responder cannot ask for what we do not offer.
  if (out.basic_mut_auth && !(parameters.requester.has(cap::mut_auth) && parameters.responder.has(cap::mut_auth)))
    reader.breaks("BasicMutAuthReq", "set, but mutual authentication was not negotiated");

  out.cert_chain_hash = to_bytes(reader.take(parameters.hash_size(), "CertChainHash"));
  out.nonce = reader.block<32>("Nonce");
  out.summary_hash = read_summary_hash(reader, request.summary, parameters);  // DSP0274 CHALLENGE_AUTH, N190
  out.opaque = read_opaque(reader, parameters);
  if (version >= k13) {
    out.context = reader.block<8>("RequesterContext");
    // DSP0274 CHALLENGE_AUTH, N183: RequesterContext binds the response to our request.
    if (out.context != request.context) reader.breaks("RequesterContext", "is not the one that was sent");
  }
  out.signature = to_bytes(reader.take(parameters.signature_size(), "Signature"));  // DSP0274 CHALLENGE_AUTH, N184
  return out;
}

}  // namespace spdm
