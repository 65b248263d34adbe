// Opens sessions for collecting: the SessionOpener that core/protocol knows.
#pragma once

#include "core/protocol/session_opener.h"
#include "core/session/active_session.h"
#include "core/session/session_options.h"

namespace spdm {

class Opener : public SessionOpener {
 public:
  explicit Opener(SessionOptions options) : options_(std::move(options)) {}

  std::uint32_t capability_flags(std::uint8_t version) const override;
  void offer(NegotiateAlgorithms& algorithms, std::uint8_t version) const override;
  bool needs_slot() const override { return !by_psk(); }
  void authenticate_requester(Requester& requester) const override;
  std::optional<Error> obstacle(const Requester& requester) const override;
  std::unique_ptr<OpenSession> open(Requester& requester, std::uint8_t slot, Evidence& evidence) const override;
  // As open(), for who goes on with the session itself.
  std::unique_ptr<ActiveSession> establish(Requester& requester, std::uint8_t slot, Evidence& evidence) const;

 private:
  bool by_psk() const { return !options_.psk.empty(); }
  // Bits of the tables DHE and KEM, and of AEAD, that the options allow and the crypto library has.
  std::uint16_t key_exchange_bits(std::uint8_t version, bool kem) const;
  std::uint16_t aead_bits(std::uint8_t version) const;
  // Whether a session can be offered in this version, and whether we can say who we are.
  bool opens(std::uint8_t version) const;
  bool authenticates(std::uint8_t version) const;

  SessionOptions options_;
};

}  // namespace spdm
