#include "core/crypto/key.h"

#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

int curve_id(const std::string& name) {
  const int nist = EC_curve_nist2nid(name.c_str());
  return nist != NID_undef ? nist : OBJ_txt2nid(name.c_str());
}

// NID_undef for keys that are not on a named curve.
int curve_of(const EVP_PKEY* key) {
  char name[64];
  return EVP_PKEY_get_group_name(key, name, sizeof name, nullptr) == 1 ? curve_id(name) : NID_undef;
}

bool elliptic(const EVP_PKEY* key) { return EVP_PKEY_is_a(key, "EC") == 1 || EVP_PKEY_is_a(key, "SM2") == 1; }

// The library recognises a named curve by its numbers; RFC 5480 2.1.1 wants the name.
bool explicit_parameters(const EVP_PKEY* key) {
  int decoded = 0;
  EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS, &decoded);
  return decoded != 0;
}

// Keys under a pass phrase are refused: the library would otherwise ask for it on the terminal.
int no_pass_phrase(char*, int, int, void*) { return -1; }

void free_text(char* text) { OPENSSL_free(text); }

}  // namespace

bool key_fits(const EVP_PKEY* key, const AsymAlgorithm& algorithm) {
  using enum SignatureScheme;
  switch (algorithm.scheme) {
    case rsassa:
    case rsapss:
      return EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) == static_cast<int>(algorithm.key_bits);
    case ecdsa:
      return EVP_PKEY_is_a(key, "EC") == 1 && !explicit_parameters(key) && curve_of(key) == curve_id(std::string(algorithm.group));
    case sm2:  // id-ecPublicKey and the SM2 identifier are both in use; the curve decides
      return elliptic(key) && !explicit_parameters(key) && curve_of(key) == NID_sm2;
    default:
      return EVP_PKEY_is_a(key, std::string(algorithm.key).c_str()) == 1;
  }
}

PublicKey public_key(EVP_PKEY* key) {
  if (key == nullptr) throw Error(ErrorId::bad_input, cat("public key: ", openssl_reason()));
  if (elliptic(key)) {
    if (explicit_parameters(key)) throw Error(ErrorId::bad_input, "public key: explicit curve parameters instead of a named curve");
    const OwnedKeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key, nullptr));
    // All curves here have cofactor 1: a point on the curve is in the group, so the quick check is enough.
    if (EVP_PKEY_public_check_quick(context.get()) != 1) throw Error(ErrorId::bad_input, cat("public key: ", openssl_reason()));
  }
  auto state = std::make_shared<PublicKey::State>();
  EVP_PKEY_up_ref(key);
  state->key.reset(key);
  PublicKey out;
  out.state = std::move(state);
  return out;
}

PublicKey PublicKey::from_spki(View der) {
  const std::uint8_t* at = der.data();
  const OwnedKey key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (key && at != der.data() + der.size()) throw Error(ErrorId::bad_input, "public key: bytes left over after the DER");
  return public_key(key.get());
}

bool PublicKey::fits(const AsymAlgorithm& algorithm) const { return key_fits(state->key.get(), algorithm); }

std::string PublicKey::describe() const {
  const EVP_PKEY* key = state->key.get();
  if (elliptic(key)) {
    const int curve = curve_of(key);
    if (curve == NID_sm2) return "SM2";
    const char* nist = EC_curve_nid2nist(curve);
    return cat("EC ", nist != nullptr ? nist : OBJ_nid2sn(curve));
  }
  const char* type = EVP_PKEY_get0_type_name(key);
  for (const AsymAlgorithm& row : asym_algorithms())
    if (row.key_bits == 0 && EVP_PKEY_is_a(key, std::string(row.key).c_str()) == 1) return std::string(row.name);
  return cat(type != nullptr ? type : "unknown", " ", EVP_PKEY_get_bits(key));
}

std::string PublicKey::weakness() const {
  const EVP_PKEY* key = state->key.get();
  // 112 bits is the floor of NIST SP 800-131A: RSA 2048, curves of 224 bits.
  if (EVP_PKEY_get_security_bits(key) < 112) return cat(describe(), " has less than 112 bits of security");
  BIGNUM* number = nullptr;
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &number) != 1) {
    ERR_clear_error();
    return {};
  }
  const OwnedBignum exponent(number);
  if (BN_is_odd(number) == 1 && BN_num_bits(number) > 16) return {};
  // A large number is not printed: the time for its decimal digits grows with the square of their number.
  if (BN_num_bits(number) > 64) return cat("RSA public exponent of ", BN_num_bits(number), " bits is even");
  const Owned<char, free_text> decimal(BN_bn2dec(number));
  return cat("RSA public exponent ", decimal.get(), " is not an odd number of at least 65537");
}

PrivateKey PrivateKey::from_file_bytes(View bytes, std::string_view what) {
  auto state = std::make_shared<State>();
  const OwnedBio bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
  if (!bytes.empty() && bytes.front() == 0x30) {
    state->key.reset(d2i_PrivateKey_bio(bio.get(), nullptr));
  } else {
    state->key.reset(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_pass_phrase, nullptr));
  }
  if (!state->key)
    throw Error(ErrorId::bad_input, cat(what, ": not a private key: ", openssl_reason()), "give an unencrypted PKCS#8 key in PEM or DER");
  PrivateKey out;
  out.state = std::move(state);
  return out;
}

bool PrivateKey::fits(const AsymAlgorithm& algorithm) const { return key_fits(state->key.get(), algorithm); }

Bytes PrivateKey::public_spki() const {
  const int size = i2d_PUBKEY(state->key.get(), nullptr);
  if (size <= 0) throw Error(ErrorId::internal, cat("public key of a private key: ", openssl_reason()));
  Bytes out(static_cast<std::size_t>(size));
  std::uint8_t* at = out.data();
  i2d_PUBKEY(state->key.get(), &at);
  return out;
}

}  // namespace spdm::crypto
