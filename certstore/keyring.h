// What an owner trusts: directories of certificates and of what narrows them, all of it read by name.
//   vendor.pem, .crt, .cer, .der   certificates, PEM or DER
//   vendor.yaml                    the scope of those (scope.h)
//   *.crl                          revocation lists, PEM or DER (crl.h)
//   deny.yaml, *.deny.yaml         certificates and keys that are never good (deny.h)
//   anchors/                       all of the above; a certificate here ends a path, self-issued or not
//   pins/*.yaml                    what devices have to show (pins.h)
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "certstore/crl.h"
#include "certstore/deny.h"
#include "certstore/pins.h"
#include "certstore/scope.h"
#include "core/evidence/chain.h"

namespace spdm::certstore {

// A file of a keyring directory that could not be used, and why. Such a file never widens trust; it is reported.
struct Problem {
  std::string file;
  std::string why;
  bool duplicate = false;  // another file holds the same certificate: nothing is missing
  bool fatal = false;      // what it says against others is not known: nobody may be trusted
  std::string place = {};  // "LINE:COLUMN" in the file, where it is known

  std::string where() const { return place.empty() ? file : file + ":" + place; }
};

struct Entry {
  CertificateInfo info;
  std::string file;                     // path it was read from
  bool anchor;                          // self-issued (a root), or in the directory's `anchors/` sub-folder: it may end a path.
                                        // Other certificates end a path only where partial chains are allowed.
  std::vector<Scope> scopes = {};       // all of them hold: a certificate may be in several files
  std::string blocked = {};             // not empty: a scope cannot be read, so it vouches for nothing
  std::vector<std::string> stems = {};  // names of its files without extension, as scopes name them
};

class Keyring {
 public:
  // Reads every file of the directory and of its `anchors/` and `pins/`, in the order of their names. A name seen before
  // hides later ones (an earlier layer overrides, also with a file that cannot be used); a link to /dev/null masks the
  // name, and of certificates an empty file does, too. Directories that do not exist are skipped. A certificate that
  // cannot be used is a Problem, and so is one that is there twice; it counts once. Certificates with a scope that cannot
  // be used vouch for nothing. Revocation lists, deny lists, pins and directories that cannot be read are fatal Problems,
  // and so are empty scopes, files *.yml, and revocation lists among certificates.
  void add_directory(const std::filesystem::path& directory);
  // One file of certificates named by the user: throws Error{bad_input} naming file and reason.
  void add_file(const std::filesystem::path& file);
  // Throws Error{config} for the first fatal problem.
  void assert_complete() const;

  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<Crl>& crls() const { return crls_; }
  const std::vector<Denial>& denials() const { return denials_; }
  const std::vector<Pin>& pins() const { return pins_; }
  std::vector<Problem> problems() const;
  bool empty() const { return entries_.empty(); }

 private:
  struct ScopeFile {
    std::string file, why;  // why: not empty: it cannot be used
    Scope scope;
  };

  void add_named(const std::filesystem::path& file, const std::string& name);
  void add(View der, const std::filesystem::path& file, const std::string& stem, bool tell_duplicates);
  void apply_scopes();

  std::vector<Entry> entries_;
  std::vector<Crl> crls_;
  std::vector<Denial> denials_;
  std::vector<Pin> pins_;
  std::map<std::string, ScopeFile> scopes_;  // by stem; an earlier layer has hidden the others
  std::vector<Problem> problems_;
  std::set<std::string> names_;  // relative to their directory
};

// The layers of the design, the strongest first: /etc/spdmctl/keyring.d, /run/..., /usr/local/lib/..., /usr/lib/...
std::vector<std::filesystem::path> default_directories();

// Every certificate of a PEM (one or more) or DER (exactly one) file; throws Error{bad_input} naming `what`.
std::vector<Bytes> read_certificates(View file, std::string_view what);

// Certificates one after the other, in DER, PEM or both, as lists of a kernel have them (certs/x509_certificate_list) and
// keyctl padd takes them; throws Error{bad_input} naming `what` and the byte where something else stands.
std::vector<Bytes> read_certificate_list(View file, std::string_view what);

// The SHA-256 fingerprint of a certificate's public key (DER SubjectPublicKeyInfo); empty when there is none.
std::string key_fingerprint(View der);

// What a certificate says, for people and scripts. Never throws on odd contents: what cannot be read stays empty.
CertificateInfo describe(View der);

}  // namespace spdm::certstore
