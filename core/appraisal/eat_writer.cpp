#include "core/appraisal/eat_writer.h"

#include <algorithm>
#include <map>
#include <set>

#include "core/appraisal/analyze.h"
#include "core/crypto/certificates.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/evidence/eat.h"
#include "core/file.h"
#include "core/file_kinds.h"
#include "core/format/cbor_writer.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::uint64_t kUccs = 601;

[[noreturn]] void refuse(std::string_view why, std::string hint = {}) {
  throw Error(ErrorId::unsupported, cat("a token cannot carry it: ", why), std::move(hint));
}

class Submodule {
 public:
  Submodule(const Evidence& evidence, const Analysis& analysis)
      : evidence_(evidence), connection_(analysis.connections.front()), parameters_(connection_.parameters()) {}

  DatDevice write() {
    sort_statements();
    cbor::MapWriter claims;
    claims.add(claim::profile, cbor::encode_text(kDatSpdmProfile));
    if (measured_ != nullptr) claims.add(claim::measurements, measurements());
    if (Bytes all = certificates(); !all.empty()) claims.add(claim::certificates, std::move(all));
    if (const Bytes negotiation = vca(connection_.exchanges()); !negotiation.empty())
      claims.add(claim::vca, cbor::encode_bytes(negotiation));
    if (challenged_ != nullptr) claims.add(claim::challenge, statement(*challenged_));
    out_.claims = claims.finish();
    out_.leaf = to_bytes(crypto::leaf_certificate(chain_of(main_slot())));
    tell_left_out();
    return std::move(out_);
  }

 private:
  // A token has room for one challenge and one signature over measurements.
  void sort_statements() {
    for (const Statement& one : connection_.statements()) {
      if (one.slot >= kSlots) refuse("the signature of a provisioned key (slot 255)", "evidence of spdmctl can: leave --format out");
      if (one.kind == SignedMessage::endpoint_info) refuse("signed endpoint information", "collect it without --endpoint-info");
      if (one.kind == SignedMessage::key_exchange_rsp)
        refuse("a session that was opened by key exchange", "collect it without --in-session");
      const Statement*& place = one.kind == SignedMessage::challenge_auth ? challenged_ : measured_;
      if (place != nullptr)
        refuse(cat("several signatures of ", spdm::name(one.kind)),
               "have one slot speak, with --slot N; evidence of spdmctl can carry all");
      place = &one;
    }
    if (challenged_ == nullptr && measured_ == nullptr) refuse("the device has signed nothing");
    const bool known =
        parameters_.hash != nullptr && parameters_.asym != nullptr && connection_.algorithm_source() != AlgorithmSource::leaf_key;
    if (!known) refuse("which hash was used is not known before a signature is checked", "spdmctl verify --format eat checks it");
  }

  Bytes statement(const Statement& one) {
    const bool is_challenge = one.kind == SignedMessage::challenge_auth;
    const Block<32>& answer = is_challenge ? connection_.challenges().back().response.nonce : measurements_of(one).response.nonce;
    Bytes prefix(kSigningPrefixSize, 0);  // DSP0274 has one since 1.2; a token always has room for it
    if (connection_.version() >= k12) prefix = crypto::signing_message(connection_.version(), signing_context(one.kind), {});
    out_.nonces.push_back(one.nonce);
    cbor::MapWriter map;
    map.add(dat_signature::slot, cbor::encode_unsigned(one.slot));
    map.add(dat_signature::requester_nonce, cbor::encode_bytes(one.nonce));
    map.add(dat_signature::responder_nonce, cbor::encode_bytes(answer));
    map.add(dat_signature::prefix, cbor::encode_bytes(prefix));
    map.add(dat_signature::transcript, cbor::encode_bytes(connection_.transcript(one)));
    map.add(dat_signature::hash, cbor::encode_unsigned(dat_hash(*parameters_.hash)));
    map.add(dat_signature::signature, cbor::encode_bytes(one.signature));
    return map.finish();
  }

  const MeasurementsSeen& measurements_of(const Statement& one) const {
    const auto& all = connection_.measurements();
    return *std::find_if(all.begin(), all.end(), [&](const MeasurementsSeen& seen) { return seen.exchange == one.exchange; });
  }

  bool is_covered(const MeasurementsSeen& seen) const {
    return measured_ != nullptr && seen.exchange <= measured_->exchange &&
           seen.exchange >= l1l2_begin(connection_.exchanges(), measured_->exchange);
  }

