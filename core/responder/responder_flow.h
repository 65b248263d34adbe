// Encapsulated requests of the responder that belong together (DSP0274 "Encapsulated request flows"): it asks, the requester answers.
#pragma once

#include "core/wire/certificate.h"
#include "core/wire/challenge.h"
#include "core/wire/session_messages.h"

namespace spdm {

struct ResponderFlow {
  enum class Purpose {
    basic_mutual_auth,  // GET_DIGESTS, GET_CERTIFICATE, CHALLENGE
    handshake,          // GET_DIGESTS, GET_CERTIFICATE; FINISH proves the rest
    key_update,         // KEY_UPDATE twice
    events,             // SEND_EVENT until all are told
  };

  Purpose purpose{};
  std::uint32_t session = 0;  // with Purpose::handshake: which one it is for
  Code next{};                // the request to make when the flow goes on

  // The request that waits for its response.
  bool waiting = false;
  std::uint8_t id = 0;
  Bytes request;
  GetCertificate get_certificate;
  Challenge challenge;
  KeyUpdate update;

  // What the requester has said.
  Bytes digests;  // DIGESTS as it was
  Bytes digest;   // of the slot that is asked for
  ChainReader chain;
  Bytes m1m2;  // the messages inside, for the signature of CHALLENGE_AUTH
};

}  // namespace spdm
