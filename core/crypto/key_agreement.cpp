#include "core/crypto/key_agreement.h"

#include <openssl/dh.h>

#include <span>
#include <string>

#include "core/crypto/openssl.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

using OwnedKem = Owned<EVP_KEM, EVP_KEM_free>;
using OwnedExchange = Owned<EVP_KEYEXCH, EVP_KEYEXCH_free>;

// RFC 5480 2.2: what an uncompressed point begins with. ExchangeData leaves it out.
constexpr std::uint8_t kUncompressed = 0x04;

void free_encoded(unsigned char* bytes) { OPENSSL_free(bytes); }

bool is_ffdhe(const KeyExchangeAlgorithm& algorithm) { return algorithm.openssl.starts_with("ffdhe"); }

std::string key_type(const KeyExchangeAlgorithm& algorithm) {
  if (algorithm.kem) return std::string(algorithm.openssl);
  return is_ffdhe(algorithm) ? "DH" : "EC";
}

void check(int result, const KeyExchangeAlgorithm& algorithm) {
  if (result != 1) throw Error(ErrorId::internal, cat(algorithm.name, ": ", openssl_reason()));
}

[[noreturn]] void refuse(const KeyExchangeAlgorithm& algorithm, std::string_view why) {
  ERR_clear_error();
  throw Error(ErrorId::peer, cat("ExchangeData: ", why, " (", algorithm.name, ")"));
}

void require(const KeyExchangeAlgorithm& algorithm) {
  if (!supports(algorithm))
    throw Error(ErrorId::unsupported, cat(library_version(), " has no usable ", algorithm.name),
                algorithm.kem ? "OpenSSL 3.5 or later is needed" : "");
}

void require_size(const KeyExchangeAlgorithm& algorithm, View peer, std::size_t size) {
  if (peer.size() != size) refuse(algorithm, cat(peer.size(), " bytes in place of ", size));
}

OwnedKey generate(const KeyExchangeAlgorithm& algorithm) {
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, key_type(algorithm).c_str(), nullptr));
  if (!context) check(0, algorithm);
  check(EVP_PKEY_keygen_init(context.get()), algorithm);
  if (!algorithm.kem) check(EVP_PKEY_CTX_set_group_name(context.get(), std::string(algorithm.openssl).c_str()), algorithm);
  EVP_PKEY* key = nullptr;
  check(EVP_PKEY_generate(context.get(), &key), algorithm);
  return OwnedKey(key);
}

OwnedKeyContext operation_with(const OwnedKey& key, const KeyExchangeAlgorithm& algorithm) {
  OwnedKeyContext out(EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr));
  if (!out) check(0, algorithm);
  return out;
}

// The peer's key, on our group. OpenSSL refuses a point that is not on the curve, and a y that is not in 2 .. p - 2.
OwnedKey peer_key(const OwnedKey& ours, const KeyExchangeAlgorithm& algorithm, View peer) {
  OwnedKey out(EVP_PKEY_new());
  if (!out) check(0, algorithm);
  check(EVP_PKEY_copy_parameters(out.get(), ours.get()), algorithm);
  Bytes encoded;
  if (!is_ffdhe(algorithm)) encoded.push_back(kUncompressed);
  append(encoded, peer);
  if (EVP_PKEY_set1_encoded_public_key(out.get(), encoded.data(), encoded.size()) != 1) refuse(algorithm, "no member of the group");
  return out;
}

SecretBytes exchange(const OwnedKey& ours, const KeyExchangeAlgorithm& algorithm, View peer) {
  require_size(algorithm, peer, algorithm.request_size);
  const OwnedKey theirs = peer_key(ours, algorithm, peer);
  const OwnedKeyContext context = operation_with(ours, algorithm);
  check(EVP_PKEY_derive_init(context.get()), algorithm);
  // Leading zeros belong to the secret (DSP0274 "DHE secret").
  if (is_ffdhe(algorithm)) check(EVP_PKEY_CTX_set_dh_pad(context.get(), 1), algorithm);
  // This checks the key once more, also its order.
  if (EVP_PKEY_derive_set_peer(context.get(), theirs.get()) != 1) refuse(algorithm, "no member of the group");
  std::size_t size = 0;
  check(EVP_PKEY_derive(context.get(), nullptr, &size), algorithm);
  SecretBytes out(size);
  if (EVP_PKEY_derive(context.get(), out.writable().data(), &size) != 1 || size != out.size()) refuse(algorithm, "no secret comes of it");
  return out;
}

