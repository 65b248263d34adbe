// Findings of the appraisal: each names the rule, where it was broken, why, and what to do about it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/word_table.h"

namespace spdm {

// A verdict of pass needs every required check to have run and passed (see verdict.h).
enum class Check { protocol, chain, trust, identity, signature, measurements, references, policy, collection, inspection };
inline constexpr std::array kChecks{
    Word{Check::protocol, "protocol"},     Word{Check::chain, "chain"},         Word{Check::trust, "trust"},
    Word{Check::identity, "identity"},     Word{Check::signature, "signature"}, Word{Check::measurements, "measurements"},
    Word{Check::references, "references"}, Word{Check::policy, "policy"},       Word{Check::collection, "collection"},
    Word{Check::inspection, "inspection"},
};
static_assert(is_sound(kChecks));
inline std::string_view name(Check check) { return row_of(kChecks, check).name; }

enum class Severity {
  note,     // worth knowing, changes nothing
  warning,  // legal or tolerated, but the owner should look at it
  gap,      // a required check could not run: the verdict cannot be pass
  failure,  // its check fails
};
inline constexpr std::array kSeverities{
    Word{Severity::note, "note"},
    Word{Severity::warning, "warning"},
    Word{Severity::gap, "gap"},
    Word{Severity::failure, "failure"},
};
static_assert(is_sound(kSeverities));
inline std::string_view name(Severity severity) { return row_of(kSeverities, severity).name; }

enum class FindingId : std::uint8_t {
  // protocol
  protocol_violation,
  capture_incomplete,
  resynchronized,  // the conversation began again, because the responder asked for it
  secured_traffic,
  freshness_unknown,
  negotiation_unproven,  // no good signature covers the negotiation
  budget_reached,        // the evidence, or what it expands to, is more than is looked at
  evidence_detached,     // its collector has kept no beginning of the connection
  surplus_bytes,         // bytes behind the last signature of detached evidence
  no_common_algorithm,   // device and requester share none, so that nothing could be signed
  rule_tolerated,        // --tolerate: a message breaks a rule, and was read on
  tolerant_run,          // --tolerate: no such run passes
  // chain: structure and X.509
  chain_malformed,
  chain_length,
  root_hash_mismatch,
  digest_mismatch,
  chain_hash_mismatch,
  certificate_malformed,
  certificate_not_der,  // its bytes could be others, and its signature would still verify
  certificate_signature,
  issuer_mismatch,
  not_yet_valid,
  expired,
  not_a_ca,
  path_length,
  key_usage,
  extended_key_usage,
  leaf_is_ca,
  basic_constraints_missing,
  critical_extension,
  certificate_policy,  // a certificate of the path asks for policies that those below it do not have
  empty_name,
  certificate_version,
  leaf_key_mismatch,
  weak_signature,
  weak_key,
  bad_key,
  hardware_identity,
  self_signed_leaf,
  chain_incomplete,
  crypto_unsupported,
  extension_malformed,   // a critical extension that is known, and cannot be decoded
  extension_unreadable,  // the same of one that is not critical
  extension_accepted,    // a critical extension that nobody knows, and the owner accepts
  tcb_not_configured,    // what the issuer says of the layer that it has certified (DICE)
  tcb_not_secure,
  tcb_recovery,
  tcb_debug,
  // trust
  not_trusted,
  keyring_empty,
  partial_chain,
  revoked,              // a CRL lists a certificate of the chain
  denied,               // a certificate or key of the chain is on the owner's deny list
  scope_mismatch,       // the anchor may not vouch for this device
  entry_expired,        // the owner's own limit on the anchor has passed
  crl_stale,            // a CRL is past its nextUpdate
  crl_unusable,         // the CRL of an issuer cannot be relied on
  crl_missing,          // a policy asks for CRLs, and an issuer has none
  pin_mismatch,         // the owner pinned another device
  pin_missing,          // a policy asks for a pin, and there is none
  pinned,               // a pin vouches, no root does
  claim_decides_trust,  // a scope or pin fits, or does not, only by what the collector says
  version_rollback,     // the device has spoken a newer version before
  ocsp_stale,           // an OCSP response is past its nextUpdate
  ocsp_unusable,        // the OCSP response about a certificate cannot be relied on
  ocsp_unknown,         // the responder does not know a certificate
  // identity
  identity_mismatch,
  identity_missing,
  identity_unknown,  // a rule asks for it, and the host knows none to compare with
  identity_relaxed,
  device_elsewhere,  // another host shows the same key at the same time
  device_repeated,   // the same device as in an earlier piece: counted once
  identity_unnamed,  // the leaf names no function, and the owner has said which certificates belong there
  identity_unbound,  // the leaf names no function, and nobody has said so
  // signature
  bad_signature,
  signature_little_endian,  // r and s are in the byte order that some read out of SPDM 1.0 and 1.1
  vca_missing,              // the signature covers the negotiation, which the collector has not kept
  signature_missing,
  key_missing,
  nonce_mismatch,
  freshness_unproven,    // the user asks for it
  signature_repeated,    // an earlier piece has the same answer of the device
  evidence_repeated,     // the same piece, said twice: counted once
  not_compared,          // there are more pieces than are compared with each other
  session_contradicted,  // the records of a session do not hold what its secret and the collector say
  // measurements
  measurement_malformed,
  measurements_unsigned,
  measurements_changed,
  summary_hash_mismatch,
  reserved_index,
  debug_mode,
  mel_mismatch,
  fwid_mismatch,        // the device names other firmware than the issuer of its leaf
  fwid_not_measured,    // no measurement has the digest that the issuer of the leaf names
  token_signature,      // a token within a measurement is not signed by the key of the leaf, although it should be
  token_unverified,     // its signature could not be checked
  svn_size,             // a security version number of another size than it should have
  measurement_refused,  // the device answers ERROR for an index
  // references
  reference_mismatch,
  reference_absent,          // a measurement has no reference value
  reference_not_reported,    // a reference value has no measurement: the device does not report it
  reference_unsigned,        // no good signature covers the measurement
  svn_too_low,               // lower than a reference value's min-svn
  claim_decides_references,  // which reference values count is only what the collector says
  // policy
  version_too_low,
  algorithm_too_weak,
  algorithm_not_of_suite,  // none of CNSA 2.0, which a rule asks for
  root_not_accepted,
  debug_enabled,
  firmware_too_old,  // security version number
  not_fresh,
  device_absent,       // the policy or a list expects it, and it is not there
  device_surplus,      // it passes, and the list of expected devices does not have it
  claim_decides_rule,  // which rule decides is only what the collector says
  policy_unmet,        // any other requirement is not met
  policy_undecided,    // it could not be decided whether a requirement is met
  // collection: who has collected the evidence
  collection_signature_wrong,  // not by the host that the evidence names, or for other evidence
  collection_key_unknown,      // by a key that the verifier does not have
  collection_unsigned,
  // inspection: whether it is ready for PCI encryption
  ide_registers_differ,         // configuration space shows something else than the device tells
  session_measurements_differ,  // inside of a session the device says something else than outside
  interface_report_wrong,       // it contradicts itself, or what is seen of the function
  not_ready,                    // it is asked for, and something is missing
  readiness_unknown,            // something could not be seen
};

struct FindingRow {
  FindingId id;
  std::string_view name;  // stable id in JSON
  Check check;
  Severity severity;
  Exit exit;  // counts for gaps and failures
};

std::span<const FindingRow> findings_table();
const FindingRow& row(FindingId id);

struct Finding {
  FindingId id;
  std::string where;   // "slot 0, certificate 2 (CN=...), keyUsage"
  std::string why;     // one sentence with the values that were compared
  std::string remedy;  // what the reader can do; may be empty

  Severity severity() const { return row(id).severity; }
};

// The only fault it reports is that no root vouches for the chain.
inline bool lacks_root_only(const Finding& finding) {
  return finding.id == FindingId::not_trusted || finding.id == FindingId::keyring_empty;
}

}  // namespace spdm
