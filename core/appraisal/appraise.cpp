#include "core/appraisal/appraise.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/appraisal/verdict.h"
#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm {

namespace {

std::string slot_name(std::uint8_t slot) { return slot == kProvisionedKey ? "provisioned key" : cat("slot ", slot); }

class Appraiser {
 public:
  Appraiser(const Evidence& evidence, const Analysis& analysis, const std::vector<ChainResult>& chains, const Question& question)
      : evidence_(evidence), analysis_(analysis), chains_(chains), question_(question) {}

  Report run() {
    describe_evidence();
    check_protocol();
    check_signatures();
    describe_slots();
    check_chains();
    check_identity();
    check_measurements();
    conclude(report_, question_.authenticate);
    return std::move(report_);
  }

 private:
  void add(Finding finding) { report_.findings.push_back(std::move(finding)); }
  void result(Check check, CheckStatus status, std::string detail) { report_.checks.push_back({check, status, std::move(detail)}); }

  const Connection* last_connection() const { return analysis_.connections.empty() ? nullptr : &analysis_.connections.back(); }

  const ChainResult* find_chain(std::size_t connection, std::uint8_t slot) const {
    const auto it = std::find_if(chains_.begin(), chains_.end(),
                                 [&](const ChainResult& chain) { return chain.connection == connection && chain.slot == slot; });
    return it == chains_.end() ? nullptr : &*it;
  }

  void describe_evidence() {
    report_.host = evidence_.host;
    report_.time = evidence_.time;
    report_.collector = evidence_.collector;
    report_.binding = evidence_.binding;
    report_.error = evidence_.error;
    report_.connections = analysis_.connections.size();
    report_.messages = evidence_.log.size();
    for (const Message& message : evidence_.log) {
      report_.bytes += message.bytes.size();
      if (message.from_requester) ++report_.round_trips;
    }
    if (const Connection* connection = last_connection()) {
      ConnectionReport& out = report_.connection.emplace();
      out.parameters = connection->parameters();
      out.negotiated = connection->negotiated();
      if (connection->capabilities()) describe_support(connection->capabilities()->supported(), out);
      if (connection->versions())
        for (const std::uint16_t entry : connection->versions()->entries)
          out.offered_versions.push_back(
              cat(entry >> 12, ".", entry >> 8 & 15, ".", entry >> 4 & 15, (entry & 15) != 0 ? cat(" alpha ", entry & 15) : ""));
    }
  }

  static void describe_support(const std::optional<SupportedAlgorithms>& supported, ConnectionReport& out) {
    if (!supported) return;
    for (const AsymAlgorithm& row : asym_algorithms())
      if (((row.pqc ? supported->pqc_asym : supported->base_asym) & row.bit) != 0) out.supported_asym.push_back(row.name);
    for (const HashAlgorithm& row : hash_algorithms())
      if ((supported->base_hash & row.bit) != 0) out.supported_hash.push_back(row.name);
  }

  void check_protocol() {
    bool broken = false;
    for (const Finding& finding : analysis_.findings) {
      broken = broken || finding.severity() == Severity::failure;
      add(finding);
    }
    const bool interrupted = evidence_.error.has_value();
    if (analysis_.connections.empty() || interrupted)
      result(Check::protocol, broken ? CheckStatus::fail : CheckStatus::not_run,
             interrupted ? evidence_.error->message : "no SPDM connection in the evidence");
    else
      result(Check::protocol, broken ? CheckStatus::fail : CheckStatus::pass,
             broken ? "the responder broke the protocol" : cat(report_.round_trips, " requests, every answer in order"));
  }

  // The key a statement must verify with, or why there is none.
  const crypto::PublicKey* key_for(std::size_t connection, const Statement& statement, std::string_view message) {
    const ChainResult* chain = find_chain(connection, statement.slot);
    if (chain != nullptr && chain->leaf_key) return &*chain->leaf_key;
    const std::string where = cat(slot_name(statement.slot), ", ", message);
    if (chain == nullptr)
      add({FindingId::key_missing, where,
           statement.slot == kProvisionedKey ? "the provisioned public key is not known" : "its certificate chain was not read",
           statement.slot == kProvisionedKey ? "give it with --provisioned-key FILE" : "read the chain on the same connection"});
    else
      add({FindingId::key_missing, where, "the leaf certificate has no key that fits the negotiated algorithm",
           "see the findings of the chain"});
    return nullptr;
  }