  // What a token has room for, of what the signature covers. All of it is in the transcript.
  Bytes measurements() {
    std::map<std::uint8_t, const MeasurementBlock*> blocks;
    for (const MeasurementsSeen& seen : connection_.measurements())
      if (is_covered(seen))
        for (const MeasurementBlock& block : seen.response.blocks) blocks[block.index] = &block;
    cbor::MapWriter map;
    for (const auto& [index, block] : blocks) {
      const auto type = static_cast<std::uint8_t>(block->type);
      if (index == 0 || index > dat_measurement::last_index || type > dat_measurement::last_type) continue;
      cbor::MapWriter one;
      one.add(dat_measurement::type, cbor::encode_unsigned(type));
      if (block->raw)
        one.add(dat_measurement::raw, cbor::encode_bytes(block->value));
      else
        one.add(dat_measurement::digest, cbor::encode_array({cbor::encode_text(digest_name()), cbor::encode_bytes(block->value)}));
      map.add(index, one.finish());
    }
    map.add(claim::signature, statement(*measured_));
    return map.finish();
  }

  // As the registry of named information hashes has it: in lower case. Nobody says it where the negotiation was not seen.
  std::string digest_name() const {
    if (parameters_.measurement_hash == nullptr) return "unknown";
    std::string out;
    for (const char c : parameters_.measurement_hash->name) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
  }

  // The certificates of a slot, DER one after the other; empty where nobody has read them.
  Bytes chain_of(std::uint8_t slot) const {
    const ChainReader& read = connection_.chain(slot);
    const std::size_t head = 4 + parameters_.hash_size();
    if (read.complete() && read.chain().size() > head) return to_bytes(View(read.chain()).subspan(head));
    const ChainBeside* beside = evidence_.detached ? evidence_.detached->chain_of(slot) : nullptr;
    if (beside == nullptr || (!beside->slot && slot != main_slot())) return {};
    return beside->certificates;
  }

  Bytes certificates() const {
    cbor::MapWriter map;
    for (std::uint8_t slot = 0; slot < kSlots; ++slot)
      if (const Bytes chain = chain_of(slot); !chain.empty()) map.add(slot, cbor::encode_bytes(chain));
    return map.empty() ? Bytes() : map.finish();
  }

  std::uint8_t main_slot() const { return challenged_ != nullptr ? challenged_->slot : measured_->slot; }

  void tell_left_out() {
    const auto& measurements = connection_.measurements();
    if (std::any_of(measurements.begin(), measurements.end(), [&](const MeasurementsSeen& seen) { return !is_covered(seen); }))
      out_.left_out.emplace_back("measurements without a signature");
    if (!connection_.mel().empty()) out_.left_out.emplace_back("the extension log");
    if (!connection_.endpoint_infos().empty()) out_.left_out.emplace_back("the endpoint information");
    if (!connection_.vendor_defined().empty()) out_.left_out.emplace_back("messages of the vendor");
  }

  const Evidence& evidence_;
  const Connection& connection_;
  const Parameters& parameters_;
  const Statement* challenged_ = nullptr;
  const Statement* measured_ = nullptr;
  DatDevice out_;
};

// What the evidence has beside messages that keep the rules.
void assert_whole(const Evidence& evidence, const Analysis& analysis) {
  if (evidence.error) refuse(cat("collecting was interrupted: ", evidence.error->message), evidence.error->hint);
  if (analysis.secured_messages != 0) refuse("messages inside a secure session");
  if (analysis.connections.empty()) refuse("there are no messages in it");
  if (analysis.connections.size() > 1) refuse("several connections");
  for (const Finding& finding : analysis.findings)
    if (finding.id != FindingId::evidence_detached && finding.id != FindingId::surplus_bytes)
      refuse(cat(finding.where, ": ", finding.why));  // the others name a message
}

}  // namespace

DatDevice dat_device(const Evidence& evidence) {
  const Analysis analysis = analyze(evidence);
  assert_whole(evidence, analysis);
  return Submodule(evidence, analysis).write();
}

Bytes write_token(const std::vector<DatDevice>& devices) {
  if (devices.size() > kMaxDevicesOfDocument)
    throw Error(ErrorId::bad_input, cat("a token holds no more than ", kMaxDevicesOfDocument, " devices"), "split the input");
  cbor::MapWriter submods;
  std::set<std::string> names;
  std::set<Block<32>> nonces;
  for (const DatDevice& device : devices) {
    std::string name = device.name;
    for (std::size_t number = 2; !names.insert(name).second; ++number) name = cat(device.name, "#", number);
    submods.add(name, device.claims);
    nonces.insert(device.nonces.begin(), device.nonces.end());
  }
  cbor::MapWriter token;
  token.add(claim::profile, cbor::encode_text(kDatProfile));
  if (nonces.size() == 1) token.add(claim::nonce, cbor::encode_bytes(*nonces.begin()));
  token.add(claim::submods, submods.finish());
  Bytes out = cbor::encode_tag(kUccs, token.finish());
  assert_readable(out.size(), FileKind::evidence);
  return out;
}

}  // namespace spdm
