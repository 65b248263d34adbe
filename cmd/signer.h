// Who has signed what a vendor publishes: the file of --signer.
#pragma once

#include <string>
#include <vector>

#include "cmd/host/console.h"
#include "core/bytes.h"

namespace spdm::cmd {

class Signer {
 public:
  // Reads the file: a public key, a certificate, or certificates of one chain, DER or PEM. An empty name: nobody is named. Throws Error:
  // bad_input, and what read_file() throws. Call it before the process confines itself.
  explicit Signer(const std::string& file);

  bool is_given() const { return !file_.empty(); }
  // The key that must have signed a document which carries these certificates, as DER SubjectPublicKeyInfo (certstore/signer.h). Notes on
  // stderr, behind `about`, that the certificate of the signer has ended. Throws Error{bad_input}.
  Bytes spki(const std::vector<Bytes>& carried, const std::string& about, const Console& console) const;

 private:
  std::string file_;
  Bytes key_;           // where the file holds a key
  Bytes certificates_;  // else: as crypto::read_chain() gives them
};

}  // namespace spdm::cmd
