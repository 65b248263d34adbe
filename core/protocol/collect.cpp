#include "core/protocol/collect.h"

#include <algorithm>

#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/protocol/inspect.h"
#include "core/protocol/steps.h"
#include "core/text.h"

namespace spdm {

namespace {

class Collector {
 public:
  Collector(Link& link, const Wanted& wanted, const Limits& limits, Clock::time_point end, Evidence& evidence, Offer offer = Offer::narrow)
      : wanted_(wanted), evidence_(evidence), requester_(link, evidence.log, limits, end), offer_(offer) {
    requester_.tolerate(wanted.tolerance);
    requester_.provision(evidence.provisioned_key);
    if (wanted.in_session) requester_.reserve_for_session();
  }

  void run() {
    negotiate(requester_, wanted_, offer_);
    // What cannot be opened is an error, but for an inspection, which tells what is missing.
    opens_ = wanted_.in_session && !(wanted_.inspect && wanted_.session->obstacle(requester_));
    const std::vector<std::uint8_t> slots = identify();
    measured_slot_ = slots.empty() ? wanted_.slot.value_or(0) : slots.front();
    for (const std::uint8_t slot : slots) prove(slot);
    if (wanted_.inspect) measure(measured_slot_);  // outside, to be compared with what is said inside
    if (opens_) session_ = wanted_.session->open(requester_, measured_slot_, evidence_);
    if (opens_ || !wanted_.inspect) measure(measured_slot_);
    if (session_ && wanted_.inspect)
      spdm::inspect(requester_, wanted_.function.value_or(function_of(evidence_.host).value_or(FunctionId{})));
    if (wanted_.extension_log) read_extension_log();
    if (wanted_.endpoint_info) ask_endpoint_info(slots.empty() ? 0 : slots.front());
    for (const VendorDefined& request : wanted_.vendor_defined) requester_.ask(request.encode(Code::vendor_defined_request, version()));
    if (session_) session_->end();
    if (lacking_) throw Error(*lacking_);
  }

  // Whether the responder answered RequestResynch: alone, to CHUNK_GET, or inside CHUNK_SEND_ACK or a large message.
  bool must_restart() const {
    const std::vector<ErrorSeen>& errors = connection().errors();
    if (!errors.empty() && errors.back().exchange + 1 == connection().exchanges().size() &&
        errors.back().error.code == ErrorCode::request_resynch)
      return true;
    if (evidence_.log.empty() || evidence_.log.back().from_requester || evidence_.log.back().secured) return false;
    const Bytes& last = evidence_.log.back().bytes;
    return last.size() >= kHeaderSize && is_error(last) && static_cast<ErrorCode>(last[2]) == ErrorCode::request_resynch;
  }

  // Whether the responder refused what was offered for an inspection.
  bool has_refused_offer() const {
    if (!wanted_.inspect || offer_ == Offer::wide || connection().negotiated() || evidence_.log.empty()) return false;
    const auto last =
        std::find_if(evidence_.log.rbegin(), evidence_.log.rend(), [](const Message& message) { return message.from_requester; });
    return read_header(last->bytes).code == Code::negotiate_algorithms && !evidence_.log.back().from_requester;
  }

  // Ends what is open, before another conversation begins.
  void leave() { session_.reset(); }

 private:
  const Connection& connection() const { return requester_.connection(); }
  const Parameters& parameters() const { return connection().parameters(); }
  std::uint8_t version() const { return connection().version(); }
  bool responder_has(std::uint32_t flag) const { return parameters().responder.has(flag); }

  // Reads digests and chains. Returns the slots to challenge; the first is the one to measure with.
  std::vector<std::uint8_t> identify() {
    if (wanted_.slot == kProvisionedKey) {
      if (!responder_has(cap::pub_key_id) && version() >= k11)
        throw Error(ErrorId::no_spdm, "slot 255: the responder has no PUB_KEY_ID_CAP", "choose a slot from 0 to 7");
      return {kProvisionedKey};
    }
    if (!wanted_.digests) return {};
    if (!responder_has(cap::cert) && !wanted_.certificates) return {};                     // the caller wants no certificates
    if (!responder_has(cap::cert) && opens_ && !wanted_.session->needs_slot()) return {};  // its key is the shared one
    if (!responder_has(cap::cert))
      throw Error(ErrorId::no_spdm, "the responder has no certificates (CERT_CAP)",
                  "a provisioned key is used with --slot 255 --provisioned-key FILE");
    requester_.ask(begin(version(), Code::get_digests).take());
    if (!wanted_.certificates) return {};

    std::vector<std::uint8_t> slots;
    for (const SlotDigest& digest : connection().digests()->slots) {
      const bool has_chain = !parameters().multi_key_responder || digest.model != CertModel::none;
      if (has_chain && (!wanted_.slot || wanted_.slot == digest.slot)) slots.push_back(digest.slot);
    }
    if (slots.empty())
      throw Error(ErrorId::no_spdm, cat("slot ", wanted_.slot.value_or(0), " holds no certificate chain"),
                  "see the slots with: spdmctl certs TARGET");
    if (wanted_.all_slots) {
      for (const std::uint8_t slot : slots) read_chain(requester_, slot, wanted_.chain_read);
      return slots;
    }
    // A slot that is not trusted is followed by the next provisioned one. When none is trusted, the first is reported.
    for (const std::uint8_t slot : slots) {
      read_chain(requester_, slot, wanted_.chain_read);
      if (wanted_.slot || !wanted_.trusts || wanted_.trusts(connection(), slot)) return {slot};
    }
    return {slots.front()};
  }

