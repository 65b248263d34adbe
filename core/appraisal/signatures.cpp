// Verifies every signature of the evidence: does the responder hold the keys it claims?
#include "core/appraisal/appraiser.h"

#include <algorithm>

#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm {

// The key a statement must verify with, or why there is none.
const crypto::PublicKey* Appraiser::key_for(std::size_t connection, const Statement& statement, std::string_view message) {
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

// What two copies of one answer have in common, whatever their bytes are.
Bytes Appraiser::answer_of(const ChainResult* chain, const Statement& statement, View digest) {
  Bytes input = to_bytes(as_bytes(chain == nullptr ? std::string() : chain->leaf_key_sha256));
  input.push_back(static_cast<std::uint8_t>(statement.kind));
  append(input, digest);
  return crypto::hash(*find_hash("SHA-256"), input);
}

// What a signature has settled holds for its connection.
std::optional<VerifiedStatement> Appraiser::verify(std::size_t index, const Connection& connection, const Statement& statement,
                                                   const crypto::PublicKey& key) {
  const auto settled = settled_.find(index);
  const std::vector<AlgorithmPair> candidates =
      settled == settled_.end() ? candidates_of(connection) : std::vector<AlgorithmPair>{settled->second};
  std::optional<VerifiedStatement> out = check(connection, statement, key, candidates, guesses_);
  if (out) settled_.insert_or_assign(index, out->algorithms);
  return out;
}

SignatureResult Appraiser::check_statement(std::size_t index, const Connection& connection, const Statement& statement,
                                           SignatureReport& out) {
  const Parameters& parameters = connection.parameters();
  const std::string where = cat(slot_name(statement.slot), ", ", name(statement.kind));
  if (lacks_negotiation(connection, statement)) {
    add({FindingId::vca_missing, where, "the signature covers the negotiation (VCA), which the evidence does not have",
         "have the collector keep the whole transcript, from GET_VERSION on"});
    return SignatureResult::not_checked;
  }
  if (parameters.assumed && parameters.asym == nullptr) {
    add({FindingId::key_missing, where, "the evidence has no certificate chain, and does not say which algorithms have signed it",
         "give the chain of the device with --chain FILE"});
    return SignatureResult::not_checked;
  }
  if (parameters.asym == nullptr || parameters.hash == nullptr || statement.signature.empty()) {
    add({FindingId::signature_missing, where, "no signature algorithm was negotiated", ""});
    return SignatureResult::not_checked;
  }
  if (!crypto::supports(*parameters.asym) || !crypto::supports(*parameters.hash)) {
    add({FindingId::crypto_unsupported, where,
         cat(crypto::library_version(), " cannot verify ", parameters.asym->name, " with ", parameters.hash->name),
         "verify on a host with OpenSSL 3.5 or newer"});
    return SignatureResult::not_checked;
  }
  const crypto::PublicKey* key = key_for(index, statement, name(statement.kind));
  if (key == nullptr) return SignatureResult::not_checked;
  const SessionSeen* session = connection.opened_by(statement.exchange);
  if (session != nullptr && session->identity_hash.empty()) {
    add({FindingId::key_missing, where, "the signature covers the hash of the certificate chain, which was not read before it",
         "read the chain on the same connection, before KEY_EXCHANGE"});
    return SignatureResult::not_checked;
  }
  if (const std::optional<VerifiedStatement> verified = verify(index, connection, statement, *key)) {
    out.answer = answer_of(find_chain(index, statement.slot), statement, verified->digest);
    out.algorithm = verified->algorithms.asym->name;
    out.hash = verified->algorithms.hash->name;
    if (index + 1 == analysis_.connections.size()) {  // the report is on the last one
      report_.connection->parameters.asym = verified->algorithms.asym;
      report_.connection->parameters.hash = verified->algorithms.hash;
    }
    if (verified->is_reversed)
      add({FindingId::signature_little_endian, where, "its numbers r and s have the reverse byte order, which DSP0274 rules out since 1.2",
           ""});
    return SignatureResult::good;
  }
  add({FindingId::bad_signature, where,
       cat("the ", parameters.asym->name, " signature does not verify with the key of the leaf certificate"),
       "the messages were altered, or the device does not hold the key: do not use the device"});
  return SignatureResult::bad;
}

// DSP0274 CHALLENGE_AUTH, N177: CertChainHash names the chain that the signature is about, and so does the hash in the transcript of
// KEY_EXCHANGE_RSP. With a mismatch the signature would vouch for another chain.
void Appraiser::check_chain_hash(std::size_t index, const Connection& connection, std::uint8_t slot, const Bytes& named,
                                 std::string_view where) {
  const Bytes& held = slot == kProvisionedKey ? evidence_.provisioned_key : connection.chain(slot).chain();
  const HashAlgorithm* hash = connection.parameters().hash;
  if (held.empty() || hash == nullptr || !crypto::supports(*hash) || find_chain(index, slot) == nullptr) return;
  Bytes& own = chain_hashes_[{index, slot}];
  if (own.empty()) own = crypto::hash(*hash, held);
  if (own != named)
    add({FindingId::chain_hash_mismatch, cat(slot_name(slot), ", ", where), "is not the hash of the chain that was read",
         "the responder speaks for another certificate chain: do not use the device"});
}

// A good signature of MEASUREMENTS covers its own exchange and the unsigned ones right before it (L1/L2).
void Appraiser::cover(const Connection& connection, const Statement& statement) {
  if (statement.kind != SignedMessage::measurements) return;
  covered_.resize(connection.exchanges().size(), false);
  const Exchanges& exchanges = connection.exchanges();
  for (std::size_t i = l1l2_begin(exchanges, statement.exchange); i <= statement.exchange; ++i)
    if (exchanges[i].inside == exchanges[statement.exchange].inside) covered_[i] = true;
}

// Whether the nonce is one that the verifier chose, or that we chose as the collector.
bool Appraiser::is_fresh(const Statement& statement) const {
  if (question_.user.nonce) return statement.nonce == *question_.user.nonce;
  return evidence_.live && std::find(evidence_.nonces.begin(), evidence_.nonces.end(), statement.nonce) != evidence_.nonces.end();
}

void Appraiser::check_signatures() {
  std::size_t good = 0, bad = 0, unchecked = 0, good_in_last = 0, stale_in_last = 0;
  for (std::size_t index = 0; index < analysis_.connections.size(); ++index) {
    const Connection& connection = analysis_.connections[index];
    for (const ChallengeSeen& challenge : connection.challenges())
      check_chain_hash(index, connection, challenge.request.slot, challenge.response.cert_chain_hash, "CHALLENGE_AUTH, CertChainHash");
    for (const SessionSeen& session : connection.sessions())
      if (!session.identity_hash.empty())
        check_chain_hash(index, connection, session.slot, session.identity_hash, "KEY_EXCHANGE_RSP, the chain that it was signed over");
    for (const Statement& statement : connection.statements()) {
      SignatureReport out;
      out.message = name(statement.kind);
      out.slot = statement.slot;
      out.message_index = connection.exchanges()[statement.exchange].log_index;
      if (connection.parameters().asym != nullptr) out.algorithm = connection.parameters().asym->name;
      if (connection.parameters().hash != nullptr) out.hash = connection.parameters().hash->name;
      out.result = check_statement(index, connection, statement, out);
      out.fresh = is_fresh(statement);
      (out.result == SignatureResult::good ? good : out.result == SignatureResult::bad ? bad : unchecked)++;
      const bool counts = !question_.user.provisioned || statement.slot == kProvisionedKey;
      if (out.result == SignatureResult::good && counts && index + 1 == analysis_.connections.size()) {
        ++good_in_last;
        if (!out.fresh) ++stale_in_last;
        if (report_.connection && covers_negotiation(connection, statement)) report_.connection->negotiation_proven = true;
        cover(connection, statement);
      }
      used_.push_back({index, statement.slot});
      report_.signatures.push_back(std::move(out));
    }
  }
  if (good_in_last != 0) report_.fresh = stale_in_last == 0;
  for (const Finding& finding : analysis_.session_findings) add(finding);
  if (bad != 0)
    return result(Check::signature, CheckStatus::fail, cat("signature verification failed (", bad, " of ", good + bad + unchecked, ")"));
  if (!analysis_.session_findings.empty())
    return result(Check::signature, CheckStatus::fail, "the records of a session do not match its secrets");
  if (unchecked != 0)
    return result(Check::signature, CheckStatus::not_run, cat(unchecked, " of ", good + unchecked, " signatures could not be checked"));
  if (question_.user.nonce && stale_in_last != 0) {
    add({FindingId::nonce_mismatch, "", cat(stale_in_last, " of ", good_in_last, " signatures are for another nonce than the one given"),
         "this does not answer the verifier's request: ask the device again"});
    return result(Check::signature, CheckStatus::fail, "the nonce is not the one given");
  }
  if (good != 0 && !evidence_.live && !question_.user.nonce)
    add({FindingId::freshness_unknown, "", "a recording does not show that its nonces were fresh when they were used",
         "if freshness matters, ask the device with your own nonce"});
  if (question_.user.require_fresh && good_in_last != 0 && stale_in_last != 0)
    add({FindingId::freshness_unproven, "", "the signatures are not proven to be fresh, which --require-fresh requires",
         "ask the device with your own nonce: spdmctl collect --nonce NONCE there, --nonce NONCE here"});
  if (good_in_last != 0 && !report_.connection->negotiation_proven)
    add({FindingId::negotiation_unproven, "VERSION, CAPABILITIES, ALGORITHMS",
         "no signature covers them: in SPDM 1.0 and 1.1 those of measurements do not. An attacker between device and host could have "
         "removed "
         "newer "
         "versions, and CHALLENGE",
         "use CHALLENGE if the device supports it; a rule can require it: require: {negotiation: proven}"});
  // A signature before the last GET_VERSION proves nothing about the connection after it.
  if (good_in_last != 0)
    return result(Check::signature, CheckStatus::pass, cat(good, good == 1 ? " signature verifies" : " signatures verify"));
  if (!question_.authenticates()) return result(Check::signature, CheckStatus::not_needed, "no signature was asked for");
  if (question_.user.provisioned && good != 0) {
    add({FindingId::key_missing, slot_name(kProvisionedKey), "nothing was signed with it",
         "the signatures may be of another key: judge it without --provisioned-key"});
    return result(Check::signature, CheckStatus::not_run, "nothing was signed with the provisioned key");
  }
  result(Check::signature, CheckStatus::not_run, "nothing was signed");
  if (!evidence_.error && !analysis_.connections.empty())
    add({FindingId::signature_missing, "", "the responder signed nothing: it may only have a copy of the certificates",
         last_connection()->parameters().responder.has(cap::key_ex) && last_connection()->version() >= k11
             ? "ask for a CHALLENGE, for signed measurements, or inside a session whose KEY_EXCHANGE_RSP is signed: --in-session"
             : "ask for a CHALLENGE or for signed measurements; a device that can do neither cannot be authenticated"});
}

}  // namespace spdm