  std::string check_statement(std::size_t index, const Connection& connection, const Statement& statement) {
    const Parameters& parameters = connection.parameters();
    const std::string where = cat(slot_name(statement.slot), ", ", name(statement.kind));
    if (parameters.asym == nullptr || parameters.hash == nullptr || statement.signature.empty()) {
      add({FindingId::signature_missing, where, "no signature algorithm was negotiated", ""});
      return "not-checked";
    }
    if (!crypto::supports(*parameters.asym) || !crypto::supports(*parameters.hash)) {
      add({FindingId::crypto_unsupported, where,
           cat(crypto::library_version(), " cannot verify ", parameters.asym->name, " with ", parameters.hash->name),
           "verify on a host with OpenSSL 3.5 or newer"});
      return "not-checked";
    }
    const crypto::PublicKey* key = key_for(index, statement, name(statement.kind));
    if (key == nullptr) return "not-checked";
    const Bytes digest = crypto::hash(*parameters.hash, connection.transcript(statement));
    if (crypto::verify(*key, *parameters.asym, *parameters.hash, parameters.version, signing_context(statement.kind), digest,
                       statement.signature))
      return "good";
    add({FindingId::bad_signature, where,
         cat("the ", parameters.asym->name, " signature does not fit the messages that were exchanged and the key of the leaf certificate"),
         "the messages were altered, or this is not the holder of the key: do not use the device"});
    return "bad";
  }

  // CHALLENGE_AUTH names the chain it stands for (N177); a mismatch would make the signature vouch for another chain.
  void check_chain_hash(std::size_t index, const Connection& connection, const ChallengeSeen& challenge) {
    const std::uint8_t slot = challenge.request.slot;
    const Bytes& held = slot == kProvisionedKey ? evidence_.provisioned_key : connection.chain(slot).chain();
    const HashAlgorithm* hash = connection.parameters().hash;
    if (held.empty() || hash == nullptr || !crypto::supports(*hash) || find_chain(index, slot) == nullptr) return;
    Bytes& own = chain_hashes_[{index, slot}];
    if (own.empty()) own = crypto::hash(*hash, held);
    if (own != challenge.response.cert_chain_hash)
      add({FindingId::chain_hash_mismatch, cat(slot_name(slot), ", CHALLENGE_AUTH, CertChainHash"),
           "is not the hash of the chain that was read", "the responder speaks for another certificate chain: do not use the device"});
  }

  // A good signature of MEASUREMENTS covers its own exchange and the unsigned ones right before it (L1/L2).
  void cover(const Connection& connection, const Statement& statement) {
    if (statement.kind != SignedMessage::measurements) return;
    covered_.resize(connection.exchanges().size(), false);
    for (std::size_t i = l1l2_begin(connection.exchanges(), statement.exchange); i <= statement.exchange; ++i) covered_[i] = true;
  }

  void check_signatures() {
    std::size_t good = 0, bad = 0, unchecked = 0, good_in_last = 0;
    for (std::size_t index = 0; index < analysis_.connections.size(); ++index) {
      const Connection& connection = analysis_.connections[index];
      for (const ChallengeSeen& challenge : connection.challenges()) check_chain_hash(index, connection, challenge);
      for (const Statement& statement : connection.statements()) {
        SignatureReport out;
        out.message = name(statement.kind);
        out.slot = statement.slot;
        out.message_index = connection.exchanges()[statement.exchange].log_index;
        if (connection.parameters().asym != nullptr) out.algorithm = connection.parameters().asym->name;
        if (connection.parameters().hash != nullptr) out.hash = connection.parameters().hash->name;
        out.result = check_statement(index, connection, statement);
        out.fresh =
            evidence_.live && std::find(evidence_.nonces.begin(), evidence_.nonces.end(), statement.nonce) != evidence_.nonces.end();
        (out.result == "good" ? good : out.result == "bad" ? bad : unchecked)++;
        const bool counts = !question_.provisioned || statement.slot == kProvisionedKey;
        if (out.result == "good" && counts && index + 1 == analysis_.connections.size()) {
          ++good_in_last;
          cover(connection, statement);
        }
        used_.push_back({index, statement.slot});
        report_.signatures.push_back(std::move(out));
      }
    }
    if (bad != 0) return result(Check::signature, CheckStatus::fail, cat(bad, " of ", good + bad + unchecked, " signatures are wrong"));
    if (unchecked != 0)
      return result(Check::signature, CheckStatus::not_run, cat(unchecked, " of ", good + unchecked, " signatures could not be checked"));
    if (good != 0 && !evidence_.live)
      add({FindingId::freshness_unknown, "", "a recording does not show that its nonces were fresh when they were used",
           "whoever must know asks the device with a nonce of their own"});
    // What was proven before the connection was started anew says nothing about what followed.
    if (good_in_last != 0)
      return result(Check::signature, CheckStatus::pass, cat(good, good == 1 ? " signature verifies" : " signatures verify"));
    if (!question_.authenticate) return result(Check::signature, CheckStatus::not_needed, "no signature was asked for");
    if (question_.provisioned && good != 0) {
      add({FindingId::key_missing, slot_name(kProvisionedKey), "nothing was signed with it",
           "this speaks for another key than the one that was given: judge it without --provisioned-key"});
      return result(Check::signature, CheckStatus::not_run, "nothing was signed with the provisioned key");
    }
    result(Check::signature, CheckStatus::not_run, "nothing was signed");
    if (!evidence_.error && !analysis_.connections.empty())
      add({FindingId::signature_missing, "", "the responder has signed nothing: whoever answered may have copied the certificates",
           "ask for a CHALLENGE or for signed measurements; a device that can do neither cannot be authenticated"});
  }

