// What an owner trusts: directories of certificates, and of files that narrow their trust. The name of a file tells its
// kind.
//   vendor.pem, .crt, .cer, .der   certificates, PEM or DER
//   vendor.yaml                    the scope of those (scope.h)
//   *.crl                          revocation lists, PEM or DER (crl.h)
//   *.ocsp                         saved answers of OCSP responders, DER or PEM (ocsp.h)
//   deny.yaml, *.deny.yaml         certificates and keys that are never good (deny.h)
//   anchors/                       all of the above; a certificate here ends a path, self-issued or not
//   pins/*.yaml                    what devices have to show (pins.h)
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "certstore/crl.h"
#include "certstore/deny.h"
#include "certstore/entry.h"
#include "certstore/keyring_names.h"
#include "certstore/ocsp.h"
#include "certstore/pins.h"
#include "certstore/scope.h"
#include "core/error.h"
#include "core/evidence/chain.h"
#include "core/file.h"
#include "core/guard.h"

namespace spdm::certstore {

class NamesOfCertificates;

// A file of a keyring directory that could not be used, and why. Such a file never widens trust; it is reported.
struct Problem {
  std::string file;
  std::string why;
  bool duplicate = false;           // another file holds the same certificate, so nothing is missing
  bool fatal = false;               // it may narrow trust and cannot be read, so no chain may be trusted
  std::string place = {};           // "LINE:COLUMN" in the file; empty when not known
  ErrorId cause = ErrorId::config;  // of a fatal one: its exit code is that of the verbs that judge

  std::string where() const { return place.empty() ? file : file + ":" + place; }
};

class Keyring {
 public:
  // Reads every file of the directory and of its `anchors/` and `pins/`, in the order of their names. A directory that
  // does not exist is skipped. A name hides the same name in directories added later, even when its file cannot be
  // used. A link to /dev/null masks a name; for certificates an empty file does, too. A certificate that cannot be used
  // is a Problem. So is a duplicate, which counts once. Certificates whose scope cannot be used vouch for nothing.
  // These are fatal Problems: revocation lists, OCSP responses, deny lists, pins and directories that cannot be read, or that others may
  // write (Guard); empty scopes; and whatever narrows trust and does not count because its name has a slip, or because it lies in a
  // sub-directory that is not read.
  void add_directory(const std::filesystem::path& directory, const Guard& guard = {});
  // One file of certificates named by the user: throws Error{bad_input} naming file and reason.
  void add_file(const std::filesystem::path& file, const Guard& guard = {});
  // Throws Error for the first fatal problem: permission for what may not be read, else config.
  void assert_complete() const;

  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<Crl>& crls() const { return crls_; }
  const std::vector<Denial>& denials() const { return denials_; }
  const std::vector<OcspResponse>& ocsp() const { return ocsp_; }
  const std::vector<Pin>& pins() const { return pins_; }
  std::vector<Problem> problems() const;
  bool empty() const { return entries_.empty(); }
  // The certificate with this fingerprint (Entry::sha256); nullptr when there is none.
  const Entry* find(std::string_view sha256) const;

 private:
  struct ScopeFile {
    std::string file, why;  // why: not empty: it cannot be used
    Scope scope;
    std::optional<Problem> problem = std::nullopt;  // the same, to be told
  };

  void add_named(const std::filesystem::path& file, const std::string& name, EntryKind kind, const Guard& guard);
  void tell_unknown(const std::filesystem::path& file, const FileContents& content);
  void add(Bytes der, const std::filesystem::path& file, const std::string& name, bool of_directory);
  void apply_scopes();
  void tell_orphan(const std::string& stem, const ScopeFile& scope, const NamesOfCertificates& names, std::vector<Problem>& out) const;

  std::vector<Entry> entries_;
  std::unordered_map<std::string_view, std::size_t> by_fingerprint_;  // keys are of entries_, which share them with their copies
  std::vector<Crl> crls_;
  std::vector<Denial> denials_;
  std::vector<Pin> pins_;
  std::map<std::string, ScopeFile> scopes_;  // by stem; an earlier layer has hidden the others
  std::vector<Problem> problems_;
  std::set<std::string> names_;  // relative to their directory
  std::vector<OcspResponse> ocsp_;
};

// Every certificate of a PEM (one or more) or DER (exactly one) file; throws Error{bad_input} naming `what`.
std::vector<Bytes> read_certificates(View file, std::string_view what);

// Certificates one after the other, in DER, PEM or both: the format of a kernel's list (certs/x509_certificate_list)
// and of keyctl padd. Throws Error{bad_input} naming `what` and the offset of anything else.
std::vector<Bytes> read_certificate_list(View file, std::string_view what);

// Why no chain is trusted that has this certificate in it, as its anchor or elsewhere: a weak or broken key, a critical extension that
// is not known and that none of the scopes accepts, an encoding that is not DER. Empty where there is no reason, and for keys that this
// host's library does not know.
std::vector<std::string> faults_of(View der, const std::vector<Scope>& scopes = {});

// Describes a certificate for people and scripts. Never throws for odd contents: a member that cannot be read stays
// empty.
CertificateInfo describe(View der);

}  // namespace spdm::certstore
