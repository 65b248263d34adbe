// The emulated device with null_crypto.cpp, where every tag and signature fits, and who speaks with it: for what no mutation could get
// past. What both can do is in the input.
#pragma once

#include <memory>

#include "core/protocol/requester.h"
#include "core/protocol/session_opener.h"
#include "core/responder/responder.h"
#include "core/session/session_options.h"
#include "tests/fuzz/fuzz.h"

namespace fuzz {

using spdm::Bytes;
using spdm::View;

// Five bytes of the input.
struct Setup {
  explicit Setup(spdm::Reader& reader);

  std::uint8_t version = spdm::k12;
  spdm::Binding binding{};
  std::uint8_t slot = 0;
  bool by_psk = false, encrypts = true, challenges = false;
  std::size_t room = 4600;  // for one message, on both sides
  spdm::DeviceProfile device;
  spdm::SessionOptions options;
  spdm::Limits limits;
};

// The way to the device. Targets are in it.
class EmulatedLink : public spdm::Link {
 public:
  explicit EmulatedLink(const Setup& setup);

  Bytes exchange(View request, spdm::Clock::time_point deadline) final;
  spdm::SecuredReply exchange_secured(View record, spdm::Clock::time_point deadline) final;
  bool carries_sessions() const final { return true; }
  spdm::Binding binding() const final { return binding_; }
  std::size_t max_receive() const final { return room_; }

  // The message in a record; and a record with a message, for the session of another one.
  Bytes message_in(View record) const;
  Bytes record_like(View record, std::uint64_t number, View message) const;
  // That the record has; 0 where its binding carries none.
  std::uint16_t number_of(View record) const;

  std::size_t records = 0;  // that were sent through it

 protected:
  // What the requester gets for what it sends. Throws Error.
  virtual spdm::SecuredReply pass(View bytes, bool secured) = 0;
  // What the device says to it. Throws Error{io} where it says nothing.
  spdm::SecuredReply ask_device(View bytes, bool secured);

 private:
  spdm::RecordShape shape(View record) const;

  spdm::Binding binding_;
  std::size_t room_;
  bool encrypts_;
  spdm::Responder device_;
};

// From GET_VERSION to the last CERTIFICATE that a session needs. Throws Error where the two cannot agree.
void negotiate(spdm::Requester& requester, const Setup& setup, const spdm::SessionOpener& opener);
// CHALLENGE, and who asks, where the device wants to know.
void challenge(spdm::Requester& requester, const Setup& setup, const spdm::SessionOpener& opener);

}  // namespace fuzz
