#include "core/session/requester_identity.h"

#include <algorithm>

#include "core/crypto/certificates.h"
#include "core/error.h"
#include "core/text.h"
#include "core/wire/error_response.h"

namespace spdm {

namespace {

Bytes error(const Parameters& parameters, ErrorCode code, Bytes extended = {}) {
  return ErrorResponse{.version = parameters.version, .code = code, .data = 0, .extended = std::move(extended)}.encode();
}

// On a multi-key connection (1.3+) a slot tells which key it has. We have one.
constexpr std::uint8_t kKeyPair = 1;
constexpr CertModel kModel = CertModel::device;

}  // namespace

RequesterIdentity RequesterIdentity::with_chain(View chain, std::string_view what, crypto::PrivateKey key) {
  Bytes certificates = crypto::read_chain(chain, what);
  if (crypto::root_certificate(certificates).empty())
    throw Error(ErrorId::bad_input, cat(what, ": the root of the chain is missing"),
                "add the root certificate: a device is told its hash (DSP0274 \"Certificate chain format\")");
  if (crypto::leaf_spki(certificates) != key.public_spki())
    throw Error(ErrorId::bad_input, cat(what, ": the private key is not that of the last certificate"),
                "give the chain and the key that belong together");
  if (certificates.size() > kMaxCertificateChain - 1024)
    throw Error(ErrorId::bad_input, cat(what, ": ", certificates.size(), " bytes of certificates are more than a slot holds"));
  return {std::move(certificates), std::move(key)};
}

std::uint16_t RequesterIdentity::algorithms(std::uint8_t version, bool pqc) const {
  std::uint32_t out = 0;
  for (const AsymAlgorithm& row : asym_algorithms())
    if (row.pqc == pqc && row.since <= version && key_.fits(row) && crypto::supports(row)) out |= row.bit;
  return static_cast<std::uint16_t>(out);
}

Bytes RequesterIdentity::identity(const Parameters& parameters) const {
  if (!has_chain()) return key_.public_spki();
  Writer out;
  out.u32(4 + parameters.hash_size() + certificates_.size());
  out.bytes(crypto::hash(*parameters.hash, crypto::root_certificate(certificates_))).bytes(certificates_);
  return out.take();
}

Bytes RequesterIdentity::digests(const Parameters& parameters) const {
  DigestsResponse out;
  out.supported_slots = out.provisioned_slots = 1;
  out.slots.push_back({.slot = 0,
                       .digest = crypto::hash(*parameters.hash, identity(parameters)),
                       .key_pair_id = kKeyPair,
                       .model = kModel,
                       .key_usage = key_usage::key_ex | key_usage::challenge});
  // The layout goes by the connection of the side that answers, which here is ours.
  Parameters ours = parameters;
  ours.multi_key_responder = parameters.multi_key_requester;
  return out.encode(ours);
}

// DSP0274 "GET_CERTIFICATE": a slot without a chain and an offset past its end are refused (N271, N272).
Bytes RequesterIdentity::certificate(const GetCertificate& request, const Parameters& parameters, std::size_t room) const {
  if (!has_chain() || request.slot != slot()) return error(parameters, ErrorCode::invalid_request);
  // The large form goes by the LARGE_RESP_CAP of the side that answers (A29).
  if (request.large && !parameters.requester.has(cap::large_resp)) return error(parameters, ErrorCode::invalid_request);
  const Bytes chain = identity(parameters);
  if (!request.large && chain.size() > 0xFFFF)
    return parameters.version >= k14 ? error(parameters, ErrorCode::data_too_large, Writer().u32(chain.size()).take())
                                     : error(parameters, ErrorCode::unspecified);
  CertificateResponse out;
  out.slot = request.slot;
  out.large = request.large;
  if (parameters.multi_key_requester) out.model = static_cast<std::uint8_t>(kModel);
  if (request.slot_size_requested) {
    out.remainder = static_cast<std::uint32_t>(chain.size());
    return out.encode(parameters.version);
  }
  if (request.offset >= chain.size() || request.length == 0) return error(parameters, ErrorCode::invalid_request);
  const std::size_t header = request.large ? 16 : 8;
  const View left = View(chain).subspan(request.offset);
  const std::size_t portion = std::min<std::size_t>({left.size(), request.length, room - std::min(room, header)});
  if (portion == 0) return error(parameters, ErrorCode::response_too_large);
  out.portion = to_bytes(left.first(portion));
  out.remainder = static_cast<std::uint32_t>(left.size() - portion);
  return out.encode(parameters.version);
}

// DSP0274 "CHALLENGE_AUTH": the same message as a responder's, signed with our key. We have no measurements to summarize.
Bytes RequesterIdentity::challenge_auth(const Challenge& request, const Parameters& parameters, Bytes before) const {
  if (request.slot != slot() || request.summary != Summary::none) return error(parameters, ErrorCode::invalid_request);
  ChallengeAuth out;
  out.slot = request.slot;
  out.slot_mask = has_chain() ? 1 : 0;
  out.cert_chain_hash = crypto::hash(*parameters.hash, identity(parameters));
  const Bytes fresh = crypto::random(out.nonce.size());
  std::copy(fresh.begin(), fresh.end(), out.nonce.begin());
  out.context = request.context;
  append(before, out.encode(parameters.version));
  out.signature = sign(parameters, kRequesterChallengeAuthContext, crypto::hash(*parameters.hash, before));
  return out.encode(parameters.version);
}

Bytes RequesterIdentity::sign(const Parameters& parameters, std::string_view context, View transcript_hash) const {
  if (parameters.req_asym == nullptr) throw Error(ErrorId::internal, "no algorithm was negotiated for signatures of ours");
  return crypto::sign(key_, *parameters.req_asym, *parameters.hash, parameters.version, context, transcript_hash);
}

}  // namespace spdm
