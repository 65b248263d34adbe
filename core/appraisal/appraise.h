// The appraisal (RFC 9334, RATS): a pure function of evidence, validated chains and what was asked. It has no clock and
// no I/O: the same input gives the same report anywhere.
#pragma once

#include "core/appraisal/analyze.h"
#include "core/appraisal/report.h"

namespace spdm {

// The owner's known good measurements (references.h).
struct References;
struct Policy;

// What a policy asks beside what always must hold. ask() of policy.h puts it into the Question.
struct Requirement {
  std::vector<std::string> roots;            // one of these must vouch: names of keyring files, or SHA-256 fingerprints of certificates
  bool pin = false;                          // the device must be one that is pinned
  std::optional<std::uint8_t> min_version;   // SPDMVersion, k12
  std::optional<unsigned> min_strength;      // security strength in bits of signature and hash algorithm (NIST SP 800-57)
  bool references = false;                   // every measurement must match a reference value, and every reference value be reported
  bool debug_off = false;                    // the device says that it is in normal operation, and in no debug mode
  std::optional<std::uint64_t> min_svn;      // of every security version number reported, one at least
  std::optional<std::uint32_t> max_age;      // seconds between collecting and appraising
  std::optional<std::uint32_t> max_crl_age;  // seconds: every issuer of the chain has a CRL that is not older
  bool negotiation = false;                  // a good signature covers versions, capabilities and algorithms
  bool session = false;                      // a session was opened, and the measurements were read inside of it
  bool cnsa2 = false;                        // all algorithms are of the suite CNSA 2.0
  std::optional<Readiness> ready_for;        // PCI encryption
  std::vector<InspectionItem> inspection;    // lines of the inspection that must pass; in the order of the enumeration

  bool inspects() const { return ready_for || !inspection.empty(); }

  bool operator==(const Requirement&) const = default;
};

// What the user asks of a device, through a verb and its options.
struct UserQuestion {
  Depth depth = Depth::authenticate;
  bool partial = false;                 // some measurements only: what was not asked for is not missing
  std::optional<PciIdentity> identity;  // takes the place of what the host saw
  IdentityMatch identity_match = IdentityMatch::exact;
  bool identity_match_given = false;     // by the user: it stays, whatever a rule says
  std::optional<Block<32>> nonce;        // of the verifier's choice: all that was signed last must carry it
  bool require_fresh = false;            // what is signed last must be shown to be fresh
  bool one_slot = false;                 // where nothing was signed, only the slot counts that a challenge would go to
  std::optional<Readiness> readiness{};  // the device must be ready for it
  bool provisioned = false;              // the owner gave the key of the device: only what it signed counts
  Tolerance tolerance{};                 // what the evidence was analyzed with: only a strict run passes
};

// What becomes of a device of which the host knows no PCI identity.
enum class IdentityDemand {
  if_known,  // it has none to compare with, and is let go
  required,  // a rule asks: it is not exempt
  waived,    // a rule asks, and the user who gave identity_match does not want it
};

// What the rule of a policy asks.
struct RuleQuestion {
  bool measurements = false;  // all of them, signed: those that the prover chose to read are not enough
  IdentityDemand identity = IdentityDemand::if_known;
  Requirement require;
  std::optional<PolicyResult> told;  // the rule, for the report; nothing when no policy was asked
  bool speaks_for_device = false;    // it says which root, pin or key belongs to the device
};

// What must hold for a pass, beside what always must.
struct Question {
  UserQuestion user;
  RuleQuestion rule;  // of the rule that decides
  // Has that rule: which one it is shows only once the device has proven what it is. nullptr: `rule` stands.
  const Policy* policy = nullptr;
  const References* references = nullptr;  // to compare measurements with; nullptr: nobody asked
  std::int64_t now = 0;                    // seconds since the epoch, for max_age; the appraisal has no clock

  bool authenticates() const { return user.depth != Depth::look; }
  // Signed measurements must be there.
  bool wants_measurements() const { return rule.measurements || user.depth >= Depth::count; }
  // Their signed number is enough.
  bool count_suffices() const { return user.depth == Depth::count && !rule.measurements; }
};

// A device of which some things are only claimed (HostView::is_claimed) passes only if it would whatever they are: by each rule and
// with each set of reference values that could be about it.
Report appraise(const Evidence& evidence, const Analysis& analysis, const std::vector<ChainResult>& chains, const Question& question);

}  // namespace spdm
