// KEY_EXCHANGE and FINISH (DSP0274, the sections of these titles), in the order of the specification.
#include <algorithm>

#include "core/crypto/certificates.h"
#include "core/crypto/key_agreement.h"
#include "core/error.h"
#include "core/evidence/session_transcript.h"
#include "core/evidence/transcript.h"
#include "core/session/encapsulated.h"
#include "core/session/handshake.h"
#include "core/text.h"
#include "core/wire/secured_versions.h"

namespace spdm {

namespace {

class KeyExchangeHandshake {
 public:
  KeyExchangeHandshake(Requester& requester, const SessionOptions& options, std::uint8_t slot, Evidence& evidence)
      : requester_(requester), options_(options), slot_(slot), evidence_(evidence), transcript_(begin_transcript()) {}

  std::unique_ptr<ActiveSession> run() {
    const crypto::KeyAgreement agreement(*parameters().key_exchange);
    exchange_keys(agreement);
    seen_ = &opened(requester_, "KEY_EXCHANGE_RSP");
    check_signature();
    confirm_responder(agreement);
    if (!parameters().handshake_in_the_clear()) session_->enter();
    authenticate();
    finish();
    return std::move(session_);
  }

 private:
  const Connection& connection() const { return requester_.connection(); }
  const Parameters& parameters() const { return connection().parameters(); }
  const KeyExchangeResponse& response() const { return *seen_->key_exchange_response; }

  SessionTranscript begin_transcript() const {
    const View identity = connection().session_identity(slot_);
    if (identity.empty() && slot_ == kProvisionedKey)
      throw Error(ErrorId::usage, "slot 255: the public key of the device is not known", "give it with --provisioned-key FILE");
    if (identity.empty()) throw Error(ErrorId::internal, cat("slot ", slot_, ": its chain was not read before KEY_EXCHANGE"));
    return SessionTranscript::of_key_exchange(*parameters().hash, vca(connection().exchanges()), connection().session_digests(), identity);
  }

  void exchange_keys(const crypto::KeyAgreement& agreement) {
    KeyExchange request;
    request.summary = summary_of(options_, parameters());
    request.slot = slot_;
    request.session_id = fresh_session_id();
    request.policy = policy_of(options_, parameters());
    const Bytes fresh = crypto::random(request.random.size());
    std::copy(fresh.begin(), fresh.end(), request.random.begin());
    if (options_.nonce) request.random = *options_.nonce;
    evidence_.nonces.push_back(request.random);
    request.exchange_data = agreement.public_value();
    request.opaque = encode_secured_versions(parameters(), kSecuredVersions);
    requester_.ask(request.encode(parameters().version));
  }

  // Before any key is derived: what is not the responder's leads to no key (N232). The appraisal judges the signature again.
  void check_signature() {
    const Exchange& exchange = connection().exchanges().at(seen_->exchange);
    transcript_.append(exchange.request);
    transcript_.append(
        View(exchange.response).first(exchange.response.size() - response().signature.size() - response().verify_data.size()));
    if (!crypto::verify(leaf_key(), *parameters().asym, *parameters().hash, parameters().version, kKeyExchangeContext, transcript_.hash(),
                        response().signature))
      throw Error(ErrorId::peer, cat("KEY_EXCHANGE_RSP: Signature: it does not verify with the key of slot ", slot_),
                  "no session is opened with a peer that cannot prove to be the device");
    transcript_.append(response().signature);
  }

  crypto::PublicKey leaf_key() const {
    const View identity = connection().session_identity(slot_);
    if (slot_ == kProvisionedKey) return crypto::PublicKey::from_spki(identity);
    const std::size_t header = 4 + parameters().hash_size();
    const Bytes key = crypto::leaf_spki(identity.subspan(std::min(header, identity.size())));
    try {
      return crypto::PublicKey::from_spki(key);
    } catch (const Error& error) {
      throw Error(ErrorId::peer, cat("CERTIFICATE: slot ", slot_, ": the leaf certificate has no key that can be read: ", error.what()));
    }
  }

