// The certificates that an owner trusts: directories of PEM and DER files.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "core/evidence/chain.h"

namespace certstore {

// A file of a keyring directory that could not be used, and why. Such a file never widens trust; it is reported.
struct Problem {
  std::string file;
  std::string why;
  bool duplicate = false;  // another file holds the same certificate: nothing is missing
};

struct Entry {
  spdm::CertificateInfo info;
  std::string file;  // path it was read from
  bool anchor;       // self-issued (a root), or in the directory's `anchors/` sub-folder: it may end a path.
                     // Other certificates end a path only where partial chains are allowed.
};

class Keyring {
 public:
  // Reads every *.pem, *.crt, *.cer and *.der of the directory and of its `anchors/`, in the order of their names.
  // A name seen before hides later ones (an earlier layer overrides, also with a file that cannot be used); a link to
  // /dev/null or an empty file masks the name. Directories that do not exist are skipped; one that cannot be read is a
  // Problem. So is a certificate that is there twice; it counts once.
  void add_directory(const std::filesystem::path& directory);
  // One file named by the user: throws Error{bad_input} naming file and reason.
  void add_file(const std::filesystem::path& file);

  const std::vector<Entry>& entries() const { return entries_; }
  const std::vector<Problem>& problems() const { return problems_; }
  bool empty() const { return entries_.empty(); }

 private:
  void add_named(const std::filesystem::path& file, const std::string& name);
  void add(spdm::View der, const std::filesystem::path& file, bool tell_duplicates);

  std::vector<Entry> entries_;
  std::vector<Problem> problems_;
  std::set<std::string> names_;  // relative to their directory
};

// The layers of the design, the strongest first: /etc/spdmctl/keyring.d, /run/..., /usr/local/lib/..., /usr/lib/...
std::vector<std::filesystem::path> default_directories();

// Every certificate of a PEM (one or more) or DER (exactly one) file; throws Error{bad_input} naming `what`.
std::vector<spdm::Bytes> read_certificates(spdm::View file, std::string_view what);

// What a certificate says, for people and scripts. Never throws on odd contents: what cannot be read stays empty.
spdm::CertificateInfo describe(spdm::View der);

}  // namespace certstore
