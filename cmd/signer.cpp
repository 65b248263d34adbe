#include "cmd/signer.h"

#include <ctime>

#include "certstore/signer.h"
#include "certstore/spki.h"
#include "cmd/parse.h"
#include "core/calendar.h"
#include "core/crypto/certificates.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace spdm::cmd {

Signer::Signer(const std::string& file) : file_(file) {
  if (file.empty()) return;
  const Bytes contents = read_file(file, FileKind::key);
  if (as_text(contents).find("-----BEGIN CERTIFICATE-----") != std::string_view::npos || !certstore::spki_of(contents).empty())
    certificates_ = crypto::read_chain(contents, file);
  else
    key_ = parse_public_key(contents, file);
}

namespace {

// Whoever can forge it could publish values of their own.
Bytes strong(Bytes spki, const std::string& file) {
  if (const std::string why = crypto::PublicKey::from_spki(spki).weakness(); !why.empty())
    throw Error(ErrorId::bad_input, cat(file, ": the key of the signer is weak: ", why), "ask the publisher for a signature of today");
  return spki;
}

}  // namespace

Bytes Signer::spki(const std::vector<Bytes>& carried, const std::string& about, const Console& console) const {
  if (!key_.empty()) return strong(key_, file_);
  certstore::DocumentSigner found = certstore::find_signer(certificates_, carried, file_);
  if (!found.not_after.empty() && found.not_after < utc_of(std::time(nullptr)))
    console.note(printable(cat(about, ": the certificate of the signer, ", found.subject, ", has ended at ", found.not_after,
                               ": ask the publisher whether the values still hold")));
  return strong(std::move(found.spki), file_);
}

}  // namespace spdm::cmd