  bool is_used(std::size_t connection, std::uint8_t slot) const {
    return std::any_of(used_.begin(), used_.end(), [&](const Used& used) { return used.connection == connection && used.slot == slot; });
  }

  void describe_slots() {
    const Connection* connection = last_connection();
    if (connection == nullptr) return;
    const std::size_t last = analysis_.connections.size() - 1;
    for (std::uint8_t slot = 0; slot < kSlots; ++slot) {
      const SlotDigest* digest = connection->digests() ? connection->digests()->find(slot) : nullptr;
      const ChainResult* chain = find_chain(last, slot);
      if (digest == nullptr && chain == nullptr && !is_used(last, slot)) continue;
      SlotReport& out = report_.slots.emplace_back();
      out.slot = slot;
      out.provisioned = digest != nullptr || chain != nullptr;
      out.used = is_used(last, slot);
      if (digest != nullptr) {
        out.digest = digest->digest;
        out.key_pair_id = digest->key_pair_id;
        out.key_usage = digest->key_usage;
      }
      if (chain != nullptr) out.chain = *chain;
      out.chain_bytes = connection->chain(slot).chain();
    }
    if (const ChainResult* provisioned = find_chain(last, kProvisionedKey)) {
      SlotReport& out = report_.slots.emplace_back();
      out.slot = kProvisionedKey;
      out.used = is_used(last, kProvisionedKey);
      out.chain = *provisioned;
    }
  }

  // The chains that count: of the slots whose keys have signed. Where nothing was signed, every chain that was read.
  std::vector<const ChainResult*> counted_chains() const {
    std::vector<const ChainResult*> out;
    for (const ChainResult& chain : chains_)
      if (used_.empty() || is_used(chain.connection, chain.slot)) out.push_back(&chain);
    return out;
  }

  void check_chains() {
    const std::vector<const ChainResult*> counted = counted_chains();
    bool sound = true, trusted = true, unsupported = false;
    for (const ChainResult* chain : counted) {
      sound = sound && chain->sound;
      trusted = trusted && chain->trust == Trust::trusted;
      for (const Finding& finding : chain->findings) {
        unsupported = unsupported || finding.id == FindingId::crypto_unsupported;
        add(finding);
      }
    }
    // Findings of the appraisal itself about chains, above.
    for (const Finding& finding : report_.findings)
      if (finding.id == FindingId::chain_hash_mismatch) sound = false;
    if (counted.empty()) {
      const bool missing = !used_.empty();
      result(Check::chain, missing || question_.authenticate ? CheckStatus::not_run : CheckStatus::not_needed,
             "no certificate chain was read");
      result(Check::trust, missing || question_.authenticate ? CheckStatus::not_run : CheckStatus::not_needed,
             "no certificate chain was read");
      return;
    }
    const CheckStatus broken = unsupported ? CheckStatus::not_run : CheckStatus::fail;
    result(Check::chain, sound ? CheckStatus::pass : broken, sound ? chain_detail(*counted.front()) : "see the findings");
    const ChainResult& first = *counted.front();
    result(Check::trust, trusted ? CheckStatus::pass : broken,
           trusted ? (first.anchor ? cat("vouched for by ", first.anchor->subject) : std::string("a key that was provisioned by its owner"))
                   : "no trusted root vouches for it");
  }

