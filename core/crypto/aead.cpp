#include "core/crypto/aead.h"

#include <limits>
#include <string>

#include "core/crypto/openssl.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

using OwnedCipher = Owned<EVP_CIPHER, EVP_CIPHER_free>;
using OwnedCipherContext = Owned<EVP_CIPHER_CTX, EVP_CIPHER_CTX_free>;

enum class Way { open, seal };

OwnedCipher fetch(const AeadAlgorithm& algorithm) {
  OwnedCipher out(EVP_CIPHER_fetch(nullptr, std::string(algorithm.openssl).c_str(), nullptr));
  ERR_clear_error();
  return out;
}

void check(int result) {
  if (result != 1) throw Error(ErrorId::internal, cat("AEAD: ", openssl_reason()));
}

int length(View data) {
  if (data.size() > std::numeric_limits<int>::max()) throw Error(ErrorId::internal, "AEAD: too much for one record");
  return static_cast<int>(data.size());
}

// Ready for data. The key is gone with the context: OpenSSL overwrites it.
OwnedCipherContext start(const AeadAlgorithm& algorithm, Way way, const SecretBytes& key, View iv, View associated) {
  if (key.size() != algorithm.key_size || iv.size() != kAeadIvSize) throw Error(ErrorId::internal, "AEAD: a key or an IV of another size");
  const OwnedCipher cipher = fetch(algorithm);
  if (!cipher) throw Error(ErrorId::unsupported, cat(library_version(), " has no ", algorithm.name));
  OwnedCipherContext out(EVP_CIPHER_CTX_new());
  if (!out) check(0);
  check(EVP_CipherInit_ex2(out.get(), cipher.get(), key.view().data(), iv.data(), way == Way::seal ? 1 : 0, nullptr));
  int written = 0;
  if (!associated.empty()) check(EVP_CipherUpdate(out.get(), nullptr, &written, associated.data(), length(associated)));
  return out;
}

void run(const OwnedCipherContext& context, View in, Bytes& out) {
  int written = 0;
  if (!in.empty()) check(EVP_CipherUpdate(context.get(), out.data(), &written, in.data(), length(in)));
}

}  // namespace

bool supports(const AeadAlgorithm& algorithm) { return fetch(algorithm) != nullptr; }

Bytes seal(const AeadAlgorithm& algorithm, const SecretBytes& key, View iv, View associated, View plaintext) {
  const OwnedCipherContext context = start(algorithm, Way::seal, key, iv, associated);
  Bytes out(plaintext.size() + kAeadTagSize);
  run(context, plaintext, out);
  int written = 0;
  std::uint8_t* tag = out.data() + plaintext.size();
  check(EVP_CipherFinal_ex(context.get(), tag, &written));
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, tag));
  return out;
}

std::optional<Bytes> open(const AeadAlgorithm& algorithm, const SecretBytes& key, View iv, View associated, View sealed) {
  if (sealed.size() < kAeadTagSize) return std::nullopt;
  const OwnedCipherContext context = start(algorithm, Way::open, key, iv, associated);
  Bytes tag = to_bytes(sealed.last(kAeadTagSize));
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, tag.data()));
  const View ciphertext = sealed.first(sealed.size() - kAeadTagSize);
  Bytes out(ciphertext.size());
  run(context, ciphertext, out);
  std::uint8_t nothing = 0;
  int written = 0;
  const bool genuine = EVP_CipherFinal_ex(context.get(), &nothing, &written) == 1;
  ERR_clear_error();
  if (!genuine) return std::nullopt;
  return out;
}

}  // namespace spdm::crypto
