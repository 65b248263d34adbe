// What a requester has shown of itself in encapsulated messages (DSP0274 "GET_ENCAPSULATED_REQUEST"), for whoever listens: the transcript
// of a session with mutual authentication depends on it.
#pragma once

#include <array>
#include <optional>

#include "core/evidence/exchange.h"
#include "core/wire/certificate.h"

namespace spdm {

// The parameters as they hold for what the requester answers.
Parameters of_requester(const Parameters& parameters);

class RequesterSeen {
 public:
  // KEY_EXCHANGE_RSP has been seen. `implied`: GET_DIGESTS is asked without a message (MutAuthRequested 4).
  void begin_handshake(std::uint8_t version, bool implied);
  // Throws Error{peer} when an encapsulated message breaks a rule.
  void observe(const Exchange& exchange, const Parameters& parameters);

  // The encapsulated request that waits for its response.
  const std::optional<Bytes>& asked() const { return asked_; }
  // encapD: the DIGESTS with which the handshake began, on a connection with several keys of the requester; empty otherwise.
  View digests() const { return digests_; }
  // As CERTIFICATE returns it; empty when it was not seen whole.
  View chain(std::uint8_t slot) const;

 private:
  void answer(View response, const Parameters& parameters);

  std::optional<Bytes> asked_;
  bool is_first_ = false;  // of the handshake
  Bytes digests_;
  std::array<ChainReader, kSlots> chains_;
};

}  // namespace spdm
