// The state of a connection: every exchange is checked by the decoders, trimmed to its own length and kept. The live
// requester and the reader of recorded traffic share this class, so neither knows more than the other.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>

#include "core/evidence/transcript.h"
#include "core/protocol/session_seen.h"
#include "core/tolerance.h"
#include "core/wire/certificate.h"
#include "core/wire/endpoint_info.h"
#include "core/wire/events.h"
#include "core/wire/measurements.h"
#include "core/wire/mel.h"
#include "core/wire/vendor_defined.h"
#include "core/wire/version.h"

namespace spdm {

enum class SignedMessage { challenge_auth, measurements, endpoint_info, key_exchange_rsp };
std::string_view name(SignedMessage kind);
std::string_view signing_context(SignedMessage kind);

// A signature of the responder, with what is needed to check it.
struct Statement {
  SignedMessage kind{};
  std::size_t exchange = 0;  // index into Connection::exchanges()
  std::uint8_t slot = 0;     // 0..7 or kProvisionedKey
  Block<32> nonce{};         // the requester's
  Bytes signature;
};

struct MeasurementsSeen {
  std::size_t exchange = 0;
  GetMeasurements request;
  MeasurementsResponse response;
};

struct ChallengeSeen {
  std::size_t exchange = 0;
  Challenge request;
  ChallengeAuth response;
};

struct EndpointInfoSeen {
  std::size_t exchange = 0;
  GetEndpointInfo request;
  EndpointInfoResponse response;
};

struct VendorSeen {
  std::size_t exchange = 0;
  VendorDefined request, response;
};

struct ErrorSeen {
  std::size_t exchange = 0;
  Code request{};
  ErrorResponse error;
};

// Where the algorithms of a connection are known from.
enum class AlgorithmSource {
  negotiated,  // ALGORITHMS, or not at all
  stated,      // the collector says so
  leaf_key,    // the key of the leaf and the signature allow no other
};
inline constexpr std::array kAlgorithmSources{
    Word{AlgorithmSource::negotiated, "negotiated"},
    Word{AlgorithmSource::stated, "stated"},
    Word{AlgorithmSource::leaf_key, "leaf-key"},
};
static_assert(is_sound(kAlgorithmSources));
inline std::string_view name(AlgorithmSource source) { return row_of(kAlgorithmSources, source).name; }

struct AlgorithmPair {
  const AsymAlgorithm* asym;
  const HashAlgorithm* hash;
};

class Connection {
 public:
  explicit Connection(Binding binding) : binding_(binding) {}
  // One whose beginning nobody has kept (detached.h). A signature may be of any of the candidates.
  Connection(Binding binding, const Parameters& assumed, AlgorithmSource source, std::vector<AlgorithmPair> candidates)
      : binding_(binding), parameters_(assumed), source_(source), candidates_(std::move(candidates)), keeps_surplus_(true) {}
  // Evidence of others may have bytes behind its last signature: they are counted, and break no rule.
  void keep_surplus() { keeps_surplus_ = true; }

  // The responder's public key (DER SubjectPublicKeyInfo) that the owner provisioned: the transcript of a session of slot 0xFF has its
  // hash in it.
  void provision(Bytes key) { provisioned_key_ = std::move(key); }

  // What its messages may break and be read all the same (tolerance.h); nothing as long as nobody says so.
  void tolerate(const Tolerance& tolerance) { tolerance_ = tolerance; }
  // What the last exchange has broken of that, also when it was refused for something else.
  const std::vector<Deviation>& deviations() const { return tolerance_.deviations(); }

  // Takes the next exchange. Throws Error{peer} when the response breaks a rule: then the exchange is not kept.
  // An ERROR response is kept as such.
  void observe(Exchange exchange);

  const Exchanges& exchanges() const { return exchanges_; }
  // Version after GET_VERSION and GET_CAPABILITIES (0x10 before), the rest after ALGORITHMS.
  const Parameters& parameters() const { return parameters_; }
  std::uint8_t version() const { return parameters_.version; }
  bool negotiated() const { return negotiated_; }  // ALGORITHMS has been seen
  AlgorithmSource algorithm_source() const { return source_; }
  const std::vector<AlgorithmPair>& candidates() const { return candidates_; }  // empty: parameters() has them
  // Bytes behind the last message that are no part of it.
  std::size_t surplus() const { return surplus_; }
  const std::optional<VersionResponse>& versions() const { return versions_; }
  const std::optional<CapabilitiesResponse>& capabilities() const { return capabilities_; }
  const std::optional<AlgorithmsResponse>& algorithms() const { return algorithms_; }
  const std::optional<DigestsResponse>& digests() const { return digests_; }
  const ChainReader& chain(std::uint8_t slot) const { return chains_.at(slot); }
  const Bytes& mel() const { return mel_; }
  bool mel_complete() const { return mel_total_ != 0 && mel_.size() >= mel_total_; }