  static std::string chain_detail(const ChainResult& chain) {
    if (chain.certificates.empty()) return "no certificates, a provisioned key";
    return cat(slot_name(chain.slot), ", ", chain.certificates.size(),
               chain.certificates.size() == 1 ? " certificate, " : " certificates, ", chain.model);
  }

  void check_identity() {
    const std::optional<PciIdentity>& expected = question_.identity ? question_.identity : evidence_.host.identity;
    if (!expected) return result(Check::identity, CheckStatus::not_needed, "no PCI identity to compare with");
    if (question_.identity_match == IdentityMatch::none) {
      add({FindingId::identity_relaxed, "", "the certificate was not compared with the PCI function", ""});
      return result(Check::identity, CheckStatus::not_needed, "switched off by --identity-match none");
    }
    const std::vector<const ChainResult*> counted = counted_chains();
    if (counted.empty()) return result(Check::identity, CheckStatus::not_run, "no certificate chain was read");
    bool matches = true;
    for (const ChainResult* chain : counted) matches = matches && names(*chain, *expected);
    result(Check::identity, matches ? CheckStatus::pass : CheckStatus::fail,
           matches ? to_string(*expected) : cat("expected ", to_string(*expected)));
  }

  // PCIe r6.1 6.31.3: a CMA otherName of the leaf names the function; others may name its siblings.
  bool names(const ChainResult& chain, const PciIdentity& expected) {
    const std::string where = cat(slot_name(chain.slot), ", leaf certificate, subjectAltName");
    if (chain.certificates.empty() || chain.certificates.back().cma_identities.empty()) {
      add({FindingId::identity_missing, where, "has no PCI identity (otherName 2.23.147)",
           "PCIe r6.2 no longer asks for it: where the vendor leaves it out, say --identity-match none"});
      return false;
    }
    std::string found;
    for (const std::string& text : chain.certificates.back().cma_identities) {
      found += cat(found.empty() ? "" : ", ", text);
      std::optional<PciIdentity> identity;
      try {
        identity = parse_pci_identity(text);
      } catch (const Error&) {
        continue;  // not of the form: matches nothing, and stands in the finding
      }
      const bool ids = identity->vendor == expected.vendor && identity->device == expected.device;
      if (*identity == expected || (question_.identity_match == IdentityMatch::ids && ids)) return true;
    }
    add({FindingId::identity_mismatch, where, cat("names ", found, ", the function is ", to_string(expected)),
         "the certificate belongs to another device"});
    return false;
  }

  struct Used {
    std::size_t connection;
    std::uint8_t slot;
  };

  void check_measurements() {
    const Connection* connection = last_connection();
    if (connection == nullptr)
      return result(Check::measurements, question_.measurements ? CheckStatus::not_run : CheckStatus::not_needed, "none were read");
    const std::size_t findings_before = report_.findings.size();
    for (const MeasurementsSeen& seen : connection->measurements()) add_measurements(*connection, seen);
    for (Measurement& measurement : report_.measurements) {
      const bool covered_by_signature = measurement.is_signed;
      measurement = decode_measurement(measurement.block, connection->version(), report_.findings);
      measurement.is_signed = covered_by_signature;
    }
    std::stable_sort(report_.measurements.begin(), report_.measurements.end(),
                     [](const Measurement& a, const Measurement& b) { return a.block.index < b.block.index; });
    check_extension_log(*connection);
    check_summary(*connection);
    if (!connection->endpoint_infos().empty()) report_.endpoint_info = connection->endpoint_infos().back().response;
    for (const VendorSeen& seen : connection->vendor_defined()) report_.vendor_defined.push_back(seen.response);

    const std::size_t all = report_.measurements.size();
    const auto is_signed = static_cast<std::size_t>(
        std::count_if(report_.measurements.begin(), report_.measurements.end(), [](const Measurement& m) { return m.is_signed; }));
    bool broken = false;
    for (std::size_t i = findings_before; i < report_.findings.size(); ++i)
      broken = broken || report_.findings[i].severity() == Severity::failure;
    if (is_signed < all)
      add({FindingId::measurements_unsigned, "", cat(all - is_signed, " of ", all, " measurements are not covered by a good signature"),
           "ask for signed measurements (MEAS_CAP with signature)"});
    const std::string detail = all == 0 ? std::string("none were read") : cat(all, " read, ", is_signed, " signed");
    // Or somebody on the way could cut the list short and cut it off from the signature, with an ERROR of their own.
    const bool list_is_open = listed_ && !list_is_signed_ && is_signed != 0;
    if (list_is_open)
      add({FindingId::measurements_unsigned, "", "which measurements the device has is not covered by a good signature", "measure again"});
    if (broken) return result(Check::measurements, CheckStatus::fail, detail);
    if (!question_.measurements) return result(Check::measurements, CheckStatus::not_needed, detail);
    const bool counted = question_.count_suffices && count_is_signed_ && all == 0;
    result(Check::measurements, (all != 0 && is_signed == all && !list_is_open) || counted ? CheckStatus::pass : CheckStatus::not_run,
           detail);
  }

