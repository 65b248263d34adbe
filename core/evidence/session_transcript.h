// TH, the transcript of a session (DSP0274 "Transcript and transcript hash calculation rules" for KEY_EXCHANGE, FINISH, PSK_EXCHANGE
// and PSK_FINISH): it grows message by message, and is hashed at each of its ends.
#pragma once

#include "core/crypto/crypto.h"

namespace spdm {

class SessionTranscript {
 public:
  // `vca`: A. `digests`: D, the DIGESTS of a multi-key connection (1.3+), else empty. `identity`: the certificate chain of the slot as
  // GET_CERTIFICATE returns it, or the DER of the provisioned key; it enters as its hash. With a PSK there are neither.
  static SessionTranscript of_key_exchange(const HashAlgorithm& hash, View vca, View digests, View identity);
  static SessionTranscript of_psk(const HashAlgorithm& hash, View vca);

  void append(View message) { spdm::append(bytes_, message); }
  // Mutual authentication: encapD (multi-key connections, else empty) and the requester's chain, or its public key, as its hash.
  void append_requester(View encapsulated_digests, View identity);
  // Of all so far.
  Bytes hash() const { return crypto::hash(*hash_, bytes_); }
  const Bytes& bytes() const { return bytes_; }

 private:
  explicit SessionTranscript(const HashAlgorithm& hash) : hash_(&hash) {}

  const HashAlgorithm* hash_;
  Bytes bytes_;
};

}  // namespace spdm
