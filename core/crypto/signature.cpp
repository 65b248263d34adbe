#include <openssl/core_names.h>
#include <openssl/rsa.h>

#include <array>
#include <vector>

#include "core/crypto/ecdsa_der.h"
#include "core/crypto/key.h"
#include "core/crypto/primitive.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

// OSSL_SIGNATURE_PARAM_CONTEXT_STRING: the headers of OpenSSL 3.0 do not have it.
constexpr const char* kContextString = "context-string";

using OwnedSignature = Owned<EVP_SIGNATURE, EVP_SIGNATURE_free>;

// RSA and ECDSA sign a digest that we compute; the others take the whole message.
bool signs_digest(const AsymAlgorithm& algorithm) {
  using enum SignatureScheme;
  return algorithm.scheme == rsassa || algorithm.scheme == rsapss || algorithm.scheme == ecdsa;
}

// DSP0274 passes the SPDM context also as the context string of these algorithms (RFC 8032 5.2, FIPS 204 and 205).
bool takes_context(const AsymAlgorithm& algorithm) {
  using enum SignatureScheme;
  return algorithm.scheme == ed448 || algorithm.scheme == mldsa || algorithm.scheme == slhdsa;
}

bool pairs(const AsymAlgorithm& algorithm) {
  return algorithm.scheme == SignatureScheme::ecdsa || algorithm.scheme == SignatureScheme::sm2;
}

bool probe(const AsymAlgorithm& algorithm) {
  const std::string name(algorithm.scheme == SignatureScheme::ecdsa ? "ECDSA" : algorithm.key);
  const OwnedSignature signature(EVP_SIGNATURE_fetch(nullptr, name.c_str(), nullptr));
  const Owned<EVP_KEYMGMT, EVP_KEYMGMT_free> keys(EVP_KEYMGMT_fetch(nullptr, std::string(algorithm.key).c_str(), nullptr));
  ERR_clear_error();
  if (!signature || !keys) return false;
  if (algorithm.scheme == SignatureScheme::sm2) return supports(*find_hash("SM3-256"));
  if (!takes_context(algorithm)) return true;
  // OpenSSL 3.0 and 3.1 accept a context string for Ed448 and ignore it. Only the list of settable parameters is
  // reliable.
  const OSSL_PARAM* settable = EVP_SIGNATURE_settable_ctx_params(signature.get());
  return settable != nullptr && OSSL_PARAM_locate_const(settable, kContextString) != nullptr;
}

void require(const AsymAlgorithm& algorithm) {
  if (!supports(algorithm))
    throw Error(ErrorId::unsupported, cat(library_version(), " has no usable ", algorithm.name),
                algorithm.pqc ? "OpenSSL 3.5 or later is needed" : "OpenSSL 3.2 or later is needed");
}

[[noreturn]] void broken(const AsymAlgorithm& algorithm, const HashAlgorithm& hash) {
  throw Error(ErrorId::unsupported, cat(library_version(), " cannot use ", algorithm.name, " with ", hash.name, ": ", openssl_reason()));
}

// Sets padding and digest of a digest signature. The caller has initialised the operation.
bool configure(EVP_PKEY_CTX* context, const AsymAlgorithm& algorithm, const HashAlgorithm& hash) {
  if (algorithm.scheme == SignatureScheme::rsassa && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1) return false;
  if (algorithm.scheme == SignatureScheme::rsapss && EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) != 1) return false;
  const OwnedDigest digest(EVP_MD_fetch(nullptr, std::string(hash.openssl).c_str(), nullptr));
  if (!digest || EVP_PKEY_CTX_set_signature_md(context, digest.get()) != 1) return false;
  return algorithm.scheme != SignatureScheme::rsapss || EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
}

// The prepared verification; nullptr when the key does not fit.
EVP_PKEY_CTX* prepared(const PublicKey::State& state, const AsymAlgorithm& algorithm, const HashAlgorithm& hash) {
  const std::lock_guard lock(state.mutex);
  for (const auto& known : state.prepared)
    if (known.algorithm->pqc == algorithm.pqc && known.algorithm->bit == algorithm.bit && known.hash->bit == hash.bit)
      return known.context.get();
  OwnedKeyContext context;
  if (key_fits(state.key.get(), algorithm)) {
    context.reset(EVP_PKEY_CTX_new_from_pkey(nullptr, state.key.get(), nullptr));
    if (!context || EVP_PKEY_verify_init(context.get()) != 1 || !configure(context.get(), algorithm, hash)) broken(algorithm, hash);
  }
  // The table's own rows: they outlive the key, whatever the caller passed.
  state.prepared.push_back({find_asym(algorithm.name), find_hash(hash.bit), std::move(context)});
  return state.prepared.back().context.get();
}

Bytes from_der(View der, std::size_t size) {
  const std::uint8_t* at = der.data();
  const OwnedEcdsa pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  const int half = static_cast<int>(size / 2);
  Bytes out(size);
  if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out.data(), half) != half ||
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out.data() + half, half) != half)
    throw Error(ErrorId::internal, cat("signature out of range: ", openssl_reason()));
  return out;
}

// The parameters of a message signature. SM2 gets no id: DSP0274 signs with the empty one.
struct MessageParameters {
  MessageParameters(const AsymAlgorithm& algorithm, std::string_view context)
      : digest(algorithm.scheme == SignatureScheme::sm2 ? "SM3" : nullptr) {
    if (takes_context(algorithm))
      params[0] = OSSL_PARAM_construct_octet_string(kContextString, const_cast<char*>(context.data()), context.size());
  }

  const char* digest;
  std::array<OSSL_PARAM, 2> params{OSSL_PARAM_construct_end(), OSSL_PARAM_construct_end()};
};

