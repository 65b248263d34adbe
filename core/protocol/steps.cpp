#include "core/protocol/steps.h"

#include <algorithm>

#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/text.h"
#include "core/wire/tee_io.h"

namespace spdm {

namespace {

std::string offered_versions(const Connection& connection) {
  std::string out;
  for (const std::uint16_t entry : connection.versions()->entries) out += cat(out.empty() ? "" : ", ", entry >> 12, ".", entry >> 8 & 15);
  return out;
}

// We announce only what helps the responder to serve us (chunks, large chains). Every further flag opens another path
// in the responder.
Capabilities our_capabilities(const Requester& requester, const Wanted& wanted, std::uint8_t version) {
  Capabilities out;
  out.ct_exponent = 0;
  if (version >= k12) out.flags |= cap::chunk;
  if (version >= k14) out.flags |= cap::large_resp;
  if (wanted.session) out.flags |= wanted.session->capability_flags(version);
  out.data_transfer_size = requester.data_transfer_size();
  out.max_message_size = requester.limits().max_message;
  return out;
}

// Only algorithms that the crypto library can verify are offered.
NegotiateAlgorithms our_algorithms(const Connection& connection, const Wanted& wanted, Offer offer) {
  const std::uint8_t version = connection.version();
  NegotiateAlgorithms out;
  const auto chosen = [](const auto& list, const auto& row) {
    return list.empty() || std::find(list.begin(), list.end(), &row) != list.end();
  };
  for (const AsymAlgorithm& row : asym_algorithms())
    if (row.since <= version && chosen(wanted.asym, row) && crypto::supports(row)) (row.pqc ? out.pqc_asym : out.base_asym) |= row.bit;
  for (const HashAlgorithm& row : hash_algorithms())
    if (row.since <= version && chosen(wanted.hash, row) && crypto::supports(row)) out.base_hash |= row.bit;
  if (version >= k12) out.other_params = other_params::opaque_fmt1;
  if (version >= k13) {
    out.mel_specification = kDmtfMelSpecification;
    if (connection.parameters().responder.has(cap::multi_key_mask)) out.other_params |= other_params::multi_key;
  }
  if (wanted.session) wanted.session->offer(out, version);
  if (wanted.inspect && offer == Offer::narrow) narrow_to_tee_io(out);
  return out;
}

}  // namespace

void negotiate(Requester& requester, const Wanted& wanted, Offer offer) {
  const Connection& connection = requester.connection();
  requester.ask(GetVersion{}.encode());
  const std::optional<std::uint8_t> common = highest_common(*connection.versions(), wanted.versions);
  if (!common) throw Error(ErrorId::no_spdm, "no SPDM version in common", "the responder offers " + offered_versions(connection));
  GetCapabilities capabilities;
  capabilities.capabilities = our_capabilities(requester, wanted, *common);
  capabilities.want_algorithms = wanted.supported_algorithms && *common >= k13;
  requester.ask(capabilities.encode(*common));
  requester.ask(our_algorithms(connection, wanted, offer).encode(connection.version()));
}

// One GET_CERTIFICATE per portion, in the largest portions that fit (DSP0274 CERTIFICATE).
void read_chain(Requester& requester, std::uint8_t slot, const std::function<void(std::size_t more, std::size_t total)>& told) {
  const Connection& connection = requester.connection();
  const Parameters& parameters = connection.parameters();
  const bool large = parameters.large_certificates();
  const std::uint32_t header = large ? 16 : 8;
  const std::uint32_t room = parameters.chunking() ? requester.limits().max_message : requester.data_transfer_size();
  GetCertificate request{.slot = slot, .large = large, .slot_size_requested = false, .offset = 0, .length = 0};
  request.length = std::min<std::uint32_t>(room - header, large ? kMaxCertificateChain : 0xFFFF);
  do {
    request.offset = connection.chain(slot).complete() ? 0 : connection.chain(slot).size();
    if (!large) request.length = std::min<std::uint32_t>(request.length, 0xFFFF - request.offset);
    requester.ask(request.encode(connection.version()));
    if (told) told(connection.chain(slot).size() - request.offset, request.offset == 0 ? connection.chain(slot).total() : 0);
  } while (!connection.chain(slot).complete());
}

}  // namespace spdm
