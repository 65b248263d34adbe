#include "certstore/throwaway.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "core/crypto/crypto.h"
#include "core/crypto/openssl.h"
#include "core/error.h"
#include "core/secret.h"
#include "core/text.h"

namespace spdm::certstore {

using namespace crypto;

namespace {

using OwnedExtension = Owned<X509_EXTENSION, X509_EXTENSION_free>;
using OwnedObject = Owned<ASN1_OBJECT, ASN1_OBJECT_free>;
using OwnedOctets = Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

constexpr const char* kDeviceInfo = "1.3.6.1.4.1.412.274.1";
constexpr const char* kResponderAuth = "1.3.6.1.4.1.412.274.3";
constexpr const char* kSpdmExtension = "1.3.6.1.4.1.412.274.6";
constexpr const char* kCmaIdentity = "2.23.147";
// SEQUENCE OF SEQUENCE { 1.3.6.1.4.1.412.274.2 }: hardware identity, as in the leaf of a DeviceCert.
constexpr std::array<std::uint8_t, 16> kHardwareIdentity{0x30, 0x0E, 0x30, 0x0C, 0x06, 0x0A, 0x2B, 0x06,
                                                         0x01, 0x04, 0x01, 0x83, 0x1C, 0x82, 0x12, 0x02};

void must(bool good, std::string_view what) {
  if (!good) throw Error(ErrorId::unsupported, cat("cannot make a ", what, ": ", openssl_reason()));
}

OwnedKey new_key(const AsymAlgorithm& algorithm) {
  const std::string type(algorithm.key), group(algorithm.group);
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type.c_str(), nullptr));
  must(context && EVP_PKEY_keygen_init(context.get()) == 1, cat("key for ", algorithm.name));
  if (algorithm.scheme == SignatureScheme::ecdsa) must(EVP_PKEY_CTX_set_group_name(context.get(), group.c_str()) == 1, "key");
  if (algorithm.key_bits != 0) must(EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(algorithm.key_bits)) == 1, "key");
  EVP_PKEY* key = nullptr;
  must(EVP_PKEY_generate(context.get(), &key) == 1, cat("key for ", algorithm.name));
  return OwnedKey(key);
}

// The digest for signing a certificate; nullptr for schemes that hash by themselves.
const EVP_MD* certificate_digest(const AsymAlgorithm& algorithm) {
  switch (algorithm.scheme) {
    case SignatureScheme::rsassa:
    case SignatureScheme::rsapss:
      return algorithm.key_bits > 3072 ? EVP_sha512() : algorithm.key_bits > 2048 ? EVP_sha384() : EVP_sha256();
    case SignatureScheme::ecdsa:
      return algorithm.group == "P-256" ? EVP_sha256() : algorithm.group == "P-384" ? EVP_sha384() : EVP_sha512();
    case SignatureScheme::sm2:
      return EVP_sm3();
    default:
      return nullptr;
  }
}

void add(X509* certificate, X509* issuer, int nid, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const OwnedExtension extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "certificate extension");
}

void add_hardware_identity(X509* certificate) {
  const OwnedObject oid(OBJ_txt2obj(kSpdmExtension, 1));
  const OwnedOctets value(ASN1_OCTET_STRING_new());
  must(oid && value && ASN1_OCTET_STRING_set(value.get(), kHardwareIdentity.data(), static_cast<int>(kHardwareIdentity.size())) == 1,
       "certificate extension");
  const OwnedExtension extension(X509_EXTENSION_create_by_OBJ(nullptr, oid.get(), 0, value.get()));
  must(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "certificate extension");
}

// Adds otherName { OID, [0] UTF8String }. It is built piece by piece, because the text may hold any character.
void add_other_name(GENERAL_NAMES* names, const char* oid, const std::string& text) {
  if (text.empty()) return;
  ASN1_UTF8STRING* string = ASN1_UTF8STRING_new();
  ASN1_TYPE* value = ASN1_TYPE_new();
  GENERAL_NAME* name = GENERAL_NAME_new();
  must(string != nullptr && value != nullptr && name != nullptr, "certificate name");
  must(ASN1_STRING_set(string, text.data(), static_cast<int>(text.size())) == 1, "certificate name");
  ASN1_TYPE_set(value, V_ASN1_UTF8STRING, string);
  must(GENERAL_NAME_set0_othername(name, OBJ_txt2obj(oid, 1), value) == 1, "certificate name");
  must(sk_GENERAL_NAME_push(names, name) > 0, "certificate name");
}

enum class Role { root, intermediate, leaf };