// The input of the primitive: the digest itself before 1.2, from 1.2 on the message with the combined prefix.
Bytes signed_bytes(const AsymAlgorithm& algorithm, const HashAlgorithm& hash, std::uint8_t version, std::string_view context,
                   View transcript_hash) {
  if (version < k12) return to_bytes(transcript_hash);
  Bytes message = signing_message(version, context, transcript_hash);
  return signs_digest(algorithm) ? crypto::hash(hash, message) : message;
}

}  // namespace

Bytes ecdsa_to_der(View signature) {
  const int half = static_cast<int>(signature.size() / 2);
  const OwnedEcdsa pair(ECDSA_SIG_new());
  ECDSA_SIG_set0(pair.get(), BN_bin2bn(signature.data(), half, nullptr), BN_bin2bn(signature.data() + half, half, nullptr));
  Bytes out(static_cast<std::size_t>(i2d_ECDSA_SIG(pair.get(), nullptr)));
  std::uint8_t* at = out.data();
  i2d_ECDSA_SIG(pair.get(), &at);
  return out;
}

bool supports(const AsymAlgorithm& algorithm) {
  static const std::vector<bool> known = [] {
    std::vector<bool> out;
    for (const AsymAlgorithm& row : asym_algorithms()) out.push_back(probe(row));
    return out;
  }();
  for (std::size_t i = 0; i < known.size(); ++i)
    if (asym_algorithms()[i].pqc == algorithm.pqc && asym_algorithms()[i].bit == algorithm.bit) return known[i];
  return false;
}

Bytes signing_message(std::uint8_t version, std::string_view context, View transcript_hash) {
  constexpr std::size_t kContextSize = 36;
  if (context.size() > kContextSize) throw Error(ErrorId::internal, cat("signing context of ", context.size(), " bytes"));
  Bytes out;
  out.reserve(100 + transcript_hash.size());
  const std::string prefix = cat("dmtf-spdm-v", version_name(version), ".*");
  for (int i = 0; i < 4; ++i) out.insert(out.end(), prefix.begin(), prefix.end());
  out.resize(out.size() + kContextSize - context.size());
  out.insert(out.end(), context.begin(), context.end());
  append(out, transcript_hash);
  return out;
}

bool verify(const PublicKey& key, const AsymAlgorithm& algorithm, const HashAlgorithm& hash, std::uint8_t version, std::string_view context,
            View transcript_hash, View signature) {
  require(algorithm);
  if (transcript_hash.size() != hash.size) return false;
  return verify_primitive(key, algorithm, hash, context, signed_bytes(algorithm, hash, version, context, transcript_hash), signature);
}

bool verify_primitive(const PublicKey& key, const AsymAlgorithm& algorithm, const HashAlgorithm& hash, std::string_view context, View input,
                      View signature) {
  require(algorithm);
  if (signature.size() != algorithm.signature_size) return false;
  const Bytes der = pairs(algorithm) ? ecdsa_to_der(signature) : Bytes();
  const View encoded = pairs(algorithm) ? View(der) : signature;
  bool good = false;
  if (signs_digest(algorithm)) {
    const EVP_PKEY_CTX* ready = prepared(*key.state, algorithm, hash);
    if (ready == nullptr) return false;
    const OwnedKeyContext operation(EVP_PKEY_CTX_dup(ready));
    if (!operation) broken(algorithm, hash);
    good = EVP_PKEY_verify(operation.get(), encoded.data(), encoded.size(), input.data(), input.size()) == 1;
  } else {
    if (!key.fits(algorithm)) return false;
    const MessageParameters with(algorithm, context);
    const OwnedDigestContext operation(EVP_MD_CTX_new());
    EVP_PKEY* const raw = key.state->key.get();
    if (EVP_DigestVerifyInit_ex(operation.get(), nullptr, with.digest, nullptr, nullptr, raw, with.params.data()) != 1)
      broken(algorithm, hash);
    good = EVP_DigestVerify(operation.get(), encoded.data(), encoded.size(), input.data(), input.size()) == 1;
  }
  if (!good) ERR_clear_error();
  return good;
}

Bytes sign(const PrivateKey& key, const AsymAlgorithm& algorithm, const HashAlgorithm& hash, std::uint8_t version, std::string_view context,
           View transcript_hash) {
  require(algorithm);
  if (!key.fits(algorithm)) throw Error(ErrorId::usage, cat("the private key is not one for ", algorithm.name));
  const Bytes input = signed_bytes(algorithm, hash, version, context, transcript_hash);
  EVP_PKEY* const raw = key.state->key.get();
  std::size_t size = algorithm.signature_size + 16;  // room for the DER around r and s
  Bytes out(size);
  if (signs_digest(algorithm)) {
    const OwnedKeyContext operation(EVP_PKEY_CTX_new_from_pkey(nullptr, raw, nullptr));
    if (!operation || EVP_PKEY_sign_init(operation.get()) != 1 || !configure(operation.get(), algorithm, hash) ||
        EVP_PKEY_sign(operation.get(), out.data(), &size, input.data(), input.size()) != 1)
      broken(algorithm, hash);
  } else {
    const MessageParameters with(algorithm, context);
    const OwnedDigestContext operation(EVP_MD_CTX_new());
    if (EVP_DigestSignInit_ex(operation.get(), nullptr, with.digest, nullptr, nullptr, raw, with.params.data()) != 1 ||
        EVP_DigestSign(operation.get(), out.data(), &size, input.data(), input.size()) != 1)
      broken(algorithm, hash);
  }
  out.resize(size);
  return pairs(algorithm) ? from_der(out, algorithm.signature_size) : out;
}

}  // namespace spdm::crypto
