// A software SPDM responder, 1.0 to 1.4: for trying things without hardware, as a peer for other requesters, and as a
// source of faults. It authenticates, reports measurements, and has sessions where its profile says so.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "core/responder/profile.h"
#include "core/responder/session.h"
#include "core/wire/finish.h"
#include "core/wire/pci_vendor.h"
#include "core/wire/psk_exchange.h"

namespace spdm {

class IdeDevice;
class PciDevice;

// A request that gets ERROR instead of its response.
struct Refusal {
  ErrorCode code{};
  std::uint8_t data = 0;
  Bytes extended = {};
};

// One connection to an emulated device. Not thread-safe: each connection has its own.
class Responder {
 public:
  explicit Responder(std::shared_ptr<const DeviceProfile> profile);
  Responder(Responder&&) noexcept;
  ~Responder();

  // Answers one request (from the SPDMVersion byte on; padding of a binding may follow). No request makes it throw.
  Reply respond(View request);
  // Answers one secured message (DSP0277, from the session id on; padding may follow). The answer is one as well, or a plain ERROR where
  // there is no such session.
  Reply respond_secured(View record);

  // What the messages go through: the records of sessions that are opened from now on depend on it.
  void carry(Binding binding) { binding_ = binding; }
  // Whose time a heartbeat goes by, for tests.
  void use_clock(std::function<SteadyTime()> now) { now_ = std::move(now); }
  // The keys that it was given, for tests. Only where the profile has `ide`.
  const IdeDevice& ide() const;

 private:
  // DSP0274 "Responder state": how far the connection has been negotiated.
  enum class State { start, version, capabilities, negotiated };
  // What an answered request does to the transcripts (see responder.cpp).
  enum class Effect { none, ends_measurements, ends_measurements_and_challenge, ends_challenge };
  struct Row;
  static const Row* find_row(Code code);

  // responder.cpp
  Bytes handle(View request);
  Bytes answer(View request);
  void check_request(const Row& row, View request) const;
  void check_place(const Row& row) const;
  // To a request that only sessions have.
  Refusal outside_of_sessions() const;
  void take_effect(const Row& row);
  Bytes error(const Refusal& refusal) const;
  Bytes respond_if_ready(Reader& reader);
  Bytes not_ready(const Fault& fault, View request);

  // vca.cpp
  Bytes version(Reader& reader);
  Bytes capabilities(Reader& reader);
  Bytes algorithms(Reader& reader);
  Bytes supported_algorithms(std::uint8_t version) const;
  AlgorithmsResponse select(const NegotiateAlgorithms& offer) const;

  // identity.cpp
  Bytes digests(Reader& reader);
  Bytes certificate(Reader& reader);
  Bytes challenge_auth(Reader& reader);
  bool visible(const DeviceSlot& slot) const;
  Bytes identity(const DeviceSlot& slot) const;
  const DeviceSlot* slot(std::uint8_t id) const;
  std::uint8_t provisioned_slots() const;
  // The slot whose key signs. Throws Refusal for a slot that is not there or whose key is not for this use.
  const DeviceSlot& signing_slot(std::uint8_t id, std::uint16_t usage) const;

  // measurements.cpp
  Bytes measurements(Reader& reader);
  Bytes extension_log(Reader& reader);
  Bytes summary_hash(Summary summary) const;

  // info.cpp
  Bytes endpoint_info(Reader& reader);
  Bytes key_pair_info(Reader& reader);
  Bytes vendor_defined(Reader& reader);

  // pci_messages.cpp
  // The whole VENDOR_DEFINED_RESPONSE to one message of IDE_KM or TDISP. `large`: the form of its envelope.
  Bytes pci_message(PciProtocol protocol, View message, bool large);

  // chunk.cpp
  Bytes chunk_send(Reader& reader);
  Bytes chunk_response(Reader& reader);
  // The answer itself; or the ERROR that announces it in chunks or says that it is too large. `beside`: bytes in front
  // of it.
  Bytes fit(Bytes response, std::size_t beside = 0);
  std::size_t send_limit() const;

  // session_algorithms.cpp
  void select_for_sessions(const NegotiateAlgorithms& offer, AlgorithmsResponse& out) const;
  std::vector<AlgStruct> supported_tables(std::uint8_t version) const;

  // session_records.cpp
  Session* session_of(View record);
  Reply answer_outside(ErrorCode why);
  Bytes seal(Session& session, View message);
  void carry_out(Session& session);
  // Whether a fault of that kind strikes what is answered now; a large answer and its last chunk count as one.
  const Fault* strikes(FaultKind kind) const { return find_fault(on_record_, kind); }

  // session_handshake.cpp
  void check_negotiated_for_sessions() const;
  SecuredMessages agree_on_secured_messages(View opaque, std::string_view message) const;
  SecuredSession new_keys(SessionKind kind, std::uint32_t id, const SecretBytes& shared, View th1) const;
  std::uint8_t heartbeat_period() const;
  Session& begin_session(Session session, const SecuredMessages& agreed);
  Bytes responder_verify_data(const Session& session) const;
  // The session that a FINISH or PSK_FINISH is for.
  Session& handshake_of(SessionKind kind);
  // Checks RequesterVerifyData, and appends it to the transcript; the session ends where it is wrong.
  void confirm(Session& session, View verify_data);
  [[noreturn]] void end_handshake(Session& session);

