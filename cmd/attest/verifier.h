// The verifier: validates the chains of a piece of evidence and appraises it, the same for live devices and recordings.
#pragma once

#include <memory>
#include <string>

#include "certstore/validate.h"
#include "cmd/attest/host_keys.h"
#include "core/appraisal/policy.h"
#include "core/protocol/collect.h"
#include "core/session/secrets.h"

namespace spdm::cmd {

// What a verifier appraises by.
struct VerifierSetup {
  certstore::Keyring keyring;
  certstore::Options options;  // its `at` is the time of the appraisal
  Question question{};         // what is asked of every device
  Bytes owner_key{};           // the public key that the owner gave for slot 255; empty when none
  Bytes chain{};               // that the owner has beside recordings that have none (ChainBeside::certificates)
  // nullptr: there is none. The question is extended by the rule for the device.
  std::shared_ptr<const Policy> policy{};
  // Reference values for questions that have none of their own; nullptr: there are none.
  std::shared_ptr<const References> references{};
  // Whose signature makes evidence that of a host; nullptr: nobody is asked for one.
  std::shared_ptr<const HostKeys> host_keys{};
  // With which sessions of recordings are opened; nullptr: none is.
  std::shared_ptr<const std::vector<SessionSecret>> session_secrets{};
  bool trust_host = false;  // the word of every host counts as a fact; with host_keys: of every host that has signed it
};

// May be used by several threads.
class Verifier {
 public:
  explicit Verifier(VerifierSetup setup);

  // Adds what is read, and the session that is opened, because a rule that could be about the device needs it.
  void adapt(Wanted& wanted, const HostView& host) const;
  // Whether a rule that could be about the device asks for a session, and whether one asks for an inspection, which takes a session.
  bool asks_for_session(const HostView& host) const;
  bool asks_for_inspection(const HostView& host) const;

  Report appraise(Evidence evidence, const std::string& source) const;
  Report appraise(Evidence evidence, const std::string& source, Question question) const;
  // Puts the owner's chain beside a recording that has none. appraise() does it, too.
  void add_chain(Evidence& evidence) const;
  // Who has collected a recording, into Evidence::collection. The evidence must still be as it was read. appraise() does it, too.
  void check_collection(Evidence& evidence) const;
  // Whether the word of the host that collected this evidence counts as a fact: somebody has said so, and where there are keys of
  // hosts, or where only a policy says so, its signature is good (check_collection()). Live evidence is of no other host.
  bool trusts_host(const Evidence& evidence) const;
  // Whether the chain of a slot is trusted for this device. If not, the requester tries the next slot.
  bool trusts(const Connection& connection, std::uint8_t slot, const HostView& host) const;
  const Policy* policy() const { return setup_.policy.get(); }
  const Bytes& owner_key() const { return setup_.owner_key; }
  std::int64_t now() const { return setup_.options.at; }

 private:
  // As it counts: with the identity that the user gave.
  HostView view_of(HostView host) const;
  // Whether a rule that could be about the device does.
  bool any_rule(const HostView& host, bool (*asks)(const Requirement& require)) const;

  VerifierSetup setup_;
  certstore::Validator validator_;
};

}  // namespace spdm::cmd
