// The seam between collecting and sessions: collecting asks for a session, runs inside it, and leaves it. What a session is made of
// is in core/session.
#pragma once

#include <memory>
#include <optional>

#include "core/error.h"
#include "core/wire/negotiate.h"

namespace spdm {

class Requester;
struct Evidence;

// A session that was opened. It is ended when it is destroyed, also on errors; then no error is told.
class OpenSession {
 public:
  virtual ~OpenSession() = default;
  // Sends END_SESSION, and leaves the session. Throws as Requester::ask; the keys are gone in any case.
  virtual void end() = 0;
};

class SessionOpener {
 public:
  virtual ~SessionOpener() = default;
  // What is announced and offered for it, beside what collecting needs.
  virtual std::uint32_t capability_flags(std::uint8_t version) const = 0;
  virtual void offer(NegotiateAlgorithms& algorithms, std::uint8_t version) const = 0;
  // Whether the responder proves its slot in the handshake, so that its chain has to be read before.
  virtual bool needs_slot() const = 0;
  // Answers the encapsulated requests of basic mutual authentication, which CHALLENGE_AUTH has asked for.
  virtual void authenticate_requester(Requester& requester) const = 0;
  // Why none can be opened, as far as negotiation and transport show; nothing when one can. open() throws it.
  virtual std::optional<Error> obstacle(const Requester& requester) const = 0;
  // Opens the session; from then on `requester` is inside of it. `slot`: 0..7 or kProvisionedKey. Throws what Requester::ask throws,
  // no_spdm when the responder cannot, peer when a check fails.
  virtual std::unique_ptr<OpenSession> open(Requester& requester, std::uint8_t slot, Evidence& evidence) const = 0;
};

}  // namespace spdm
