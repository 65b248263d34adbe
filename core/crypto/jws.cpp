#include "core/crypto/jws.h"

#include <array>

#include "core/error.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

struct Row {
  std::string_view name;  // of RFC 7518 section 3.1, RFC 8037 section 3.1
  std::string_view asym, hash;
};

constexpr std::array kRows{
    Row{"ES256", "ECDSA-P256", "SHA-256"},  Row{"ES384", "ECDSA-P384", "SHA-384"},  Row{"ES512", "ECDSA-P521", "SHA-512"},
    Row{"PS256", "RSAPSS-2048", "SHA-256"}, Row{"PS256", "RSAPSS-3072", "SHA-256"}, Row{"PS256", "RSAPSS-4096", "SHA-256"},
    Row{"EdDSA", "Ed25519", "SHA-512"},
};

const Row& row_of(const PrivateKey& key) {
  for (const Row& row : kRows)
    if (key.fits(*find_asym(row.asym))) return row;
  throw Error(ErrorId::usage, "a key of this kind signs no JWS here",
              "give an EC key on P-256, P-384 or P-521, RSA of 2048 to 4096 bits, or Ed25519");
}

View view(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }

}  // namespace

std::string_view jws_algorithm(const PrivateKey& key) { return row_of(key).name; }

std::string base64url(View bytes) {
  std::string out = base64(bytes);
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  out.resize(out.find_last_not_of('=') + 1);
  return out;
}

std::string sign_jws(const PrivateKey& key, std::string_view payload) {
  const Row& row = row_of(key);
  const AsymAlgorithm& algorithm = *find_asym(row.asym);
  const HashAlgorithm& hash_row = *find_hash(row.hash);
  const std::string header = cat(R"({"alg":")", row.name, R"(","typ":"JWT"})");
  const std::string input = cat(base64url(view(header)), ".", base64url(view(payload)));
  // Without the prefix of SPDM 1.2 the primitives are those of JWS: r || s over the digest, PSS with salt as long as the
  // digest, and Ed25519 over the message as it is.
  const Bytes digest = algorithm.scheme == SignatureScheme::ed25519 ? to_bytes(view(input)) : hash(hash_row, view(input));
  return cat(input, ".", base64url(sign(key, algorithm, hash_row, k11, "", digest)));
}

}  // namespace spdm::crypto
