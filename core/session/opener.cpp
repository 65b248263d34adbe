#include "core/session/opener.h"

#include <algorithm>

#include "core/crypto/aead.h"
#include "core/crypto/key_agreement.h"
#include "core/error.h"
#include "core/session/encapsulated.h"
#include "core/session/handshake.h"
#include "core/text.h"

namespace spdm {

namespace {

template <class Row>
bool allowed(const std::vector<const Row*>& list, const Row& row, std::uint8_t version) {
  const bool chosen = list.empty() || std::find(list.begin(), list.end(), &row) != list.end();
  return chosen && row.since <= version && crypto::supports(row);
}

void add(NegotiateAlgorithms& algorithms, AlgType type, std::uint16_t bits) {
  // DSP0274 "NEGOTIATE_ALGORITHMS": a table that offers nothing is left out.
  if (bits != 0) algorithms.tables.push_back({type, bits});
}

Error cannot(std::string_view why, const std::string& hint = {}) { return {ErrorId::no_spdm, cat("no session: ", why), hint}; }

}  // namespace

std::uint16_t Opener::key_exchange_bits(std::uint8_t version, bool kem) const {
  unsigned out = 0;
  for (const KeyExchangeAlgorithm& row : key_exchange_algorithms())
    if (row.kem == kem && allowed(options_.key_exchange, row, version)) out |= row.bit;
  return static_cast<std::uint16_t>(out);
}

std::uint16_t Opener::aead_bits(std::uint8_t version) const {
  unsigned out = 0;
  for (const AeadAlgorithm& row : aead_algorithms())
    if (allowed(options_.aead, row, version)) out |= row.bit;
  return static_cast<std::uint16_t>(out);
}

bool Opener::opens(std::uint8_t version) const {
  const bool agrees = by_psk() || key_exchange_bits(version, false) != 0 || key_exchange_bits(version, true) != 0;
  return options_.open && version >= k11 && agrees && aead_bits(version) != 0;
}

bool Opener::authenticates(std::uint8_t version) const {
  return version >= k11 && options_.identity && options_.identity->can_sign(version);
}

// Only what is needed: each flag opens another path in the responder.
std::uint32_t Opener::capability_flags(std::uint8_t version) const {
  std::uint32_t out = 0;
  if (opens(version)) {
    out |= (by_psk() ? cap::psk : cap::key_ex) | cap::mac | cap::key_upd;
    if (!options_.listens) out |= cap::hbeat;
    if (!options_.mac_only) out |= cap::encrypt;
    if (options_.handshake_in_the_clear && !by_psk()) out |= cap::handshake_in_the_clear;
    if (options_.exercise || options_.listens) out |= cap::encap;
  }
  if (authenticates(version)) {
    // CHAL_CAP of a requester: it answers an encapsulated CHALLENGE, which is basic mutual authentication.
    out |= cap::mut_auth | cap::encap | cap::chal | (options_.identity->has_chain() ? cap::cert : cap::pub_key_id);
    if (options_.multi_key && options_.identity->has_chain() && version >= k13) out |= cap::multi_key_neg;
  }
  return out;
}

void Opener::offer(NegotiateAlgorithms& algorithms, std::uint8_t version) const {
  const bool opens = this->opens(version), authenticates = this->authenticates(version);
  // Types rise (DSP0274 "NEGOTIATE_ALGORITHMS").
  if (opens && !by_psk()) add(algorithms, AlgType::dhe, key_exchange_bits(version, false));
  if (opens) add(algorithms, AlgType::aead, aead_bits(version));
  if (authenticates) add(algorithms, AlgType::req_base_asym, options_.identity->algorithms(version, false));
  if (opens) add(algorithms, AlgType::key_schedule, kSpdmKeySchedule);
  if (authenticates) add(algorithms, AlgType::req_pqc_asym, options_.identity->algorithms(version, true));
  if (opens && !by_psk()) add(algorithms, AlgType::kem, key_exchange_bits(version, true));
}

void Opener::authenticate_requester(Requester& requester) const {
  if (!options_.identity)
    throw Error(ErrorId::no_spdm, "the device asks for mutual authentication (BasicMutAuthReq), and no requester key is given");
  // DSP0274 "CHALLENGE_AUTH", N279: it asks in encapsulated requests, or not at all.
  if (!requester.connection().parameters().encapsulates())
    malformed("CHALLENGE_AUTH", "BasicMutAuthReq", "set, but encapsulated requests (ENCAP_CAP) were not negotiated");
  EncapsulatedFlow(requester, FlowPlace::after_challenge, &*options_.identity, nullptr).run();
}

// What both sides must have before the first message of a session (N236).
std::optional<Error> Opener::obstacle(const Requester& requester) const {
  const Connection& connection = requester.connection();
  const Parameters& parameters = connection.parameters();
  if (parameters.version < k11) return cannot("SPDM 1.0 has none");
  if (!opens(parameters.version))
    return cannot(cat("SPDM ", version_name(parameters.version), " has none of the algorithms that may be used for it"),
                  "see what this host can do with: spdmctl doctor");
  if (!by_psk() && !parameters.both(cap::key_ex))
    return cannot("the device does not support key exchange (KEY_EX_CAP)",
                  parameters.responder.has(cap::psk_mask) ? "it supports a pre-shared key instead" : "");
  if (by_psk() && !parameters.both(cap::psk_mask))
    return cannot("the device does not support a pre-shared key (PSK_CAP)",
                  parameters.responder.has(cap::key_ex) ? "it supports key exchange instead" : "");
  if (!parameters.both(cap::mac)) return cannot("the device does not authenticate messages (MAC_CAP)");
  if (!options_.mac_only && !parameters.encrypts())
    return cannot("the device does not encrypt messages (ENCRYPT_CAP)",
                  "with auth and measurements, --mac-only opens a session that only authenticates them");
  // DSP0274 "KEY_EXCHANGE": the versions of secured messages are told in general opaque data.
  if (parameters.version >= k12 && parameters.opaque_format != other_params::opaque_fmt1)
    return cannot("the device has not selected OpaqueDataFmt1, which carries the versions of secured messages");
  const bool agrees = by_psk() || (parameters.key_exchange != nullptr && parameters.asym != nullptr);
  if (!agrees || parameters.hash == nullptr || parameters.aead == nullptr || !parameters.key_schedule)
    return cannot("the device has not selected all algorithms that a session needs (ALGORITHMS)");
  if (!requester.link().carries_sessions()) return Error(ErrorId::unsupported, "no session: this transport carries no secured messages");
  return std::nullopt;
}

std::unique_ptr<ActiveSession> Opener::establish(Requester& requester, std::uint8_t slot, Evidence& evidence) const {
  if (const std::optional<Error> why = obstacle(requester)) throw Error(*why);
  return by_psk() ? open_by_psk(requester, options_) : open_by_key_exchange(requester, options_, slot, evidence);
}

std::unique_ptr<OpenSession> Opener::open(Requester& requester, std::uint8_t slot, Evidence& evidence) const {
  std::unique_ptr<ActiveSession> session = establish(requester, slot, evidence);
  if (options_.exercise) session->exercise(options_.identity ? &*options_.identity : nullptr);
  return session;
}

}  // namespace spdm