  void confirm_responder(const crypto::KeyAgreement& agreement) {
    const Bytes th1 = transcript_.hash();
    const SecretBytes shared = agreement.derive(response().exchange_data);
    keep_secret(requester_, options_, *seen_, shared);
    session_ = begin_session(requester_, options_, *seen_, KeySchedule::from_key_exchange(suite_of(parameters()), shared), th1);
    // In the clear its confirmation comes in FINISH_RSP.
    if (parameters().handshake_in_the_clear()) return;
    check_verify_data(response().verify_data, session_->session().verify_data(Direction::response, th1), "KEY_EXCHANGE_RSP");
    transcript_.append(response().verify_data);
  }

  // Mutual authentication: who we are enters the transcript, and FINISH is signed.
  void authenticate() {
    const MutualAuth kind = response().mutual_auth;
    if (kind == MutualAuth::none) return;
    if (!options_.identity)
      throw Error(ErrorId::no_spdm, "the device asks for mutual authentication (MutAuthRequested), and no requester key is given");
    if (parameters().req_asym == nullptr) malformed("KEY_EXCHANGE_RSP", "MutAuthRequested", "no algorithm was selected for our signature");
    Bytes digests;
    std::uint8_t wanted = response().requester_slot;
    if (kind != MutualAuth::optimized) {
      SessionLink* inside = parameters().handshake_in_the_clear() ? nullptr : &session_->link();
      EncapsulatedFlow flow(requester_, FlowPlace::handshake, &*options_.identity, inside);
      if (kind == MutualAuth::digests)
        flow.run_with_digests();
      else
        flow.run();
      wanted = flow.slot();
      if (parameters().multi_key_requester) digests = flow.first_digests();
    }
    // N223: a slot that holds nothing has no key to sign with.
    if (wanted != options_.identity->slot())
      throw Error(ErrorId::peer, cat("KEY_EXCHANGE_RSP: SlotIDParam: the device wants our slot ", wanted, ", and we have ",
                                     options_.identity->has_chain() ? "slot 0 only" : "a provisioned key only"));
    transcript_.append_requester(digests, options_.identity->identity(parameters()));
  }

  void finish() {
    const bool sign = response().mutual_auth != MutualAuth::none;
    Finish request;
    if (sign) request.slot = options_.identity->slot();
    if (sign) request.signature.resize(parameters().req_asym->signature_size);
    request.verify_data.resize(parameters().hash_size());
    const Bytes empty = request.encode(parameters().version);
    transcript_.append(View(empty).first(empty.size() - request.signature.size() - request.verify_data.size()));
    if (sign) request.signature = options_.identity->sign(parameters(), kFinishContext, transcript_.hash());
    transcript_.append(request.signature);
    request.verify_data = session_->session().verify_data(Direction::request, transcript_.hash());
    transcript_.append(request.verify_data);
    requester_.ask(request.encode(parameters().version));

    const Bytes& answer = connection().exchanges().back().response;
    Reader reader(answer, "FINISH_RSP");
    const FinishResponse finished = FinishResponse::decode(reader, parameters());
    transcript_.append(View(answer).first(answer.size() - finished.verify_data.size()));
    if (parameters().handshake_in_the_clear())
      check_verify_data(finished.verify_data, session_->session().verify_data(Direction::response, transcript_.hash()), "FINISH_RSP");
    transcript_.append(finished.verify_data);
    session_->establish(transcript_.hash(), response().heartbeat_period);
  }

  Requester& requester_;
  const SessionOptions& options_;
  std::uint8_t slot_;
  Evidence& evidence_;
  SessionTranscript transcript_;
  const SessionSeen* seen_ = nullptr;
  std::unique_ptr<ActiveSession> session_;
};

}  // namespace

std::unique_ptr<ActiveSession> open_by_key_exchange(Requester& requester, const SessionOptions& options, std::uint8_t slot,
                                                    Evidence& evidence) {
  return KeyExchangeHandshake(requester, options, slot, evidence).run();
}

}  // namespace spdm
