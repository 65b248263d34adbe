// A device that was asked inside of a session, as whoever collected tells it: the messages are plain text, marked as those of the session.
#pragma once

#include "core/appraisal/policy_trial.h"
#include "core/wire/finish.h"
#include "core/wire/key_exchange.h"
#include "core/wire/psk_exchange.h"
#include "core/wire/secured_versions.h"
#include "core/wire/session_messages.h"

namespace trial {

inline fake::Profile with_sessions(std::uint32_t more = 0) {
  fake::Profile out;
  out.flags |= cap::key_ex | cap::encrypt | cap::mac | cap::mut_auth | cap::encap | cap::psk_with_context | more;
  return out;
}

struct InSession : Good {
  static constexpr std::uint32_t kSession = 0xFFFE0001;

  explicit InSession(fake::Profile profile = with_sessions()) : Good(std::move(profile)) {
    change_chain = [](ChainResult& chain) {  // every algorithm that is looked at is of CNSA 2.0
      chain.certificates.back().key = "ML-DSA-87";
      chain.certificates.back().signature_algorithm = "ML-DSA-87";
    };
  }

  // Digests and the chain are read, as before a key exchange.
  InSession& prepare(std::string_view key_exchange = "secp384r1", std::string_view aead = "AES-256-GCM") {
    key_exchange_ = find_key_exchange(key_exchange);
    if (asym.empty()) asym = device.profile().asym;
    device.intercept = [this, aead](Code code, View message) -> std::optional<Bytes> {
      if (code != Code::negotiate_algorithms) return std::nullopt;
      return with_tables(device.serve(message), aead);
    };
    requester.emplace(link, evidence.log, Limits{});
    requester->ask(GetVersion{}.encode());
    const std::uint8_t spoken = device.profile().versions.back();
    GetCapabilities get;
    get.capabilities.flags = cap::key_ex | cap::encrypt | cap::mac | cap::mut_auth | cap::encap | cap::psk | cap::cert;
    get.capabilities.data_transfer_size = get.capabilities.max_message_size = requester->data_transfer_size();
    requester->ask(get.encode(spoken));
    NegotiateAlgorithms offer;
    offer.base_asym = 0x90, offer.base_hash = 3, offer.other_params = other_params::opaque_fmt1;
    offer.tables = {{AlgType::dhe, 0x3F}, {AlgType::aead, 7}, {AlgType::req_base_asym, 0x90}, {AlgType::key_schedule, 1}};
    if (spoken >= k14) offer.pqc_asym = 7, offer.tables.push_back({AlgType::kem, 7});
    requester->ask(offer.encode(spoken));
    for (const Message& message : evidence.log) append(vca_, message.bytes);
    digests();
    chain();
    return *this;
  }

  void exchange(const Bytes& request, const Bytes& response, std::uint32_t inside) {
    evidence.log.push_back({.from_requester = true, .secured = false, .bytes = request, .inside = inside});
    evidence.log.push_back({.from_requester = false, .secured = false, .bytes = response, .inside = inside});
  }

  // The records as they were on the link, without their keys.
  void records(std::uint32_t session) {
    for (const bool from_requester : {true, false})
      evidence.log.push_back({.from_requester = from_requester, .secured = true, .bytes = Writer().u32(session).u32(1).take()});
  }

  void key_exchange() {
    KeyExchange request;
    request.session_id = 0x0001;
    request.random.fill(0x5A);
    request.exchange_data.assign(key_exchange_->request_size, 1);
    request.opaque = encode_secured_versions(requester->connection().parameters(), kSecuredVersions);
    request.summary = summary_hash.empty() ? Summary::none : Summary::all;
    evidence.nonces.push_back(request.random);
    KeyExchangeResponse response;
    response.summary_hash = summary_hash;
    response.session_id = 0xFFFE;
    response.exchange_data.assign(key_exchange_->response_size, 2);
    response.opaque = encode_secured_selection(requester->connection().parameters(), 0x1100);
    const Bytes asked = request.encode(version());
    Bytes answer = response.encode(version());
    Bytes signed_part = vca_;
    append(signed_part, crypto::hash(*find_hash(device.profile().hash), device.chain(0)));
    append(signed_part, asked);
    append(signed_part, answer);
    append(answer, signature(kKeyExchangeContext, signed_part));
    append(answer, Bytes(hash_size(), 0x77));  // ResponderVerifyData, which nobody without the keys can check
    exchange(asked, answer, 0);
  }

