#include "core/evidence/session_transcript.h"

namespace spdm {

SessionTranscript SessionTranscript::of_key_exchange(const HashAlgorithm& hash, View vca, View digests, View identity) {
  SessionTranscript out(hash);
  out.append(vca);
  out.append(digests);
  out.append(crypto::hash(hash, identity));
  return out;
}

SessionTranscript SessionTranscript::of_psk(const HashAlgorithm& hash, View vca) {
  SessionTranscript out(hash);
  out.append(vca);
  return out;
}

void SessionTranscript::append_requester(View encapsulated_digests, View identity) {
  append(encapsulated_digests);
  append(crypto::hash(*hash_, identity));
}

}  // namespace spdm
