// A certificate of a keyring. A keyring may have thousands of them, and a run needs to know a few.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "certstore/scope.h"
#include "core/evidence/chain.h"

namespace spdm::certstore {

// Copies share the certificate.
class Entry {
 public:
  Entry(Bytes der, std::string from);

  View der() const;
  const std::string& sha256() const;  // fingerprint of the DER, lower-case hex
  // Described when it is first asked for. May be called by several threads.
  const CertificateInfo& info() const;
  // Of somebody who has the description of this very certificate already.
  void know(const CertificateInfo& info) const;
  // Whether its issuer has the name of its subject.
  bool is_self_issued() const;

  std::string file;                     // path it was read from
  bool anchor = false;                  // self-issued (a root), or in the directory's `anchors/` sub-folder: it may end a path.
                                        // Other certificates end a path only where partial chains are allowed.
  std::vector<Scope> scopes = {};       // all of them apply: a certificate may be in several files
  std::string blocked = {};             // why a scope cannot be read, so that it vouches for nothing; else empty
  std::vector<std::string> stems = {};  // names of its files without extension, as scopes name them
  std::vector<std::string> names = {};  // names of its files, as require.roots of a policy names them: "anchors/vendor.pem"

 private:
  struct Certificate;
  std::shared_ptr<Certificate> certificate_;
};

}  // namespace spdm::certstore
