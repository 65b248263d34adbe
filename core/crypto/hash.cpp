#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>

#include "core/crypto/crypto.h"
#include "core/crypto/openssl.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

// Digests are fetched once per process, because fetching takes locks and compares names. Indexed by the bit in
// BaseHashAlgo.
struct Digests {
  std::array<OwnedDigest, 32> by_bit;

  Digests() {
    for (const HashAlgorithm& algorithm : hash_algorithms())
      by_bit.at(index(algorithm)).reset(EVP_MD_fetch(nullptr, std::string(algorithm.openssl).c_str(), nullptr));
    ERR_clear_error();
  }
  static std::size_t index(const HashAlgorithm& algorithm) { return static_cast<std::size_t>(std::countr_zero(algorithm.bit)); }
};

const EVP_MD* fetched(const HashAlgorithm& algorithm) {
  static const Digests digests;
  return digests.by_bit.at(Digests::index(algorithm)).get();
}

const EVP_MD* required(const HashAlgorithm& algorithm) {
  const EVP_MD* digest = fetched(algorithm);
  if (digest == nullptr) throw Error(ErrorId::unsupported, cat(library_version(), " has no ", algorithm.name));
  return digest;
}

[[noreturn]] void broken(std::string_view what) { throw Error(ErrorId::internal, cat(what, ": ", openssl_reason())); }

}  // namespace

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "no reason given" : reason;
}

std::string library_version() { return OpenSSL_version(OPENSSL_VERSION); }

bool supports(const HashAlgorithm& algorithm) { return fetched(algorithm) != nullptr; }

Bytes hash(const HashAlgorithm& algorithm, View data) {
  Bytes out(algorithm.size);
  if (EVP_Digest(data.data(), data.size(), out.data(), nullptr, required(algorithm), nullptr) != 1) broken("hash");
  return out;
}

// From the kernel: the library would set up three generators, and fetch each cipher that it has, for the nonces of one run.
Bytes random(std::size_t size) {
  Bytes out(size);
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::getrandom(out.data() + done, size - done, 0);
    if (got < 0 && errno != EINTR) throw Error(ErrorId::internal, cat("random bytes: ", std::strerror(errno)));
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return out;
}

struct Hasher::State {
  OwnedDigestContext context{EVP_MD_CTX_new()};
  std::size_t size = 0;
};

Hasher::Hasher(const HashAlgorithm& algorithm) : state_(std::make_unique<State>()) {
  state_->size = algorithm.size;
  if (EVP_DigestInit_ex2(state_->context.get(), required(algorithm), nullptr) != 1) broken("hash");
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::update(View data) {
  if (EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) != 1) broken("hash");
}

Bytes Hasher::finish() {
  Bytes out(state_->size);
  if (EVP_DigestFinal_ex(state_->context.get(), out.data(), nullptr) != 1) broken("hash");
  return out;
}

}  // namespace spdm::crypto
