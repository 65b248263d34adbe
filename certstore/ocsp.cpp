#include "certstore/ocsp.h"

#include <openssl/ocsp.h>

#include <algorithm>
#include <array>

#include "certstore/x509.h"
#include "core/calendar.h"
#include "core/crypto/pem.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

constexpr std::string_view kLabel = "OCSP RESPONSE";
constexpr const char* kWanted = "save the answer again: openssl ocsp ... -respout NAME.ocsp";

using OwnedResponse = crypto::Owned<OCSP_RESPONSE, OCSP_RESPONSE_free>;
using OwnedTime = crypto::Owned<ASN1_GENERALIZEDTIME, ASN1_GENERALIZEDTIME_free>;

// What a certificate is told by: its serial number, and hashes of the name and the key of its issuer.
constexpr std::array kHashes{NID_sha1, NID_sha224, NID_sha256, NID_sha384, NID_sha512, NID_sha512_224, NID_sha512_256};

// Why an extension makes an answer unusable; empty when it does not.
std::string fault_of(X509_EXTENSION* extension) {
  constexpr std::array kKnown{NID_id_pkix_OCSP_Nonce, NID_id_pkix_OCSP_archiveCutoff, NID_id_pkix_OCSP_CrlID, NID_crl_reason,
                              NID_invalidity_date};
  const ASN1_OBJECT* const id = X509_EXTENSION_get_object(extension);
  const bool known = std::find(kKnown.begin(), kKnown.end(), OBJ_obj2nid(id)) != kKnown.end();
  if (X509_EXTENSION_get_critical(extension) == 0 || known) return {};
  return cat("its extension ", dotted(id), " is critical and not known");
}

std::string fault_of(const OcspAnswer& answer, OCSP_SINGLERESP* single, const OcspResponse& response) {
  if (answer.this_update.empty()) return "its thisUpdate is not a valid time";
  if (response.produced_at.empty()) return "its producedAt is not a valid time";
  const std::int64_t produced = parse_rfc3339(response.produced_at).value_or(0);
  if (answer.this_update > utc_of(produced + kClockSkew)) return "it was produced before the time that it speaks of (thisUpdate)";
  if (!answer.next_update.empty() && answer.next_update < answer.this_update) return "its nextUpdate is before its thisUpdate";
  for (int i = 0; i < OCSP_BASICRESP_get_ext_count(response.basic.get()); ++i)
    if (std::string fault = fault_of(OCSP_BASICRESP_get_ext(response.basic.get(), i)); !fault.empty()) return fault;
  for (int i = 0; i < OCSP_SINGLERESP_get_ext_count(single); ++i)
    if (std::string fault = fault_of(OCSP_SINGLERESP_get_ext(single, i)); !fault.empty()) return fault;
  return {};
}

OcspAnswer answer_of(const OcspResponse& response, OCSP_SINGLERESP* single, std::string_view what) {
  OcspAnswer out;
  out.single = single;
  int reason = -1;
  ASN1_GENERALIZEDTIME *revoked_at = nullptr, *this_update = nullptr, *next_update = nullptr;
  switch (OCSP_single_get0_status(single, &reason, &revoked_at, &this_update, &next_update)) {
    case V_OCSP_CERTSTATUS_GOOD:
      out.status = OcspStatus::good;
      break;
    case V_OCSP_CERTSTATUS_REVOKED:
      out.status = OcspStatus::revoked;
      break;
    default:
      out.status = OcspStatus::unknown;
  }
  // OCSP_id_get0_info() takes what it does not change without const.
  ASN1_OBJECT* algorithm = nullptr;
  ASN1_INTEGER* serial = nullptr;
  OCSP_id_get0_info(nullptr, &algorithm, nullptr, &serial, const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(single)));
  if (std::find(kHashes.begin(), kHashes.end(), OBJ_obj2nid(algorithm)) == kHashes.end())
    throw Error(ErrorId::bad_input, cat(what, ": names its certificate by a hash that is not known here: ", dotted(algorithm)), kWanted);
  out.serial = serial_text(serial);
  out.this_update = rfc3339(this_update);
  out.next_update = rfc3339(next_update);
  out.unusable = fault_of(out, single, response);
  if (next_update != nullptr && out.next_update.empty()) out.unusable = "its nextUpdate is not a valid time";
  if (out.status != OcspStatus::revoked) return out;
  out.revoked_at = rfc3339(revoked_at);
  out.reason = reason_name(reason);
  const OwnedTime since(static_cast<ASN1_GENERALIZEDTIME*>(OCSP_SINGLERESP_get1_ext_d2i(single, NID_invalidity_date, nullptr, nullptr)));
  out.invalid_since = rfc3339(since.get());
  return out;
}

