// A responder of sessions, small enough to be read at a glance. It keeps its transcripts in running buffers, as a device does, and
// shares with the code under test only the wire and the keys. Tests bend it with the hooks.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/crypto/key_agreement.h"
#include "core/protocol/link.h"
#include "core/session/secured_session.h"
#include "core/wire/encapsulated.h"
#include "core/wire/error_response.h"
#include "core/wire/finish.h"
#include "core/wire/measurements.h"
#include "core/wire/psk_exchange.h"
#include "core/wire/session_messages.h"
#include "support/pki.h"

namespace fake {

using spdm::Bytes;
using spdm::Code;
using spdm::View;

// The session capabilities of a device that can all but PSK; `kPlain`: what it can beside them.
inline constexpr std::uint32_t kPlain = spdm::cap::cert | spdm::cap::chal | spdm::cap::meas_sig;
inline constexpr std::uint32_t kRecords = spdm::cap::encrypt | spdm::cap::mac | spdm::cap::hbeat | spdm::cap::key_upd;
inline constexpr std::uint32_t kMutual = spdm::cap::mut_auth | spdm::cap::encap;

struct SessionProfile {
  std::uint8_t version = spdm::k12;
  std::uint32_t flags = kPlain | kRecords | spdm::cap::key_ex;
  std::string_view key_exchange = "secp256r1", aead = "AES-256-GCM", hash = "SHA-256";
  std::uint16_t secured_version = 0x1100;
  std::optional<std::uint8_t> aead_limit = {};  // exponent; with secured version 0x1300
  std::uint8_t heartbeat = 0;
  Bytes psk = {};
  spdm::MutualAuth mutual_auth = spdm::MutualAuth::none;
  std::uint8_t requester_slot = 0;  // of MutualAuth::optimized
  bool multi_key = false;           // of the requester
  std::uint32_t room = 4608;        // DataTransferSize
  spdm::Binding binding = spdm::Binding::mctp;
};

class SessionDevice : public spdm::Link {
 public:
  explicit SessionDevice(SessionProfile profile = {}) : profile_(std::move(profile)) {}

  Bytes exchange(View request, spdm::Clock::time_point deadline) override;
  spdm::SecuredReply exchange_secured(View record, spdm::Clock::time_point deadline) override;
  bool carries_sessions() const override { return carries; }
  spdm::Binding binding() const override { return profile_.binding; }
  std::size_t max_receive() const override { return 4608; }

  // Its chain in slot 0, and the public key.
  static Bytes chain(const spdm::HashAlgorithm& hash);
  static Bytes public_key();

  bool carries = true;
  bool pads = true;                // as its binding does
  bool selects = true;             // a version of secured messages
  bool ignores_limit = false;      // its own, because the version has none
  bool bad_exchange_data = false;  // signs and sends a value that is none
  // Changes an answer after the device has signed and noted it; inside of a session before it is sealed.
  std::function<void(Code request, Bytes& answer)> tamper;
  // Answers in place of the device, which does not see the request.
  std::function<std::optional<Bytes>(Code request)> instead;
  // Changes what is on the link: the record, or that it is one.
  std::function<void(Code request, spdm::SecuredReply& reply)> tamper_record;
  // What it asks in encapsulated requests, one after the other, and what it was answered.
  std::vector<Bytes> to_ask, answers;
  bool names_slot = true;         // at the end of them
  bool asks_without_end = false;  // the last of them again and again
  Bytes requester_identity;       // the chain, or the key, that FINISH has to be signed with; empty: what it was answered

  std::vector<Code> asked;         // each request, of a session or not
  std::vector<bool> asked_inside;  // whether it was one of the session
  std::vector<Bytes> requests;     // the same, as they came in
  unsigned round_trips = 0;
  bool has_session() const { return session_ != nullptr && session_->phase() != spdm::SessionPhase::dead; }
  spdm::SecuredSession& session() { return *session_; }
  const spdm::Parameters& parameters() const { return parameters_; }
  bool requester_is_known = false;  // by its signature of CHALLENGE_AUTH

 private:
  Bytes handle(const Bytes& request);
  Bytes respond(const Bytes& request);
  Bytes error(spdm::ErrorCode code) const;
  Bytes capabilities(const Bytes& request);
  Bytes algorithms(const Bytes& request);
  Bytes digests() const;
  Bytes certificate(const Bytes& request) const;
  Bytes challenge(const Bytes& request);
  Bytes measurements(const Bytes& request);
  Bytes key_exchange(const Bytes& request);
  Bytes finish(const Bytes& request);
  Bytes psk_exchange(const Bytes& request);
  Bytes psk_finish(const Bytes& request);
  Bytes key_update(const Bytes& request);
  Bytes next_encapsulated();
  Bytes take_encapsulated(const Bytes& request);
  void begin_session(spdm::SessionKind kind, std::uint16_t requester_half, spdm::KeySchedule schedule);
  Bytes selection() const;
  Bytes sign(std::string_view context, View transcript) const;
  Bytes th_hash() const { return spdm::crypto::hash(hash(), th_); }
  const spdm::HashAlgorithm& hash() const { return *spdm::find_hash(profile_.hash); }
  const spdm::AsymAlgorithm& asym() const { return *spdm::find_asym("ECDSA-P384"); }
  bool in_the_clear() const { return parameters_.handshake_in_the_clear(); }
  // The parameters as they are for messages of the requester that a responder usually sends.
  spdm::Parameters mirrored() const;
  void learn_requester();

  SessionProfile profile_;
  spdm::Capabilities requester_;
  spdm::Parameters parameters_;
  Bytes a_, b_, th_, mutual_;  // mutual_: the encapsulated messages of a flow
  std::unique_ptr<spdm::SecuredSession> session_;
  bool established_ = false, after_finish_ = false, inside_ = false, challenged_ = false;
  std::size_t next_to_ask_ = 0;
  std::uint8_t encapsulated_id_ = 0;
  bool own_key_is_new_ = false;
};

}  // namespace fake
