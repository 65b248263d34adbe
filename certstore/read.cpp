#include "certstore/read.h"

#include <openssl/pem.h>

#include <algorithm>

#include "certstore/der.h"
#include "certstore/keyring.h"
#include "certstore/ocsp.h"
#include "certstore/outline.h"
#include "certstore/x509.h"
#include "core/crypto/pem.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

Bytes exactly_one(View der, std::string_view what) {
  if (outline_of(der)) return to_bytes(der);
  const std::uint8_t* at = der.data();
  const crypto::OwnedX509 certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (!certificate) throw Error(ErrorId::bad_input, cat(what, ": not a certificate: ", crypto::openssl_reason()));
  ERR_clear_error();
  const auto left = der.data() + der.size() - at;
  if (left != 0) throw Error(ErrorId::bad_input, cat(what, ": ", left, " bytes follow the certificate"));
  return to_bytes(der);
}

constexpr const char* kWanted = "give certificates in PEM, or one in DER";
constexpr std::string_view kCrlInside = "holds a revocation list; put it into a file NAME.crl";
constexpr std::string_view kOcspInside = "holds an OCSP response; put it into a file NAME.ocsp";

std::vector<Bytes> read_pem(View file, std::string_view what) {
  std::vector<Bytes> out;
  crypto::for_each_pem_block(file, what, [&](std::string_view label, View der, std::size_t) {
    if (label == PEM_STRING_X509 || label == PEM_STRING_X509_OLD)
      out.push_back(exactly_one(der, cat(what, ", certificate ", out.size() + 1)));
    // A revocation list here is an error: its owner expects it to count.
    if (label == PEM_STRING_X509_CRL) throw Error(ErrorId::bad_input, cat(what, ": ", kCrlInside));
    if (label == "OCSP RESPONSE") throw Error(ErrorId::bad_input, cat(what, ": ", kOcspInside));
  });
  if (out.empty()) throw Error(ErrorId::bad_input, cat(what, ": no certificate in it"), kWanted);
  return out;
}

}  // namespace

bool holds_crl(View file) {
  const std::string_view text = as_text(file);
  if (text.find("-----BEGIN " PEM_STRING_X509_CRL "-----") != std::string_view::npos) return true;
  const std::uint8_t* at = file.data();
  const crypto::Owned<X509_CRL, X509_CRL_free> list(d2i_X509_CRL(nullptr, &at, static_cast<long>(file.size())));
  ERR_clear_error();
  return list != nullptr;
}

std::vector<Bytes> read_certificates(View file, std::string_view what) {
  if (file.empty()) throw Error(ErrorId::bad_input, cat(what, ": is empty"), kWanted);
  if (file.front() != 0x30) return read_pem(file, what);
  if (!outline_of(file) && parse_x509(file) == nullptr) {
    const std::uint8_t* at = file.data();
    const crypto::OwnedKey key(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(file.size())));
    ERR_clear_error();
    if (key) crypto::refuse_private_key(what);
    if (holds_crl(file)) throw Error(ErrorId::bad_input, cat(what, ": ", kCrlInside));
    if (holds_ocsp(file)) throw Error(ErrorId::bad_input, cat(what, ": ", kOcspInside));
  }
  return {exactly_one(file, what)};
}

std::vector<Bytes> read_certificate_list(View file, std::string_view what) {
  constexpr std::string_view kBegin = "-----BEGIN ", kEnd = "-----END ", kSpace = " \t\r\n";
  const std::string_view text = as_text(file);
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < file.size();) {
    View rest = file.subspan(at);
    std::string why = "neither DER nor PEM";
    if (kSpace.find(text[at]) != std::string_view::npos) {
      ++at;
    } else if (text.substr(at).starts_with(kBegin)) {
      const std::size_t end = text.find('\n', std::min(text.find(kEnd, at), text.size()));
      const std::size_t size = end == std::string_view::npos ? file.size() - at : end + 1 - at;
      for (Bytes& der : read_pem(rest.first(size), cat(what, ", byte ", at))) out.push_back(std::move(der));
      at += size;
    } else if (const std::optional<Element> element = take_element(rest, why); element && parse_x509(element->whole)) {
      out.push_back(to_bytes(element->whole));
      at += element->whole.size();
    } else {
      throw Error(ErrorId::bad_input, cat(what, ", byte ", at, ": not a certificate", why.empty() ? "" : ": ", why));
    }
  }
  if (out.empty()) throw Error(ErrorId::bad_input, cat(what, ": no certificate in it"));
  return out;
}

}  // namespace spdm::certstore
