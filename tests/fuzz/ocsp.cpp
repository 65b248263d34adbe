// Saved OCSP responses of a keyring, and a certificate that they may be about. Input: options, the size of the issuer's certificate
// and that of the certificate (two bytes each), the two in DER, and the file.
#include "certstore/ocsp.h"

#include "certstore/issuers.h"
#include "certstore/lookup.h"
#include "certstore/revocation.h"
#include "tests/fuzz/fuzz.h"

using namespace spdm;
using namespace spdm::certstore;

namespace {

void check(const std::vector<OcspResponse>& responses) {
  for (const OcspResponse& response : responses) {
    fuzz::require(response.basic != nullptr && !response.answers.empty() && response.answers.size() <= kMaxOcspAnswers);
    for (const OcspAnswer& answer : response.answers) {
      fuzz::require(answer.single != nullptr && (!answer.unusable.empty() || !answer.this_update.empty()));
      fuzz::require(answer.status == OcspStatus::revoked || (answer.revoked_at.empty() && answer.reason.empty()));
    }
  }
}

// What the responses say of the certificate below the issuer, with and without the issuer being known.
void hear(const std::vector<OcspResponse>& responses, X509* certificate, X509* issuer, bool known) {
  static const Keyring keyring;
  static const Lookup lookup(keyring);
  static Issuers issuers;
  const ChainInput input;
  const Options options{.at = 1'900'000'000};  // 2030
  ChainResult result;
  Validation validation{input, options, keyring, lookup, issuers, result};
  validation.ocsp = &responses;
  const Heard heard = hear_ocsp(validation, {certificate, known ? issuer : nullptr, "below", "above", true});
  fuzz::require(!heard.revocation || (!heard.revocation->serial.empty() && heard.revocation->file == "fuzz input"));
  fuzz::require(!heard.newest || known);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return fuzz::run([&] {
    Reader reader({data, size}, "fuzz input");
    const bool known = (reader.u8("options") & 1) == 0;
    const std::size_t issuer_size = reader.u16("size of the issuer"), certificate_size = reader.u16("size of the certificate");
    const View issuer_der = reader.take(issuer_size, "issuer"), certificate_der = reader.take(certificate_size, "certificate");
    const View file = reader.rest();
    (void)holds_ocsp(file);
    const std::vector<OcspResponse> responses = read_ocsp(file, "fuzz input");
    check(responses);
    const crypto::OwnedX509 issuer = parse_x509(issuer_der), certificate = parse_x509(certificate_der);
    if (issuer && certificate) hear(responses, certificate.get(), issuer.get(), known);
  });
}
