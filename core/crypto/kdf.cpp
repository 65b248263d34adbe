#include "core/crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

#include <algorithm>
#include <span>
#include <string>

#include "core/crypto/openssl.h"
#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

using OwnedMac = Owned<EVP_MAC, EVP_MAC_free>;
using OwnedMacContext = Owned<EVP_MAC_CTX, EVP_MAC_CTX_free>;

void check(int result) {
  if (result != 1) throw Error(ErrorId::internal, cat("HMAC: ", openssl_reason()));
}

// The MAC of all parts, one after the other. `out` has the size of the hash.
void compute(const HashAlgorithm& hash, View key, std::initializer_list<View> parts, std::span<std::uint8_t> out) {
  if (!supports(hash)) throw Error(ErrorId::unsupported, cat(library_version(), " has no ", hash.name));
  const OwnedMac mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  const OwnedMacContext context(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr);
  if (!context) check(0);
  std::string digest(hash.openssl);
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), OSSL_PARAM_construct_end()};
  // A null pointer would be no key at all, in place of an empty one.
  const std::uint8_t empty = 0;
  check(EVP_MAC_init(context.get(), key.empty() ? &empty : key.data(), key.size(), parameters));
  for (const View part : parts) check(EVP_MAC_update(context.get(), part.data(), part.size()));
  std::size_t written = 0;
  check(EVP_MAC_final(context.get(), out.data(), &written, out.size()));
}

}  // namespace

// RFC 5869 2.2. An empty salt is as good as zeros: HMAC pads keys with them.
SecretBytes hkdf_extract(const HashAlgorithm& hash, View salt, const SecretBytes& key) {
  SecretBytes out(hash.size);
  compute(hash, salt, {key.view()}, out.writable());
  return out;
}

// RFC 5869 2.3.
SecretBytes hkdf_expand(const HashAlgorithm& hash, const SecretBytes& key, View info, std::size_t size) {
  if (size > std::size_t{255} * hash.size)
    throw Error(ErrorId::internal, cat("HKDF: ", size, " bytes are more than ", hash.name, " gives"));
  SecretBytes out(size), block(hash.size);
  View previous;
  std::uint8_t counter = 0;
  for (std::size_t at = 0; at < size; at += hash.size) {
    ++counter;
    SecretBytes next(hash.size);
    compute(hash, key.view(), {previous, info, View(&counter, 1)}, next.writable());
    block = std::move(next);
    previous = block.view();
    const std::size_t wanted = std::min<std::size_t>(hash.size, size - at);
    std::copy_n(previous.begin(), wanted, out.writable().subspan(at).begin());
  }
  return out;
}

Bytes hmac(const HashAlgorithm& hash, const SecretBytes& key, View data) {
  Bytes out(hash.size);
  compute(hash, key.view(), {data}, out);
  return out;
}

bool equal_in_constant_time(View a, View b) { return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0; }

}  // namespace spdm::crypto
