// The verifier: validates the chains of a piece of evidence and appraises it, the same for live devices and recordings.
#pragma once

#include <memory>
#include <string>

#include "certstore/validate.h"
#include "core/appraisal/policy.h"
#include "core/protocol/collect.h"

namespace spdm::cmd {

// What a verifier goes by.
struct VerifierSetup {
  certstore::Keyring keyring;
  certstore::Options options;  // its `at` is the time that everything is appraised at
  Question question{};         // what is asked of every device
  Bytes owner_key{};           // the public key that the owner gave for slot 255; empty when none
  // nullptr: there is none. Its rule for a device is asked, too; an identity match that the user gave is stronger than it.
  std::shared_ptr<const Policy> policy{};
  bool identity_given = false;
  // A question without reference values of its own is asked with these; nullptr: nothing is compared.
  std::shared_ptr<const References> references{};
};

// May be used by several threads.
class Verifier {
 public:
  explicit Verifier(VerifierSetup setup);

  // What is asked of a device that the host sees like this.
  Question question_for(const HostView& host) const;
  // Adds to what is read of a device what its rule needs.
  void adapt(Wanted& wanted, const HostView& host) const;

  Report appraise(Evidence evidence, const std::string& source) const;
  Report appraise(Evidence evidence, const std::string& source, Question question) const;
  // Whether a slot whose chain has been read is trusted for this device: if not, the next one is tried.
  bool trusts(const Connection& connection, std::uint8_t slot, const HostView& host) const;
  const Bytes& owner_key() const { return setup_.owner_key; }
  std::int64_t now() const { return setup_.options.at; }

 private:
  VerifierSetup setup_;
  certstore::Validator validator_;
};

}  // namespace spdm::cmd