  Block<32> next_nonce() {
    Block<32> nonce;
    if (wanted_.nonce) {
      nonce = *wanted_.nonce;
    } else {
      const Bytes fresh = crypto::random(nonce.size());
      std::copy(fresh.begin(), fresh.end(), nonce.begin());
    }
    evidence_.nonces.push_back(nonce);
    return nonce;
  }

  RequesterContext next_context() const {
    RequesterContext context{};
    const Bytes fresh = crypto::random(context.size());
    std::copy(fresh.begin(), fresh.end(), context.begin());
    return context;
  }

  // Has the device show that it holds the key of the slot. Without CHAL_CAP a signature of MEASUREMENTS does that: where measurements
  // are wanted anyway, theirs; else one that is asked for here. The appraisal requires one of the two.
  void prove(std::uint8_t slot) {
    if (!wanted_.challenge) return;
    // The signature of KEY_EXCHANGE_RSP proves the slot of the session.
    if (opens_ && wanted_.session->needs_slot() && slot == measured_slot_) return;
    if (responder_has(cap::chal)) return challenge(slot);
    const bool comes_later = wanted_.measurements != MeasurementMode::none && wanted_.sign_measurements;
    if (can_sign_measurements() && !(comes_later && slot == measured_slot_)) measure_all(true, slot);
  }

  void challenge(std::uint8_t slot) {
    const bool can_summarize = responder_has(cap::meas_mask) && parameters().measurement_specification != 0;
    Challenge request{.slot = slot, .summary = can_summarize ? wanted_.summary : Summary::none, .nonce = next_nonce(), .context = {}};
    if (version() >= k13) request.context = next_context();
    requester_.ask(request.encode(version()));
    if (wanted_.session && connection().challenges().back().response.basic_mut_auth) wanted_.session->authenticate_requester(requester_);
  }

  bool can_sign_measurements() const { return (parameters().responder.flags & cap::meas_mask) == cap::meas_sig; }

  void measure_one(std::uint8_t operation, bool sign, std::uint8_t slot) {
    GetMeasurements request;
    request.operation = operation;
    request.signature = sign;
    request.raw_bit_stream = wanted_.raw_bit_stream;
    request.new_measurement = wanted_.new_measurement;
    request.slot = slot;
    if (sign) request.nonce = next_nonce();
    if (version() >= k13) request.context = next_context();
    requester_.ask(request.encode(version()));
  }

  void measure(std::uint8_t slot) {
    if (wanted_.measurements == MeasurementMode::none) return;
    if (!responder_has(cap::meas_mask) && wanted_.if_available) return;
    if (!responder_has(cap::meas_mask)) throw Error(ErrorId::no_spdm, "the responder has no measurements (MEAS_CAP)");
    const bool sign = wanted_.sign_measurements && can_sign_measurements();
    switch (wanted_.measurements) {
      case MeasurementMode::none:
        return;
      case MeasurementMode::count:
        return measure_one(kMeasurementCount, sign, slot);
      case MeasurementMode::all:
        return measure_all(sign, slot);
      case MeasurementMode::indices:
        return measure_indices(wanted_.indices, sign, slot);
      case MeasurementMode::each:
        break;
    }
    if (!try_operation(kAllMeasurements, false, slot)) return measure_by_count(sign, slot);
    std::vector<std::uint8_t> indices;
    for (const MeasurementBlock& block : connection().measurements().back().response.blocks) indices.push_back(block.index);
    measure_indices(indices, sign, slot);
  }

  // False where the device answers ERROR: that is one measurement, or one way to ask, and keeps no other from being read. What else
  // goes wrong ends the conversation, and so do Busy and RequestResynch.
  bool try_operation(std::uint8_t operation, bool sign, std::uint8_t slot) {
    const std::size_t before = connection().errors().size();
    try {
      measure_one(operation, sign, slot);
      return true;
    } catch (const Error& error) {
      if (!is_refusal(error, connection(), before)) throw;
      refusal_ = error;
      return false;
    }
  }

  // A device may be unable to send all blocks at once: then each index is requested by itself.
  void measure_all(bool sign, std::uint8_t slot) {
    if (!try_operation(kAllMeasurements, sign, slot)) measure_by_count(sign, slot);
  }

