// What was judged: a finding names the rule, where it was broken, why, and what to do about it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace spdm {

// A verdict of pass needs every required check to have run and passed (see appraise.h).
enum class Check { protocol, chain, trust, identity, signature, measurements };
std::string_view name(Check check);

enum class Severity {
  note,     // worth knowing, changes nothing
  warning,  // legal or tolerated, an owner should look
  gap,      // a required check could not run: the verdict cannot be pass
  failure,  // its check fails
};
std::string_view name(Severity severity);

enum class FindingId : std::uint8_t {
  // protocol
  protocol_violation,
  capture_incomplete,
  secured_traffic,
  freshness_unknown,
  // chain: structure and X.509
  chain_malformed,
  chain_length,
  root_hash_mismatch,
  digest_mismatch,
  chain_hash_mismatch,
  certificate_malformed,
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
  // trust
  not_trusted,
  keyring_empty,
  partial_chain,
  // identity
  identity_mismatch,
  identity_missing,
  identity_relaxed,
  // signature
  bad_signature,
  signature_missing,
  key_missing,
  nonce_mismatch,
  // measurements
  measurement_malformed,
  measurements_unsigned,
  measurements_changed,
  summary_hash_mismatch,
  reserved_index,
  debug_mode,
  mel_mismatch,
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

}  // namespace spdm