  void psk_exchange() {
    PskExchange request;
    request.session_id = 0x0001;
    request.context.assign(32, 3);
    request.opaque = encode_secured_versions(requester->connection().parameters(), kSecuredVersions);
    PskExchangeResponse response;
    response.session_id = 0xFFFE;
    response.context.assign(32, 4);
    response.opaque = encode_secured_selection(requester->connection().parameters(), 0x1100);
    response.verify_data.assign(hash_size(), 0x77);
    exchange(request.encode(version()), response.encode(version()), 0);
    exchange(PskFinish{.opaque = {}, .verify_data = Bytes(hash_size(), 0x78)}.encode(version()), PskFinishResponse{}.encode(version()),
             kSession);
  }

  void finish() {
    Finish request;
    request.verify_data.assign(hash_size(), 0x78);
    exchange(request.encode(version()), FinishResponse{}.encode(version()), kSession);
  }

  // All measurements, signed.
  void measure_inside(std::uint32_t inside = kSession) {
    GetMeasurements request;
    request.operation = kAllMeasurements;
    request.signature = true;
    request.nonce.fill(0x5B);
    evidence.nonces.push_back(request.nonce);
    MeasurementsResponse response;
    response.nonce.fill(0xE0);
    for (const MeasurementBlock& block : device.blocks) append(response.record, encode_block(block));
    response.signature.resize(find_asym(asym)->signature_size);
    Bytes answer = response.encode(version(), static_cast<std::uint8_t>(device.blocks.size()));
    answer.resize(answer.size() - response.signature.size());
    const Bytes asked = request.encode(version());
    Bytes signed_part = vca_;
    append(signed_part, asked);
    append(signed_part, answer);
    append(answer, signature(kMeasurementsContext, signed_part));
    exchange(asked, answer, inside);
  }

  void end() { exchange(EndSession{}.encode(version()), begin(version(), Code::end_session_ack).take(), kSession); }

  InSession& whole(std::string_view key_exchange_name = "secp384r1", std::string_view aead = "AES-256-GCM") {
    prepare(key_exchange_name, aead);
    key_exchange();
    finish();
    measure_inside();
    end();
    return *this;
  }

  Bytes summary_hash;     // in KEY_EXCHANGE_RSP; empty: it was not asked for
  std::string_view asym;  // that the negotiation ends in, where it is not that of the device: it signs nothing then

 private:
  Bytes signature(std::string_view context, const Bytes& transcript) const {
    return asym == device.profile().asym ? device.sign(context, transcript) : Bytes(find_asym(asym)->signature_size);
  }
  std::size_t hash_size() const { return find_hash(device.profile().hash)->size; }

  Bytes with_tables(const Bytes& response, std::string_view aead) const {
    AlgorithmsResponse out;
    out.measurement_specification = kDmtfMeasurementSpecification;
    out.other_params = other_params::opaque_fmt1;
    out.measurement_hash = find_hash(device.profile().measurement_hash)->bit << 1;
    (find_asym(asym)->pqc ? out.pqc_asym : out.base_asym) = find_asym(asym)->bit;
    out.base_hash = find_hash(device.profile().hash)->bit;
    out.tables = {{AlgType::dhe, key_exchange_->kem ? std::uint16_t{0} : key_exchange_->bit},
                  {AlgType::aead, find_aead(aead)->bit},
                  {AlgType::req_base_asym, 0x80},
                  {AlgType::key_schedule, 1}};
    if (key_exchange_->kem) out.tables.push_back({AlgType::kem, key_exchange_->bit});
    return out.encode(response.front());
  }

  const KeyExchangeAlgorithm* key_exchange_ = nullptr;
  Bytes vca_;
};

}  // namespace trial
