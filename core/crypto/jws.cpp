#include "core/crypto/jws.h"

#include <array>

#include "core/crypto/primitive.h"
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

template <class Key>
const Row& row_of(const Key& key) {
  for (const Row& row : kRows)
    if (key.fits(*find_asym(row.asym))) return row;
  throw Error(ErrorId::usage, "a key of this kind signs no JWS here",
              "give an EC key on P-256, P-384 or P-521, RSA of 2048 to 4096 bits, or Ed25519");
}

// What the primitive of a row signs. Without the prefix of SPDM 1.2 the primitives are those of JWS: r || s over the digest, PSS with
// salt as long as the digest, and Ed25519 over the message as it is.
Bytes signed_input(const AsymAlgorithm& algorithm, const HashAlgorithm& hash_row, std::string_view input) {
  return algorithm.scheme == SignatureScheme::ed25519 ? to_bytes(as_bytes(input)) : hash(hash_row, as_bytes(input));
}

std::string sign_with_header(const PrivateKey& key, const Row& row, std::string_view header, std::string_view payload) {
  const AsymAlgorithm& algorithm = *find_asym(row.asym);
  const HashAlgorithm& hash_row = *find_hash(row.hash);
  const std::string input = cat(base64url(as_bytes(header)), ".", base64url(as_bytes(payload)));
  return cat(input, ".", base64url(sign(key, algorithm, hash_row, k11, "", signed_input(algorithm, hash_row, input))));
}

std::string named_header(const Row& row, View spki, std::string_view type) {
  return cat(R"({"alg":")", row.name, R"(","kid":")", hex(hash(*find_hash("SHA-256"), spki)), R"(","typ":")", type, R"("})");
}

}  // namespace

std::string_view jws_algorithm(const PrivateKey& key) { return row_of(key).name; }

std::string base64url(View bytes) {
  std::string out = base64(bytes);
  for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  out.resize(out.find_last_not_of('=') + 1);
  return out;
}

std::optional<Bytes> from_base64url(std::string_view text) {
  if (text.find_first_of("+/=") != std::string_view::npos || text.size() % 4 == 1) return std::nullopt;
  std::string standard(text);
  for (char& c : standard) c = c == '-' ? '+' : c == '_' ? '/' : c;
  standard.append((4 - standard.size() % 4) % 4, '=');
  try {
    Bytes out = from_base64(standard, "base64url");
    return base64url(out) == text ? std::optional(std::move(out)) : std::nullopt;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string sign_jws(const PrivateKey& key, std::string_view payload) {
  const Row& row = row_of(key);
  return sign_with_header(key, row, cat(R"({"alg":")", row.name, R"(","typ":"JWT"})"), payload);
}

std::string sign_jws(const PrivateKey& key, std::string_view type, std::string_view payload) {
  const Row& row = row_of(key);
  return sign_with_header(key, row, named_header(row, key.public_spki(), type), payload);
}

std::string_view jws_header_of(std::string_view token) { return token.substr(0, token.find('.')); }

JwsVerifier::JwsVerifier(View spki, std::string_view type) : key_(PublicKey::from_spki(spki)) {
  const Row& row = row_of(key_);
  algorithm_ = find_asym(row.asym);
  hash_ = find_hash(row.hash);
  header_ = base64url(as_bytes(named_header(row, spki, type)));
}

std::optional<std::string> JwsVerifier::payload_of(std::string_view token) const {
  if (jws_header_of(token) != header_) return std::nullopt;
  const std::size_t end = token.rfind('.');
  if (end == std::string_view::npos || end <= header_.size()) return std::nullopt;
  const std::optional<Bytes> payload = from_base64url(token.substr(header_.size() + 1, end - header_.size() - 1));
  const std::optional<Bytes> signature = from_base64url(token.substr(end + 1));
  if (!payload || !signature) return std::nullopt;
  if (!verify_primitive(key_, *algorithm_, *hash_, "", signed_input(*algorithm_, *hash_, token.substr(0, end)), *signature))
    return std::nullopt;
  return std::string(as_text(*payload));
}

}  // namespace spdm::crypto