  void add_measurements(const Connection& connection, const MeasurementsSeen& seen) {
    const bool is_signed = seen.exchange < covered_.size() && covered_[seen.exchange];
    if (seen.request.operation == kMeasurementCount || seen.request.operation == kAllMeasurements) {
      listed_ = true;
      list_is_signed_ = list_is_signed_ || is_signed;
    }
    if (seen.request.operation == kMeasurementCount) {
      report_.measurement_count = seen.response.count;
      count_is_signed_ = is_signed;
    }
    if (seen.request.signature && connection.version() >= k12) report_.content_changed = seen.response.content_changed;
    bool changed = seen.response.content_changed == ContentChanged::changed;  // N207
    for (const MeasurementBlock& block : seen.response.blocks) {
      // Read more than once: what a signature covers wins, then the latest.
      const auto [known, first] = known_.try_emplace({block.index, block.raw, block.type}, report_.measurements.size());
      Measurement& measurement = first ? report_.measurements.emplace_back() : report_.measurements[known->second];
      changed = changed || (!first && measurement.block.value != block.value);  // N218
      if (measurement.is_signed && !is_signed) continue;
      measurement.block = block;
      measurement.is_signed = is_signed;
    }
    if (changed)
      add({FindingId::measurements_changed, "MEASUREMENTS", "they changed since they were last read, or the responder says so",
           "measure again"});
  }

  void check_extension_log(const Connection& connection) {
    if (!connection.mel_complete()) return;
    try {
      report_.extension_log = read_mel(connection.mel());
    } catch (const Error& error) {
      return add({FindingId::measurement_malformed, "measurement extension log", error.what(), "report it to the vendor"});
    }
    const HashAlgorithm* hash = connection.parameters().measurement_hash;
    for (const Measurement& measurement : report_.measurements) {
      if (measurement.block.type != MeasurementType::hash_extend || measurement.block.raw || hash == nullptr || !crypto::supports(*hash))
        continue;
      if (replay_extension(report_.extension_log, measurement.block.index, *hash) != measurement.block.value)
        add({FindingId::mel_mismatch, cat("measurement ", measurement.block.index), "the extension log does not lead to its digest",
             "the log grew after it was measured, or it is not what was extended"});
    }
  }

  // Only type 0xFF over blocks in their default form can be recomputed, and values may change in between: never more
  // than a warning (N215).
  void check_summary(const Connection& connection) {
    if (connection.challenges().empty()) return;
    const ChallengeSeen& challenge = connection.challenges().back();
    report_.summary_hash = challenge.response.summary_hash;
    if (challenge.request.summary != Summary::all || report_.summary_hash.empty()) return;
    for (const MeasurementsSeen& seen : connection.measurements()) {
      if (seen.request.operation != kAllMeasurements || seen.request.raw_bit_stream) continue;
      if (!crypto::supports(*connection.parameters().hash)) return;
      if (crypto::hash(*connection.parameters().hash, seen.response.record) != report_.summary_hash)
        add({FindingId::summary_hash_mismatch, "CHALLENGE_AUTH, MeasurementSummaryHash",
             "is not the hash of the measurements that were read", "the measurements changed in between; measure again"});
      return;
    }
  }

  const Evidence& evidence_;
  const Analysis& analysis_;
  const std::vector<ChainResult>& chains_;
  const Question& question_;
  Report report_;
  std::vector<Used> used_;     // slots whose keys have signed
  std::vector<bool> covered_;  // by exchange of the last connection
  bool count_is_signed_ = false;
  bool listed_ = false, list_is_signed_ = false;  // the number of measurements, or all of them, were asked for
  std::map<std::tuple<std::uint8_t, bool, MeasurementType>, std::size_t> known_;  // where each is in the report
  std::map<std::pair<std::size_t, std::uint8_t>, Bytes> chain_hashes_;            // by connection and slot
};

}  // namespace

Report appraise(const Evidence& evidence, const Analysis& analysis, const std::vector<ChainResult>& chains, const Question& question) {
  return Appraiser(evidence, analysis, chains, question).run();
}

}  // namespace spdm
