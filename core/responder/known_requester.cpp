// Who the requester is, in mutual authentication: the shape of its certificate chain, its key, its signatures. Whether its root deserves
// trust is not judged here, beyond what the profile names.
#include <algorithm>

#include "core/crypto/certificates.h"
#include "core/error.h"
#include "core/responder/responder.h"

namespace spdm {

namespace {

constexpr std::string_view kChain = "certificate chain of the requester";

}  // namespace

// The requester's own messages: it is the one who answers them.
Parameters Responder::requester_parameters() const {
  Parameters out = parameters_;
  std::swap(out.requester, out.responder);
  std::swap(out.multi_key_requester, out.multi_key_responder);
  out.asym = parameters_.req_asym;
  return out;
}

bool Responder::wants_basic_mutual_auth() const {
  if (!profile_->sessions || !profile_->sessions->basic_mutual_auth) return false;
  const bool can =
      version_byte() >= k11 && parameters_.both(cap::mut_auth) && parameters_.req_asym != nullptr && parameters_.encapsulates();
  const bool is_known = parameters_.requester.has(cap::cert) || !sessions_profile().requester_key.empty();
  return can && is_known;
}

// What the profile asks for, as far as the requester can do it.
MutualAuth Responder::wanted_mutual_auth() const {
  const DeviceSessions& sessions = sessions_profile();
  if (!parameters_.both(cap::mut_auth) || parameters_.req_asym == nullptr) return MutualAuth::none;
  if (sessions.mutual_auth == MutualAuth::none) return MutualAuth::none;
  // A key that was provisioned needs no encapsulated request, and there is none that could get it.
  if (!parameters_.requester.has(cap::cert)) return sessions.requester_key.empty() ? MutualAuth::none : MutualAuth::optimized;
  const bool asks = sessions.mutual_auth != MutualAuth::optimized;
  return asks && !parameters_.encapsulates() ? MutualAuth::none : sessions.mutual_auth;
}

// By what the profile has of it.
KnownRequester Responder::provisioned_requester() const {
  const DeviceSessions& sessions = sessions_profile();
  if (!parameters_.requester.has(cap::cert))
    return {kProvisionedKey, sessions.requester_key, crypto::PublicKey::from_spki(sessions.requester_key)};
  DeviceSlot chain;
  chain.certificates = sessions.requester_chain;
  return identify(sessions.requester_slot, build_chain(chain, *parameters_.hash), {});
}

// `digest`: what DIGESTS said of the chain; empty where nobody asked.
KnownRequester Responder::identify(std::uint8_t slot, const Bytes& chain, View digest) const {
  const DeviceSessions& sessions = sessions_profile();
  const HashAlgorithm& hash = *parameters_.hash;
  Reader reader(chain, kChain);
  // The upper half is reserved before 1.4, and zero.
  if (reader.u32("Length") != chain.size()) reader.fail("Length", "not that of the chain");
  const View root_hash = reader.take(hash.size, "RootHash");
  const View certificates = reader.rest();
  const Bytes spki = crypto::leaf_spki(certificates);
  if (spki.empty()) reader.fail("certificates", "the leaf has no key that can be read");
  if (!digest.empty() && !equal(digest, crypto::hash(hash, chain))) reader.fail("digest", "not that of DIGESTS");
  if (!sessions.requester_root.empty() && !equal(root_hash, crypto::hash(hash, sessions.requester_root)))
    reader.fail("RootHash", "not that of the root in the profile");
  if (!sessions.requester_key.empty() && spki != sessions.requester_key) reader.fail("certificates", "not the key of the profile");
  return {slot, chain, crypto::PublicKey::from_spki(spki)};
}

bool Responder::verifies(const KnownRequester& requester, std::string_view context, View transcript_hash, View signature) const {
  return crypto::verify(requester.key, *parameters_.req_asym, *parameters_.hash, version_byte(), context, transcript_hash, signature);
}

}  // namespace spdm
