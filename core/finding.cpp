#include "core/finding.h"

#include <array>

namespace spdm {

namespace {

using enum FindingId;
using enum Severity;

constexpr std::array kFindings{
    FindingRow{protocol_violation, "protocol-violation", Check::protocol, failure, Exit::peer},
    FindingRow{capture_incomplete, "capture-incomplete", Check::protocol, warning, Exit::ok},
    FindingRow{resynchronized, "resynchronized", Check::protocol, warning, Exit::ok},
    FindingRow{secured_traffic, "secured-traffic", Check::protocol, note, Exit::ok},
    FindingRow{freshness_unknown, "freshness-unknown", Check::signature, note, Exit::ok},
    FindingRow{negotiation_unproven, "negotiation-unproven", Check::signature, warning, Exit::ok},
    FindingRow{budget_reached, "budget-reached", Check::protocol, gap, Exit::peer},
    FindingRow{evidence_detached, "evidence-detached", Check::protocol, note, Exit::ok},
    FindingRow{surplus_bytes, "surplus-bytes", Check::protocol, warning, Exit::ok},
    FindingRow{no_common_algorithm, "no-common-algorithm", Check::protocol, gap, Exit::no_device},
    FindingRow{rule_tolerated, "rule-tolerated", Check::protocol, failure, Exit::peer},
    FindingRow{tolerant_run, "tolerant-run", Check::protocol, gap, Exit::usage},

    FindingRow{chain_malformed, "chain-malformed", Check::chain, failure, Exit::untrusted},
    FindingRow{chain_length, "chain-length", Check::chain, failure, Exit::untrusted},
    FindingRow{root_hash_mismatch, "root-hash-mismatch", Check::chain, failure, Exit::untrusted},
    FindingRow{digest_mismatch, "digest-mismatch", Check::chain, failure, Exit::untrusted},
    FindingRow{chain_hash_mismatch, "chain-hash-mismatch", Check::chain, failure, Exit::untrusted},
    FindingRow{certificate_malformed, "certificate-malformed", Check::chain, failure, Exit::untrusted},
    FindingRow{certificate_not_der, "certificate-not-der", Check::chain, failure, Exit::untrusted},
    FindingRow{certificate_signature, "certificate-signature", Check::chain, failure, Exit::untrusted},
    FindingRow{issuer_mismatch, "issuer-mismatch", Check::chain, failure, Exit::untrusted},
    FindingRow{not_yet_valid, "not-yet-valid", Check::chain, failure, Exit::untrusted},
    FindingRow{expired, "expired", Check::chain, failure, Exit::untrusted},
    FindingRow{not_a_ca, "not-a-ca", Check::chain, failure, Exit::untrusted},
    FindingRow{path_length, "path-length", Check::chain, failure, Exit::untrusted},
    FindingRow{key_usage, "key-usage", Check::chain, failure, Exit::untrusted},
    FindingRow{extended_key_usage, "extended-key-usage", Check::chain, failure, Exit::untrusted},
    FindingRow{leaf_is_ca, "leaf-is-ca", Check::chain, failure, Exit::untrusted},
    FindingRow{basic_constraints_missing, "basic-constraints-missing", Check::chain, failure, Exit::untrusted},
    FindingRow{critical_extension, "critical-extension", Check::chain, failure, Exit::untrusted},
    FindingRow{certificate_policy, "certificate-policy", Check::chain, failure, Exit::untrusted},
    FindingRow{empty_name, "empty-name", Check::chain, failure, Exit::untrusted},
    FindingRow{certificate_version, "certificate-version", Check::chain, failure, Exit::untrusted},
    FindingRow{leaf_key_mismatch, "leaf-key-mismatch", Check::chain, failure, Exit::untrusted},
    FindingRow{weak_signature, "weak-signature", Check::chain, failure, Exit::untrusted},
    FindingRow{weak_key, "weak-key", Check::chain, failure, Exit::untrusted},
    FindingRow{bad_key, "bad-key", Check::chain, failure, Exit::untrusted},
    FindingRow{hardware_identity, "hardware-identity", Check::chain, failure, Exit::untrusted},
    FindingRow{self_signed_leaf, "self-signed-leaf", Check::chain, failure, Exit::untrusted},
    FindingRow{chain_incomplete, "chain-incomplete", Check::chain, failure, Exit::untrusted},
    FindingRow{crypto_unsupported, "crypto-unsupported", Check::signature, gap, Exit::internal},
    FindingRow{extension_malformed, "extension-malformed", Check::chain, failure, Exit::untrusted},
    FindingRow{extension_unreadable, "extension-unreadable", Check::chain, warning, Exit::ok},
    FindingRow{extension_accepted, "extension-accepted", Check::chain, note, Exit::ok},
    FindingRow{tcb_not_configured, "tcb-not-configured", Check::chain, warning, Exit::ok},
    FindingRow{tcb_not_secure, "tcb-not-secure", Check::chain, warning, Exit::ok},
    FindingRow{tcb_recovery, "tcb-recovery", Check::chain, warning, Exit::ok},
    FindingRow{tcb_debug, "tcb-debug", Check::chain, warning, Exit::ok},

    FindingRow{not_trusted, "not-trusted", Check::trust, failure, Exit::untrusted},
    FindingRow{keyring_empty, "keyring-empty", Check::trust, failure, Exit::untrusted},
    FindingRow{partial_chain, "partial-chain", Check::trust, note, Exit::ok},
    FindingRow{revoked, "revoked", Check::trust, failure, Exit::untrusted},
    FindingRow{denied, "denied", Check::trust, failure, Exit::untrusted},
    FindingRow{scope_mismatch, "scope-mismatch", Check::trust, failure, Exit::untrusted},
    FindingRow{entry_expired, "entry-expired", Check::trust, failure, Exit::untrusted},
    FindingRow{crl_stale, "crl-stale", Check::trust, warning, Exit::ok},
    FindingRow{crl_unusable, "crl-unusable", Check::trust, gap, Exit::untrusted},
    FindingRow{crl_missing, "crl-missing", Check::trust, gap, Exit::policy},
    FindingRow{pin_mismatch, "pin-mismatch", Check::trust, failure, Exit::untrusted},
    FindingRow{pin_missing, "pin-missing", Check::trust, failure, Exit::policy},
    FindingRow{pinned, "pinned", Check::trust, note, Exit::ok},
    FindingRow{claim_decides_trust, "claim-decides-trust", Check::trust, gap, Exit::untrusted},
    FindingRow{version_rollback, "version-rollback", Check::trust, failure, Exit::untrusted},
    FindingRow{ocsp_stale, "ocsp-stale", Check::trust, warning, Exit::ok},
    FindingRow{ocsp_unusable, "ocsp-unusable", Check::trust, gap, Exit::untrusted},
    FindingRow{ocsp_unknown, "ocsp-unknown", Check::trust, warning, Exit::ok},

    FindingRow{identity_mismatch, "identity-mismatch", Check::identity, failure, Exit::untrusted},
    FindingRow{identity_missing, "identity-missing", Check::identity, failure, Exit::untrusted},
    FindingRow{identity_unknown, "identity-unknown", Check::identity, gap, Exit::untrusted},
    FindingRow{identity_relaxed, "identity-relaxed", Check::identity, warning, Exit::ok},
    FindingRow{device_elsewhere, "device-elsewhere", Check::identity, failure, Exit::untrusted},
    FindingRow{device_repeated, "device-repeated", Check::identity, note, Exit::ok},
    FindingRow{identity_unnamed, "identity-unnamed", Check::identity, warning, Exit::ok},
    FindingRow{identity_unbound, "identity-unbound", Check::identity, gap, Exit::untrusted},

    FindingRow{bad_signature, "bad-signature", Check::signature, failure, Exit::bad_signature},
    FindingRow{signature_little_endian, "signature-little-endian", Check::signature, warning, Exit::ok},
    FindingRow{vca_missing, "vca-missing", Check::signature, gap, Exit::untrusted},
    FindingRow{signature_missing, "signature-missing", Check::signature, gap, Exit::untrusted},
    FindingRow{key_missing, "key-missing", Check::signature, gap, Exit::untrusted},
    FindingRow{nonce_mismatch, "nonce-mismatch", Check::signature, failure, Exit::policy},
    FindingRow{freshness_unproven, "freshness-unproven", Check::signature, gap, Exit::untrusted},
    FindingRow{signature_repeated, "signature-repeated", Check::signature, failure, Exit::untrusted},
    FindingRow{evidence_repeated, "evidence-repeated", Check::signature, note, Exit::ok},
    FindingRow{not_compared, "not-compared", Check::signature, gap, Exit::untrusted},
    FindingRow{session_contradicted, "session-contradicted", Check::signature, failure, Exit::bad_signature},

    FindingRow{measurement_malformed, "measurement-malformed", Check::measurements, failure, Exit::peer},
    FindingRow{measurements_unsigned, "measurements-unsigned", Check::measurements, warning, Exit::ok},
    FindingRow{measurements_changed, "measurements-changed", Check::measurements, warning, Exit::ok},
    FindingRow{summary_hash_mismatch, "summary-hash-mismatch", Check::measurements, warning, Exit::ok},
    FindingRow{reserved_index, "reserved-index", Check::measurements, warning, Exit::ok},
    FindingRow{debug_mode, "debug-mode", Check::measurements, warning, Exit::ok},
    FindingRow{mel_mismatch, "mel-mismatch", Check::measurements, warning, Exit::ok},
    FindingRow{fwid_mismatch, "fwid-mismatch", Check::measurements, failure, Exit::untrusted},
    FindingRow{fwid_not_measured, "fwid-not-measured", Check::measurements, note, Exit::ok},
    FindingRow{token_signature, "token-signature", Check::measurements, failure, Exit::bad_signature},
    FindingRow{token_unverified, "token-unverified", Check::measurements, warning, Exit::ok},
    FindingRow{svn_size, "svn-size", Check::measurements, warning, Exit::ok},
    FindingRow{measurement_refused, "measurement-refused", Check::measurements, warning, Exit::ok},

    FindingRow{reference_mismatch, "reference-mismatch", Check::references, failure, Exit::measurement},
    FindingRow{reference_absent, "reference-absent", Check::references, gap, Exit::no_reference},
    FindingRow{reference_not_reported, "reference-not-reported", Check::references, failure, Exit::measurement},
    FindingRow{reference_unsigned, "reference-unsigned", Check::references, gap, Exit::measurement},
    FindingRow{svn_too_low, "svn-too-low", Check::references, failure, Exit::measurement},
    FindingRow{claim_decides_references, "claim-decides-references", Check::references, gap, Exit::no_reference},

    FindingRow{version_too_low, "version-too-low", Check::policy, failure, Exit::policy},
    FindingRow{algorithm_too_weak, "algorithm-too-weak", Check::policy, failure, Exit::policy},
    FindingRow{algorithm_not_of_suite, "algorithm-not-of-suite", Check::policy, failure, Exit::policy},
    FindingRow{root_not_accepted, "root-not-accepted", Check::policy, failure, Exit::policy},
    FindingRow{debug_enabled, "debug-enabled", Check::policy, failure, Exit::policy},
    FindingRow{firmware_too_old, "firmware-too-old", Check::policy, failure, Exit::policy},
    FindingRow{not_fresh, "not-fresh", Check::policy, failure, Exit::policy},
    FindingRow{device_absent, "device-absent", Check::policy, failure, Exit::policy},
    FindingRow{device_surplus, "device-surplus", Check::policy, failure, Exit::policy},
    FindingRow{claim_decides_rule, "claim-decides-rule", Check::policy, gap, Exit::policy},
    FindingRow{policy_unmet, "policy-unmet", Check::policy, failure, Exit::policy},
    FindingRow{policy_undecided, "policy-undecided", Check::policy, gap, Exit::policy},

    FindingRow{collection_signature_wrong, "collection-signature-wrong", Check::collection, failure, Exit::bad_signature},
    FindingRow{collection_key_unknown, "collection-key-unknown", Check::collection, warning, Exit::ok},
    FindingRow{collection_unsigned, "collection-unsigned", Check::collection, warning, Exit::ok},

    FindingRow{ide_registers_differ, "ide-registers-differ", Check::inspection, failure, Exit::untrusted},
    FindingRow{session_measurements_differ, "session-measurements-differ", Check::inspection, failure, Exit::measurement},
    FindingRow{interface_report_wrong, "interface-report-wrong", Check::inspection, failure, Exit::untrusted},
    FindingRow{not_ready, "not-ready", Check::inspection, failure, Exit::policy},
    FindingRow{readiness_unknown, "readiness-unknown", Check::inspection, gap, Exit::policy},
};

}  // namespace

std::span<const FindingRow> findings_table() { return kFindings; }

const FindingRow& row(FindingId id) {
  // The rows are in the order of the enumeration; a unit test checks that.
  return kFindings.at(static_cast<std::size_t>(id));
}

}  // namespace spdm