  const std::vector<ChallengeSeen>& challenges() const { return challenges_; }
  const std::vector<MeasurementsSeen>& measurements() const { return measurements_; }
  const std::vector<EndpointInfoSeen>& endpoint_infos() const { return endpoint_infos_; }
  const std::vector<VendorSeen>& vendor_defined() const { return vendor_; }
  const std::vector<Statement>& statements() const { return statements_; }
  // Events that the responder can tell of; nothing where nobody has asked.
  const std::optional<SupportedEventTypes>& event_types() const { return event_types_; }
  // In the order in which they were opened; at most one is not ended.
  const std::vector<SessionSeen>& sessions() const { return sessions_; }
  const std::vector<ErrorSeen>& errors() const { return errors_; }

  // The bytes under the signature of a statement.
  Bytes transcript(const Statement& statement) const;
  // What the transcript of a session opened by key exchange begins with (core/evidence/session_transcript.h): D, or nothing; and the
  // chain of the slot, or the provisioned key. Empty where it was not seen.
  View session_digests() const;
  View session_identity(std::uint8_t slot) const;
  // The session that an exchange has opened; nullptr when it has opened none.
  const SessionSeen* opened_by(std::size_t exchange) const;

 private:
  void observe_version(Exchange& exchange);
  void observe_capabilities(Exchange& exchange);
  void observe_algorithms(Exchange& exchange);
  void observe_digests(Exchange& exchange);
  void observe_certificate(Exchange& exchange);
  void observe_challenge(Exchange& exchange);
  void observe_measurements(Exchange& exchange);
  void observe_endpoint_info(Exchange& exchange);
  void observe_mel(Exchange& exchange);
  void observe_vendor_defined(Exchange& exchange);
  void observe_event_types(Exchange& exchange);
  void observe_subscription(Exchange& exchange);
  // connection_session.cpp
  void check_place(const Exchange& exchange);
  void observe_session(Exchange& exchange);
  void observe_key_exchange(Exchange& exchange);
  void observe_psk_exchange(Exchange& exchange);
  void observe_finish(Exchange& exchange);
  void observe_psk_finish(Exchange& exchange);
  SessionSeen& session_of(const Exchange& exchange);
  void add_session(SessionSeen seen, std::string_view message);
  const Bytes& identity_hash(std::uint8_t slot);
  Bytes key_exchange_transcript(std::size_t exchange) const;
  Reader request_reader(const Exchange& exchange, std::string_view message) const;
  Reader response_reader(const Exchange& exchange, std::string_view message);
  void trim(Bytes& message, const Reader& reader);

  Binding binding_;
  Bytes provisioned_key_;
  Exchanges exchanges_;
  Parameters parameters_;
  bool negotiated_ = false;
  AlgorithmSource source_ = AlgorithmSource::negotiated;
  std::vector<AlgorithmPair> candidates_;
  bool keeps_surplus_ = false;
  bool inside_ = false;  // the exchange that is observed is one of a session
  Tolerance tolerance_;
  std::size_t surplus_ = 0;
  std::optional<VersionResponse> versions_;
  std::optional<GetCapabilities> get_capabilities_;
  std::optional<CapabilitiesResponse> capabilities_;
  std::optional<AlgorithmsResponse> algorithms_;
  std::optional<DigestsResponse> digests_;
  std::array<ChainReader, kSlots> chains_;
  Bytes mel_;
  std::uint64_t mel_total_ = 0;
  std::vector<ChallengeSeen> challenges_;
  std::vector<MeasurementsSeen> measurements_;
  std::vector<EndpointInfoSeen> endpoint_infos_;
  std::vector<VendorSeen> vendor_;
  std::vector<Statement> statements_;
  std::optional<SupportedEventTypes> event_types_;
  std::vector<SessionSeen> sessions_;
  std::map<std::uint8_t, Bytes> identity_hashes_;  // by slot, of what stands in it now: a chain is long, and is hashed once
  std::vector<ErrorSeen> errors_;
};

}  // namespace spdm