OwnedX509 new_certificate(Role role, const ThrowawayRequest& request, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
  OwnedX509 out(X509_new());
  must(out != nullptr, "certificate");
  X509* certificate = out.get();
  if (issuer == nullptr) issuer = certificate;

  Bytes serial = random(16);
  serial[0] = static_cast<std::uint8_t>((serial[0] & 0x7F) | 0x40);  // positive and never short
  const OwnedBignum number(BN_bin2bn(serial.data(), static_cast<int>(serial.size()), nullptr));
  must(X509_set_version(certificate, X509_VERSION_3) == 1 && number &&
           BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
       "certificate");
  // No expiry, as in device certificates (RFC 5280 4.1.2.5). notBefore is a day early, for clocks that are slow.
  must(X509_gmtime_adj(X509_getm_notBefore(certificate), -86'400) != nullptr &&
           ASN1_TIME_set_string_X509(X509_getm_notAfter(certificate), "99991231235959Z") == 1,
       "certificate");

  const char* name = role == Role::root ? "Throw-away root" : role == Role::intermediate ? "Throw-away intermediate" : "Throw-away device";
  X509_NAME* subject = X509_get_subject_name(certificate);
  must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, X509_get_subject_name(issuer)) == 1 && X509_set_pubkey(certificate, key) == 1,
       "certificate");

  add(certificate, issuer, NID_basic_constraints,
      role == Role::root           ? "critical,CA:TRUE"
      : role == Role::intermediate ? "critical,CA:TRUE,pathlen:0"
                                   : "critical,CA:FALSE");
  add(certificate, issuer, NID_key_usage, role == Role::leaf ? "critical,digitalSignature" : "critical,keyCertSign,cRLSign");
  add(certificate, issuer, NID_subject_key_identifier, "hash");
  if (role != Role::root) add(certificate, issuer, NID_authority_key_identifier, "keyid:always");
  if (role == Role::leaf) {
    add(certificate, issuer, NID_ext_key_usage, kResponderAuth);
    const OwnedNames names(GENERAL_NAMES_new());
    must(names != nullptr, "certificate name");
    add_other_name(names.get(), kDeviceInfo, request.device_info);
    add_other_name(names.get(), kCmaIdentity, request.identity);
    if (sk_GENERAL_NAME_num(names.get()) > 0)
      must(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) == 1, "certificate name");
    add_hardware_identity(certificate);
  }
  must(X509_sign(certificate, issuer_key, certificate_digest(*request.algorithm)) > 0, cat("certificate with ", request.algorithm->name));
  return out;
}

Bytes der(X509* certificate) {
  unsigned char* bytes = nullptr;
  const int size = i2d_X509(certificate, &bytes);
  must(size > 0, "certificate");
  Bytes out(bytes, bytes + size);
  OPENSSL_free(bytes);
  return out;
}

Bytes pkcs8(EVP_PKEY* key) {
  const OwnedBio bio(BIO_new(BIO_s_secmem()));
  must(bio && i2d_PKCS8PrivateKey_bio(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "key file");
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, bytes + size};
}

std::string pem(std::string_view label, View der) {
  const Secret text(base64(der));
  std::string out;
  out.reserve((*text).size() * 65 / 64 + 2 * label.size() + 40);  // a string that grows leaves what it had behind
  out.append("-----BEGIN ").append(label).append("-----\n");
  for (std::size_t i = 0; i < (*text).size(); i += 64) out.append(*text, i, 64).append("\n");
  out.append("-----END ").append(label).append("-----\n");
  return out;
}

[[noreturn]] void fail(const std::filesystem::path& path) {
  throw Error(errno == EACCES ? ErrorId::permission : ErrorId::io,
              cat("cannot write ", printable(path.string()), ": ", std::generic_category().message(errno)));
}

}  // namespace

Throwaway make_throwaway(const ThrowawayRequest& request) {
  const OwnedKey root_key = new_key(*request.algorithm), intermediate_key = new_key(*request.algorithm),
                 leaf_key = new_key(*request.algorithm);
  const OwnedX509 root = new_certificate(Role::root, request, root_key.get(), nullptr, root_key.get());
  const OwnedX509 intermediate = new_certificate(Role::intermediate, request, intermediate_key.get(), root.get(), root_key.get());
  const OwnedX509 leaf = new_certificate(Role::leaf, request, leaf_key.get(), intermediate.get(), intermediate_key.get());
  return {der(root.get()), der(intermediate.get()), der(leaf.get()), Secret(pkcs8(leaf_key.get()))};
}

void write_throwaway(const Throwaway& made, const std::filesystem::path& directory) {
  std::error_code failure;
  std::filesystem::create_directories(directory, failure);
  if (failure)
    throw Error(failure == std::errc::permission_denied ? ErrorId::permission : ErrorId::io,
                cat("cannot make ", printable(directory.string()), ": ", failure.message()));
  // The key comes last: after a failure, a chain without its key is harmless.
  write_new_file(directory / "root.pem", pem("CERTIFICATE", made.root));
  write_new_file(directory / "chain.pem",
                 cat(pem("CERTIFICATE", made.root), pem("CERTIFICATE", made.intermediate), pem("CERTIFICATE", made.leaf)));
  const Secret key(pem("PRIVATE KEY", *made.key));
  write_new_file(directory / "key.pem", *key, 0600);
}

void write_new_file(const std::filesystem::path& path, std::string_view contents, unsigned mode) {
  const std::string temporary = cat(path.string(), ".new-", ::getpid());
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
  if (fd < 0) fail(path);
  std::size_t done = 0;
  bool good = true;
  while (good && done < contents.size()) {
    const ssize_t written = ::write(fd, contents.data() + done, contents.size() - done);
    if (written > 0)
      done += static_cast<std::size_t>(written);
    else
      good = written < 0 && errno == EINTR;
  }
  good = good && ::fsync(fd) == 0;
  good = ::close(fd) == 0 && good;
  good = good && ::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0;
  const int why = errno;
  if (!good) ::unlink(temporary.c_str());
  errno = why;
  if (!good && why == EEXIST)
    throw Error(ErrorId::config, cat(printable(path.string()), " exists already"), "choose an empty directory, or remove what is in it");
  if (!good) fail(path);
}

}  // namespace spdm::certstore
