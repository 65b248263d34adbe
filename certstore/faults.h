// What is wrong with a certificate by itself: whoever sent it, wherever it stands in a chain, also where only the keyring has it.
#pragma once

#include <optional>
#include <string>
#include <vector>

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

// `der` is what `certificate` was read from.
Inspection inspect(X509* certificate, View der);

}  // namespace spdm::certstore
