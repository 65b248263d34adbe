#include "core/crypto/leaf_name.h"

#include <openssl/x509v3.h>

#include "core/crypto/openssl.h"

namespace spdm::crypto {

namespace {

constexpr const char* kDeviceInfo = "1.3.6.1.4.1.412.274.1";  // id-DMTF-device-info

using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
using OwnedObject = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;

OwnedX509 last_certificate(View chain) {
  OwnedX509 out;
  while (!chain.empty()) {
    const std::uint8_t* at = chain.data();
    out.reset(d2i_X509(nullptr, &at, static_cast<long>(chain.size())));
    if (!out) break;
    chain = chain.subspan(static_cast<std::size_t>(at - chain.data()));
  }
  return out;
}

std::string device_info_of(const X509* certificate) {
  const OwnedNames names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) return {};
  const OwnedObject wanted(OBJ_txt2obj(kDeviceInfo, 1));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_OTHERNAME || OBJ_cmp(name->d.otherName->type_id, wanted.get()) != 0) continue;
    const ASN1_TYPE* value = name->d.otherName->value;
    if (value->type != V_ASN1_UTF8STRING) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(value->value.utf8string));
    return {text, static_cast<std::size_t>(ASN1_STRING_length(value->value.utf8string))};
  }
  return {};
}

std::string subject_of(const X509* certificate) {
  const OwnedBio bio(BIO_new(BIO_s_mem()));
  if (!bio || X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) < 0) return {};
  const char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
}

}  // namespace

std::string leaf_name(View chain) {
  const OwnedX509 leaf = last_certificate(chain);
  std::string out = leaf ? device_info_of(leaf.get()) : std::string();
  if (leaf && out.empty()) out = subject_of(leaf.get());
  ERR_clear_error();
  return out;
}

}  // namespace spdm::crypto
