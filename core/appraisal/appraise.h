// The appraisal (RFC 9334, RATS): a pure function of evidence, validated chains and what was asked. It has no clock and
// no I/O: the same input gives the same report anywhere.
#pragma once

#include "core/appraisal/analyze.h"
#include "core/appraisal/report.h"

namespace spdm {

// The owner's known good measurements (references.h).
struct References;

// What a policy asks beside what always must hold. Whoever judges devices of a rule copies it into the Question.
struct Requirement {
  std::vector<std::string> roots;            // one of these must vouch: names of keyring files, or SHA-256 fingerprints of certificates
  bool pin = false;                          // the device must be one that is pinned
  std::optional<std::uint8_t> min_version;   // SPDMVersion, k12
  std::optional<unsigned> min_strength;      // security strength in bits of signature and hash algorithm (NIST SP 800-57)
  bool references = false;                   // every measurement must match a reference value, and every reference value be reported
  bool debug_off = false;                    // the device says that it is in normal operation, and in no debug mode
  std::optional<std::uint64_t> min_svn;      // of every security version number reported, one at least
  std::optional<std::uint32_t> max_age;      // seconds between collecting and judging
  std::optional<std::uint32_t> max_crl_age;  // seconds: every issuer of the chain has a CRL that is not older

  bool operator==(const Requirement&) const = default;
};

// What must hold for a pass, beside protocol, chain, trust and signature, which always must.
struct Question {
  std::optional<PciIdentity> identity;  // given by the user; else what the host saw, when it saw one
  IdentityMatch identity_match = IdentityMatch::exact;
  bool authenticate = true;        // false: only show what is there (info, certs): no signature is required
  bool measurements = false;       // signed measurements must be there
  bool count_suffices = false;     // their signed number is enough
  bool all_measurements = false;   // a policy asks: those that the prover chose to read are not enough
  bool partial = false;            // the user asked for some only: what was not asked for is not missing
  bool identity_required = false;  // a policy says so: a device of which the host knows no PCI identity is not exempt
  bool identity_waived = false;    // a policy says so, and the user who gave identity_match does not want it
  std::optional<Block<32>> nonce;  // of the verifier's choice: all that was signed last must carry it
  Requirement require;
  const References* references = nullptr;  // to compare measurements with; nullptr: nobody asked
  std::int64_t now = 0;                    // seconds since the epoch, for max_age; the appraisal has no clock
  std::optional<PolicyResult> policy;      // the rule that asks, for the report
  bool provisioned = false;                // the owner gave the key of the device: only what it signed counts
};

Report appraise(const Evidence& evidence, const Analysis& analysis, const std::vector<ChainResult>& chains, const Question& question);

}  // namespace spdm
