// The seam to a device: one request out, one response in. Everything below it is a transport, everything above it
// is SPDM. Tests put a fake device here.
#pragma once

#include <chrono>

#include "core/bytes.h"
#include "core/wire/binding.h"

namespace spdm {

using Clock = std::chrono::steady_clock;

// What a secured message adds at most to the message in it, in bytes. Over storage these are 82: four reserved bytes, header, length,
// descriptor, random bytes and tag (DSP0286).
inline constexpr std::size_t kRecordOverhead = 96;

// What a secured message was answered with: another one, or a plain message, such as ERROR InvalidSession.
struct SecuredReply {
  bool is_secured = true;
  Bytes bytes;  // as Link::exchange returns them: the padding of the binding is still there
};

struct HostView;

class Link {
 public:
  virtual ~Link() = default;

  // Makes the connection that opening has only prepared, and greets the peer where the transport asks for it; nothing where
  // there is no connection. Throws Error: no_device, timeout, io, peer.
  virtual void connect(Clock::time_point) {}

  // Sends one SPDM message (from the SPDMVersion byte on) and returns the response, transport framing removed; the
  // padding of the binding is still there. Throws Error: timeout when no response has come by `deadline`, io when the
  // peer closed, peer when the framing is wrong, permission / lockdown / owned / busy as the transport finds.
  virtual Bytes exchange(View request, Clock::time_point deadline) = 0;

  // Sends one secured message (DSP0277, from the session id on) and returns what comes back. Throws what exchange() throws, and
  // Error{unsupported} where carries_sessions() is false.
  virtual SecuredReply exchange_secured(View record, Clock::time_point deadline);
  // Whether the transport can carry secured messages.
  virtual bool carries_sessions() const { return false; }

  // Adds what the transport has learnt of the target since it was opened.
  virtual void describe(HostView&) const {}

  virtual Binding binding() const = 0;
  // The largest SPDM message, in bytes, that this link can receive in one piece; at least 42 (DSP0274
  // MinDataTransferSize).
  virtual std::size_t max_receive() const = 0;
  // The largest SPDM message, in bytes, that this link can send in one piece.
  virtual std::size_t max_send() const { return max_receive(); }
};

}  // namespace spdm