  // Each response is signed, also the one with the number of indices, because the ERROR for an absent index resets L1/L2.
  void measure_by_count(bool sign, std::uint8_t slot) {
    measure_one(kMeasurementCount, sign, slot);
    const unsigned count = connection().measurements().back().response.count;
    unsigned left = count;
    std::string refused;
    for (unsigned index = 1; left > 0 && index < 0xFF; ++index) {
      if (try_operation(static_cast<std::uint8_t>(index), sign, slot)) {
        --left;
      } else if (connection().errors().back().error.code != ErrorCode::invalid_request) {  // which says that there is no such index
        note_refusal(refused, index);
      }
    }
    // Errors are not signed: without this check an attacker on the path could leave out measurements.
    if (left > 0 && refused.empty())
      lacking_.emplace(ErrorId::peer, cat("MEASUREMENTS: ", left, " of the announced measurements have no index from 1 to 254"));
    else if (left > 0)
      lacking_.emplace(ErrorId::peer, cat("MEASUREMENTS: ", left, " of ", count, " measurements were not obtained: ", refused));
  }

  void measure_indices(const std::vector<std::uint8_t>& indices, bool sign, std::uint8_t slot) {
    std::vector<std::uint8_t> obtained;
    std::string refused;
    for (std::size_t i = 0; i < indices.size(); ++i)
      if (try_operation(indices[i], sign && i + 1 == indices.size(), slot))
        obtained.push_back(indices[i]);
      else
        note_refusal(refused, indices[i]);
    if (refused.empty()) return;
    // The ERROR has reset L1/L2, and the last request may be the one that was refused.
    if (sign)
      for (const std::uint8_t index : obtained) measure_one(index, true, slot);
    if (indices.size() == 1)
      lacking_ = refusal_;
    else
      lacking_.emplace(
          ErrorId::peer,
          cat("MEASUREMENTS: ", indices.size() - obtained.size(), " of ", indices.size(), " measurements were not obtained: ", refused),
          refusal_->hint);
  }

  // Of the last request. Some are told, and that there are more.
  void note_refusal(std::string& list, unsigned index) const {
    constexpr std::size_t kMost = 256;
    if (list.size() > kMost && list.ends_with("...")) return;
    const std::string one = cat("index ", index, ": ERROR ", describe(connection().errors().back().error, Code::get_measurements));
    list += cat(list.empty() ? "" : ", ", list.size() > kMost ? "..." : one);
  }

  void read_extension_log() {
    const bool can = responder_has(cap::mel) && parameters().mel_specification != 0;
    if (wanted_.if_available && !can) return;
    if (!can) throw Error(ErrorId::no_spdm, "the responder has no measurement extension log (MEL_CAP)");
    const std::uint32_t room = (parameters().chunking() ? requester_.limits().max_message : requester_.data_transfer_size()) - 12;
    do {
      const auto have = static_cast<std::uint32_t>(connection().mel().size());
      requester_.ask(GetMel{.offset = have, .length = room}.encode(version()));
    } while (!connection().mel_complete());
  }

  void ask_endpoint_info(std::uint8_t slot) {
    const std::uint32_t can = parameters().responder.flags & cap::ep_info_mask;
    if (wanted_.if_available && (version() < k13 || can == 0)) return;
    if (version() < k13 || can == 0) throw Error(ErrorId::no_spdm, "the responder has no endpoint information (EP_INFO_CAP)");
    GetEndpointInfo request;
    request.signature = can == cap::ep_info_sig;
    request.slot = request.signature ? slot : 0;
    if (request.signature) request.nonce = next_nonce();
    requester_.ask(request.encode(version()));
  }

  const Wanted& wanted_;
  Evidence& evidence_;
  Requester requester_;
  Offer offer_;
  std::uint8_t measured_slot_ = 0;
  bool opens_ = false;            // a session
  std::optional<Error> refusal_;  // the last
  std::unique_ptr<OpenSession> session_;
  std::optional<Error> lacking_;  // which measurements the device has, or was asked for, and has not sent
};

}  // namespace

void collect(Link& link, const Wanted& wanted, const Limits& limits, Evidence& evidence) {
  evidence.binding = link.binding();
  evidence.live = true;
  const Clock::time_point end = Clock::now() + limits.total;
  Collector collector(link, wanted, limits, end, evidence);
  try {
    collector.run();
  } catch (const Error& error) {
    // What the device can do instead is told only when it is offered.
    if (collector.has_refused_offer() && (error.id == ErrorId::peer || error.id == ErrorId::no_spdm)) {
      Collector(link, wanted, limits, end, evidence, Offer::wide).run();
      return;
    }
    // DSP0274 ERROR, N25, N295: with RequestResynch the responder lost its state. Start again at GET_VERSION, once, and in the time
    // that is left: else a device could take twice what it is given. The appraisal tells that it happened (analyze.cpp).
    if (!collector.must_restart()) throw;
    collector.leave();
    evidence.nonces.clear();
    Collector(link, wanted, limits, end, evidence).run();
  }
}

}  // namespace spdm