std::string responder_of(const OCSP_BASICRESP* basic) {
  const ASN1_OCTET_STRING* key = nullptr;
  const X509_NAME* name = nullptr;
  OCSP_resp_get0_id(basic, &key, &name);
  if (name != nullptr) return name_text(name);
  if (key == nullptr) return {};
  return cat("key ", hex(View{ASN1_STRING_get0_data(key), static_cast<std::size_t>(ASN1_STRING_length(key))}));
}

OcspResponse exactly_one(View der, std::string_view what) {
  const std::uint8_t* at = der.data();
  const OwnedResponse response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (!response) throw Error(ErrorId::bad_input, cat(what, ": not an OCSP response: ", crypto::openssl_reason()), kWanted);
  ERR_clear_error();
  if (const auto left = der.data() + der.size() - at; left != 0)
    throw Error(ErrorId::bad_input, cat(what, ": ", left, " bytes follow the OCSP response"), kWanted);
  if (const int status = OCSP_response_status(response.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    throw Error(ErrorId::bad_input, cat(what, ": the responder gave no answer: ", OCSP_response_status_str(status)), kWanted);
  OcspResponse out;
  out.basic.reset(OCSP_response_get1_basic(response.get()), OCSP_BASICRESP_free);
  if (!out.basic) throw Error(ErrorId::bad_input, cat(what, ": not a basic OCSP response: ", crypto::openssl_reason()), kWanted);
  const int count = OCSP_resp_count(out.basic.get());
  if (count <= 0) throw Error(ErrorId::bad_input, cat(what, ": the OCSP response speaks of no certificate"), kWanted);
  if (static_cast<std::size_t>(count) > kMaxOcspAnswers)
    throw Error(ErrorId::bad_input, cat(what, ": the OCSP response has more than ", kMaxOcspAnswers, " answers"));
  const auto sent = sk_X509_num(OCSP_resp_get0_certs(out.basic.get()));
  if (sent > static_cast<int>(kMaxOcspCertificates))
    throw Error(ErrorId::bad_input, cat(what, ": the OCSP response has more than ", kMaxOcspCertificates, " certificates"));
  out.responder = responder_of(out.basic.get());
  out.produced_at = rfc3339(OCSP_resp_get0_produced_at(out.basic.get()));
  for (int i = 0; i < count; ++i) out.answers.push_back(answer_of(out, OCSP_resp_get0(out.basic.get(), i), what));
  ERR_clear_error();
  return out;
}

}  // namespace

std::string_view reason_name(long reason) {
  constexpr std::array<std::string_view, 11> kNames{"unspecified",   "keyCompromise",        "cACompromise",    "affiliationChanged",
                                                    "superseded",    "cessationOfOperation", "certificateHold", "",
                                                    "removeFromCRL", "privilegeWithdrawn",   "aACompromise"};
  const bool known = reason >= 0 && static_cast<std::size_t>(reason) < kNames.size();
  return known ? kNames.at(static_cast<std::size_t>(reason)) : std::string_view();
}

std::vector<OcspResponse> read_ocsp(View file, std::string_view what) {
  if (file.empty()) throw Error(ErrorId::bad_input, cat(what, ": is empty"));
  std::vector<OcspResponse> out;
  if (file.front() == 0x30) {
    out.push_back(exactly_one(file, what));
  } else {
    crypto::for_each_pem_block(file, what, [&](std::string_view label, View der, std::size_t number) {
      if (label != kLabel)
        throw Error(ErrorId::bad_input, cat(what, ": PEM block ", number, " is a ", printable(label), ", not an OCSP response"));
      out.push_back(exactly_one(der, cat(what, ", response ", number)));
    });
    if (out.empty()) throw Error(ErrorId::bad_input, cat(what, ": no OCSP response in it"), kWanted);
  }
  for (OcspResponse& response : out) response.file = what;
  return out;
}

bool holds_ocsp(View file) {
  if (as_text(file).find("-----BEGIN OCSP RESPONSE-----") != std::string_view::npos) return true;
  const std::uint8_t* at = file.data();
  const OwnedResponse response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(file.size())));
  ERR_clear_error();
  return response != nullptr;
}

}  // namespace spdm::certstore