  // session_key_exchange.cpp, session_psk.cpp, session_traffic.cpp
  Bytes key_exchange(Reader& reader);
  Bytes finish(Reader& reader);
  Bytes psk_exchange(Reader& reader);
  Bytes psk_finish(Reader& reader);
  Bytes heartbeat(Reader& reader);
  Bytes key_update(Reader& reader);
  Bytes end_session(Reader& reader);

  // encapsulated.cpp
  Bytes encapsulated_request(Reader& reader);
  Bytes encapsulated_response_ack(Reader& reader);
  void begin_flow(Place& place, ResponderFlow::Purpose purpose, Code first, std::uint32_t session = 0);
  void ask(ResponderFlow& flow);
  // Takes what was delivered; false when there is nothing more to ask. Throws Error{peer} for what it must not be.
  bool take(ResponderFlow& flow, View response);
  void take_digests(ResponderFlow& flow, Reader& reader);
  void take_certificate(ResponderFlow& flow, Reader& reader);
  void take_challenge_auth(ResponderFlow& flow, Reader& reader);

  // events.cpp
  Bytes supported_event_types(Reader& reader);
  Bytes subscribe_event_types(Reader& reader);
  void subscribe_to_all(Session& session) const;
  // Counts one more question whether something has happened; what is due happens.
  void let_time_pass();
  void happen(const DeviceEvent& event);
  bool has_events() const { return inside() && !session_->events.empty(); }
  Bytes next_events();
  void take_event_ack(Reader& reader);
  // The measurement as it is now.
  DeviceMeasurement now(const DeviceMeasurement& measurement) const;

  // known_requester.cpp
  Parameters requester_parameters() const;
  bool wants_basic_mutual_auth() const;
  MutualAuth wanted_mutual_auth() const;
  KnownRequester provisioned_requester() const;
  KnownRequester identify(std::uint8_t slot, const Bytes& chain, View digest) const;
  bool verifies(const KnownRequester& requester, std::string_view context, View transcript_hash, View signature) const;

  // transcript.cpp
  void append_m1m2(View request, View response);
  void append_l1l2(View request, View response);
  // Appends the exchange, signs, and returns the response with its signature; the transcript is empty afterwards.
  Bytes sign_m1m2(View request, Bytes response, const DeviceSlot& slot);
  Bytes sign_l1l2(View request, Bytes response, const DeviceSlot& slot);
  Bytes sign_endpoint_info(View request, Bytes response, const DeviceSlot& slot);
  // The signature of KEY_EXCHANGE_RSP. `before`: the transcript up to KEY_EXCHANGE.
  Bytes sign_key_exchange(SessionTranscript before, View request, View response, const DeviceSlot& slot);

  std::uint8_t version_byte() const { return parameters_.version; }
  bool has(std::uint32_t flag) const { return parameters_.responder.has(flag); }
  const DeviceSessions& sessions_profile() const { return *profile_->sessions; }  // there wherever a session capability is
  bool inside() const { return session_ != nullptr; }
  Place& here() { return inside() ? session_->place : outside_; }
  const Place& here() const { return inside() ? session_->place : outside_; }

  std::shared_ptr<const DeviceProfile> profile_;
  Faults faults_;
  State state_ = State::start;
  Parameters parameters_;
  bool authenticated_ = false;  // a CHALLENGE has been answered

  // Transcripts (DSP0274 "Transcript and transcript hash"): A and D in full, the others as running hashes; L1/L2 is that of a place.
  Bytes vca_;
  std::optional<crypto::Hasher> m1m2_;
  Bytes first_digests_;  // D: only where GET_DIGESTS came right after ALGORITHMS (1.4.1)
  bool is_first_ = false, next_is_first_ = false;
  Bytes first_signature_;  // of KEY_EXCHANGE_RSP; for a fault

  std::uint8_t token_ = 0, handle_ = 0;  // of the last ResponseNotReady, of the last LargeResponse

  Binding binding_ = Binding::none;
  std::function<SteadyTime()> now_ = std::chrono::steady_clock::now;
  std::unique_ptr<PciDevice> pci_;  // where the profile has any of it
  Sessions sessions_;
  Place outside_;
  Session* session_ = nullptr;  // that the request in the making came through

  std::uint32_t asked_for_events_ = 0, next_event_ = 1;  // questions of requesters that have subscribed; EventInstanceID of the next event
  std::map<std::uint8_t, Bytes> changed_;                // measurements that an event has changed, by index

  StruckBy struck_;     // faults of the answer in the making
  StruckBy on_record_;  // of it and of those within it: what they do to its record
  Reply reply_;
};

}  // namespace spdm