SecretBytes decapsulate(const OwnedKey& ours, const KeyExchangeAlgorithm& algorithm, View ciphertext) {
  require_size(algorithm, ciphertext, algorithm.response_size);
  const OwnedKeyContext context = operation_with(ours, algorithm);
  check(EVP_PKEY_decapsulate_init(context.get(), nullptr), algorithm);
  std::size_t size = 0;
  check(EVP_PKEY_decapsulate(context.get(), nullptr, &size, ciphertext.data(), ciphertext.size()), algorithm);
  SecretBytes out(size);
  if (EVP_PKEY_decapsulate(context.get(), out.writable().data(), &size, ciphertext.data(), ciphertext.size()) != 1 || size != out.size())
    refuse(algorithm, "no secret comes of it");
  return out;
}

}  // namespace

struct KeyAgreement::State {
  const KeyExchangeAlgorithm* algorithm;
  OwnedKey key;  // OpenSSL overwrites it when it frees it
};

// A row without a name: SM2 has a key exchange of its own, in several steps (GB/T 32918.3), which OpenSSL does not have.
bool supports(const KeyExchangeAlgorithm& algorithm) {
  bool out = false;
  if (algorithm.kem)
    out = OwnedKem(EVP_KEM_fetch(nullptr, std::string(algorithm.openssl).c_str(), nullptr)) != nullptr;
  else if (!algorithm.openssl.empty())
    out = OwnedExchange(EVP_KEYEXCH_fetch(nullptr, is_ffdhe(algorithm) ? "DH" : "ECDH", nullptr)) != nullptr;
  ERR_clear_error();
  return out;
}

KeyAgreement::KeyAgreement(const KeyExchangeAlgorithm& algorithm) {
  require(algorithm);
  state_ = std::make_unique<State>(State{&algorithm, generate(algorithm)});
}
KeyAgreement::~KeyAgreement() = default;
KeyAgreement::KeyAgreement(KeyAgreement&&) noexcept = default;
KeyAgreement& KeyAgreement::operator=(KeyAgreement&&) noexcept = default;

Bytes KeyAgreement::public_value() const {
  unsigned char* encoded = nullptr;
  const std::size_t size = EVP_PKEY_get1_encoded_public_key(state_->key.get(), &encoded);
  const Owned<unsigned char, free_encoded> owner(encoded);
  View out(encoded, size);
  if (!out.empty() && key_type(*state_->algorithm) == "EC") out = out.subspan(1);
  if (out.size() != state_->algorithm->request_size) check(0, *state_->algorithm);
  return to_bytes(out);
}

SecretBytes KeyAgreement::derive(View peer) const {
  const KeyExchangeAlgorithm& algorithm = *state_->algorithm;
  return algorithm.kem ? decapsulate(state_->key, algorithm, peer) : exchange(state_->key, algorithm, peer);
}

Encapsulated encapsulate(const KeyExchangeAlgorithm& algorithm, View encapsulation_key) {
  if (!algorithm.kem) throw Error(ErrorId::internal, cat(algorithm.name, " is not a KEM"));
  require(algorithm);
  require_size(algorithm, encapsulation_key, algorithm.request_size);
  const OwnedKey key(
      EVP_PKEY_new_raw_public_key_ex(nullptr, key_type(algorithm).c_str(), nullptr, encapsulation_key.data(), encapsulation_key.size()));
  if (!key) refuse(algorithm, "no key");
  const OwnedKeyContext context = operation_with(key, algorithm);
  check(EVP_PKEY_encapsulate_init(context.get(), nullptr), algorithm);
  std::size_t ciphertext_size = 0, secret_size = 0;
  check(EVP_PKEY_encapsulate(context.get(), nullptr, &ciphertext_size, nullptr, &secret_size), algorithm);
  Encapsulated out{SecretBytes(secret_size), Bytes(ciphertext_size)};
  check(EVP_PKEY_encapsulate(context.get(), out.ciphertext.data(), &ciphertext_size, out.secret.writable().data(), &secret_size),
        algorithm);
  return out;
}

}  // namespace spdm::crypto
