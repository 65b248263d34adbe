#include "core/crypto/cose.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "core/format/cbor_writer.h"
#include "core/text.h"

namespace spdm::crypto {

namespace {

using cbor::Item;
using Kind = Item::Kind;

// Labels of headers (RFC 9052 3.1, RFC 9360 2).
constexpr std::int64_t kAlg = 1, kCrit = 2, kX5Chain = 33;
constexpr std::size_t kMaxCertificates = 16;

struct AlgorithmRow {
  std::int64_t cose;
  std::string_view name, hash;
  std::array<std::string_view, 3> asym;  // of the table of algorithms: the key tells which; empty: no further one
};
constexpr std::array kAlgorithms{
    // RFC 9053 2.1 binds no curve to a hash; signers use the one of the same strength.
    AlgorithmRow{-7, "ES256", "SHA-256", {"ECDSA-P256", "ECDSA-P384", "ECDSA-P521"}},
    AlgorithmRow{-35, "ES384", "SHA-384", {"ECDSA-P384", "ECDSA-P256", "ECDSA-P521"}},
    AlgorithmRow{-36, "ES512", "SHA-512", {"ECDSA-P521", "ECDSA-P384", "ECDSA-P256"}},
    // RFC 9864 2.1 does.
    AlgorithmRow{-9, "ESP256", "SHA-256", {"ECDSA-P256", "", ""}},
    AlgorithmRow{-51, "ESP384", "SHA-384", {"ECDSA-P384", "", ""}},
    AlgorithmRow{-52, "ESP512", "SHA-512", {"ECDSA-P521", "", ""}},
    // RFC 8230 2
    AlgorithmRow{-37, "PS256", "SHA-256", {"RSAPSS-2048", "RSAPSS-3072", "RSAPSS-4096"}},
    AlgorithmRow{-38, "PS384", "SHA-384", {"RSAPSS-2048", "RSAPSS-3072", "RSAPSS-4096"}},
    AlgorithmRow{-39, "PS512", "SHA-512", {"RSAPSS-2048", "RSAPSS-3072", "RSAPSS-4096"}},
};

[[noreturn]] void fail(const std::string& why) { throw Error(ErrorId::bad_input, why); }

const AlgorithmRow* row_of(const Sign1& message) {
  const Item* alg = message.header.find(kAlg);
  if (alg == nullptr || !alg->is(Kind::negative_integer) || alg->number > 1000) return nullptr;
  const std::int64_t number = -1 - static_cast<std::int64_t>(alg->number);
  const auto* row = std::find_if(kAlgorithms.begin(), kAlgorithms.end(), [&](const AlgorithmRow& one) { return one.cose == number; });
  return row == kAlgorithms.end() ? nullptr : row;
}

Item map_of(const Item& item, std::string_view what) {
  if (!item.is(Kind::map)) fail(cat(what, ", at byte ", item.offset, ", is not a map"));
  return item;
}

Item protected_header(const Item& bytes) {
  Item out;
  out.kind = Kind::map;
  if (bytes.bytes.empty()) return out;  // RFC 9052 3: an empty map is written as no bytes at all
  try {
    return map_of(cbor::read(bytes.bytes), "the protected header");
  } catch (const Error& error) {
    fail(cat("the protected header, at byte ", bytes.offset, ": ", error.what()));
  }
}

// RFC 9052 3: a label stands in one of the two only.
void assert_disjoint(const Item& a, const Item& b) {
  for (std::size_t i = 0; i < a.items.size(); i += 2)
    for (std::size_t k = 0; k < b.items.size(); k += 2) {
      const Item &left = a.items[i], &right = b.items[k];
      if (left.kind == right.kind && left.number == right.number && left.bytes == right.bytes)
        fail(cat("the header ", to_string(left), " stands in both headers"));
    }
}

}  // namespace

std::vector<Bytes> Sign1::certificates() const {
  const Item* chain = header.find(kX5Chain);
  if (chain == nullptr) chain = unprotected.find(kX5Chain);
  if (chain == nullptr) return {};
  if (chain->is(Kind::bytes)) return {chain->bytes};
  if (!chain->is(Kind::array) || chain->items.size() > kMaxCertificates) fail("x5chain is neither a certificate nor a short list of them");
  std::vector<Bytes> out;
  for (const Item& one : chain->items) {
    if (!one.is(Kind::bytes)) fail("x5chain holds something else than certificates");
    out.push_back(one.bytes);
  }
  return out;
}

Sign1 read_sign1(const Item& item) {
  const Item& parts = item.is_tag(kSign1Tag) ? item.items.front() : item;
  if (!parts.is(Kind::array) || parts.items.size() != 4 || !parts.items[0].is(Kind::bytes) || !parts.items[3].is(Kind::bytes))
    fail("it is not a COSE_Sign1 structure");
  if (!parts.items[2].is(Kind::bytes)) fail("the signed contents are elsewhere (detached)");
  Sign1 out;
  out.protected_bytes = parts.items[0].bytes;
  out.header = protected_header(parts.items[0]);
  out.unprotected = map_of(parts.items[1], "the unprotected header");
  constexpr std::size_t kMaxHeaders = 64;
  if (out.header.items.size() + out.unprotected.items.size() > 2 * kMaxHeaders) fail(cat("it has more than ", kMaxHeaders, " headers"));
  assert_disjoint(out.header, out.unprotected);
  out.payload = parts.items[2].bytes;
  out.payload_offset = parts.items[2].offset;
  out.signature = parts.items[3].bytes;
  return out;
}

std::string algorithm_of(const Sign1& message) {
  if (const AlgorithmRow* row = row_of(message)) return std::string(row->name);
  const Item* alg = message.header.find(kAlg);
  return alg == nullptr ? "no algorithm" : cat("COSE algorithm ", to_string(*alg));
}

bool verify(const Sign1& message, const PublicKey& key) {
  if (message.header.find(kCrit) != nullptr || message.unprotected.find(kCrit) != nullptr)
    fail("the signature has critical headers (crit), which are not understood here");
  if (message.header.find(kAlg) == nullptr) fail("the algorithm of the signature is missing from the protected header");
  const AlgorithmRow* const row = row_of(message);
  if (row == nullptr)
    throw Error(ErrorId::unsupported, cat("the ", algorithm_of(message), " of its signature is not known"),
                "check the signature by other means");
  // RFC 9052 4.4: the structure that is signed.
  const Bytes signed_bytes = cbor::encode_array({cbor::encode_text("Signature1"), cbor::encode_bytes(message.protected_bytes),
                                                 cbor::encode_bytes({}), cbor::encode_bytes(message.payload)});
  const HashAlgorithm& hash = *find_hash(row->hash);
  const Bytes digest = crypto::hash(hash, signed_bytes);
  // Up to SPDM 1.1 a signature is over the digest alone, with r || s as in COSE, and a salt as long as the digest.
  return std::any_of(row->asym.begin(), row->asym.end(), [&](std::string_view name) {
    return !name.empty() && key.fits(*find_asym(name)) && verify(key, *find_asym(name), hash, k11, "", digest, message.signature);
  });
}

}  // namespace spdm::crypto
