// What is wrong with a certificate by itself: whoever sent it, wherever it stands in a chain, also where only the keyring has it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "certstore/scope.h"
#include "certstore/x509.h"
#include "core/finding.h"

namespace spdm::certstore {

struct Fault {
  FindingId id;
  std::string field;  // of the certificate; may be empty
  std::string why;
};

struct Inspection {
  std::vector<Fault> faults;
  std::optional<crypto::PublicKey> key;  // nothing for a key that cannot be used
  bool unknown_key = false;              // the library of this host does not know keys of this kind
};

// A critical extension that nobody knows here, and the owner accepts.
struct Accepted {
  std::string oid, origin;  // dotted; the file that says so
};

// What the scopes of an anchor accept, below it and of itself.
std::vector<Accepted> accepted_by(const std::vector<Scope>& scopes);

// `der` is what `certificate` was read from. What is accepted becomes a Fault that is a note.
Inspection inspect(X509* certificate, View der, const std::vector<Accepted>& accepted = {});

}  // namespace spdm::certstore
