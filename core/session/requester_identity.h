// Who we are for a device that wants to know (mutual authentication): a certificate chain, or a public key that it was given before,
// and the private key to either.
#pragma once

#include "core/crypto/crypto.h"
#include "core/wire/certificate.h"
#include "core/wire/challenge.h"

namespace spdm {

class RequesterIdentity {
 public:
  // `chain`: the certificates of one chain, in PEM or DER, with its root. Throws Error{bad_input} naming `what` when they are not, or
  // the key is not that of the leaf.
  static RequesterIdentity with_chain(View chain, std::string_view what, crypto::PrivateKey key);
  // The device has the public key already (PUB_KEY_ID_CAP).
  static RequesterIdentity with_key(crypto::PrivateKey key) { return {{}, std::move(key)}; }

  bool has_chain() const { return !certificates_.empty(); }
  // The algorithms of a version that the key can sign with: bits of ReqBaseAsymAlg, or of ReqPqcAsymAlg.
  std::uint16_t algorithms(std::uint8_t version, bool pqc) const;
  bool can_sign(std::uint8_t version) const { return algorithms(version, false) != 0 || algorithms(version, true) != 0; }

  // Our slot is 0, or kProvisionedKey without a chain.
  std::uint8_t slot() const { return has_chain() ? std::uint8_t{0} : kProvisionedKey; }
  // What transcripts have the hash of: the chain as GET_CERTIFICATE returns it, or the DER of the public key.
  Bytes identity(const Parameters& parameters) const;

  // DIGESTS, for an encapsulated GET_DIGESTS. Only with a chain.
  Bytes digests(const Parameters& parameters) const;
  // CERTIFICATE or ERROR, for an encapsulated GET_CERTIFICATE; no more of the chain at once than fits into `room` bytes.
  Bytes certificate(const GetCertificate& request, const Parameters& parameters, std::size_t room) const;
  // CHALLENGE_AUTH or ERROR, for an encapsulated CHALLENGE. `before`: the transcript up to the request, which is the last part of it.
  Bytes challenge_auth(const Challenge& request, const Parameters& parameters, Bytes before) const;

  Bytes sign(const Parameters& parameters, std::string_view context, View transcript_hash) const;

 private:
  RequesterIdentity(Bytes certificates, crypto::PrivateKey key) : certificates_(std::move(certificates)), key_(std::move(key)) {}

  Bytes certificates_;  // DER, root first; empty: the device has the key
  crypto::PrivateKey key_;
};

}  // namespace spdm
