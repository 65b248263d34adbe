#include "core/wire/algorithms.h"

#include <algorithm>
#include <array>

#include "core/letters.h"

namespace spdm {

namespace {

using enum SignatureScheme;

// SP 800-57 gives no number for RSA-4096. IKE and TLS count 152 (RFC 3766), which lies between 128 and 192.
constexpr std::array kAsym{
    AsymAlgorithm{"RSASSA-2048", false, 0x0001, rsassa, 256, k10, "RSA", "", 2048, 112},
    AsymAlgorithm{"RSAPSS-2048", false, 0x0002, rsapss, 256, k10, "RSA", "", 2048, 112},
    AsymAlgorithm{"RSASSA-3072", false, 0x0004, rsassa, 384, k10, "RSA", "", 3072, 128},
    AsymAlgorithm{"RSAPSS-3072", false, 0x0008, rsapss, 384, k10, "RSA", "", 3072, 128},
    AsymAlgorithm{"ECDSA-P256", false, 0x0010, ecdsa, 64, k10, "EC", "P-256", 0, 128},
    AsymAlgorithm{"RSASSA-4096", false, 0x0020, rsassa, 512, k10, "RSA", "", 4096, 152},
    AsymAlgorithm{"RSAPSS-4096", false, 0x0040, rsapss, 512, k10, "RSA", "", 4096, 152},
    AsymAlgorithm{"ECDSA-P384", false, 0x0080, ecdsa, 96, k10, "EC", "P-384", 0, 192},
    AsymAlgorithm{"ECDSA-P521", false, 0x0100, ecdsa, 132, k10, "EC", "P-521", 0, 256},
    AsymAlgorithm{"SM2-P256", false, 0x0200, sm2, 64, k12, "SM2", "SM2", 0, 128},
    AsymAlgorithm{"Ed25519", false, 0x0400, ed25519, 64, k12, "ED25519", "", 0, 128},
    AsymAlgorithm{"Ed448", false, 0x0800, ed448, 114, k12, "ED448", "", 0, 224},
    AsymAlgorithm{"ML-DSA-44", true, 0x0001, mldsa, 2420, k14, "ML-DSA-44", "", 0, 128},
    AsymAlgorithm{"ML-DSA-65", true, 0x0002, mldsa, 3309, k14, "ML-DSA-65", "", 0, 192},
    AsymAlgorithm{"ML-DSA-87", true, 0x0004, mldsa, 4627, k14, "ML-DSA-87", "", 0, 256},
    AsymAlgorithm{"SLH-DSA-SHA2-128s", true, 0x0008, slhdsa, 7856, k14, "SLH-DSA-SHA2-128s", "", 0, 128},
    AsymAlgorithm{"SLH-DSA-SHAKE-128s", true, 0x0010, slhdsa, 7856, k14, "SLH-DSA-SHAKE-128s", "", 0, 128},
    AsymAlgorithm{"SLH-DSA-SHA2-128f", true, 0x0020, slhdsa, 17088, k14, "SLH-DSA-SHA2-128f", "", 0, 128},
    AsymAlgorithm{"SLH-DSA-SHAKE-128f", true, 0x0040, slhdsa, 17088, k14, "SLH-DSA-SHAKE-128f", "", 0, 128},
    AsymAlgorithm{"SLH-DSA-SHA2-192s", true, 0x0080, slhdsa, 16224, k14, "SLH-DSA-SHA2-192s", "", 0, 192},
    AsymAlgorithm{"SLH-DSA-SHAKE-192s", true, 0x0100, slhdsa, 16224, k14, "SLH-DSA-SHAKE-192s", "", 0, 192},
    AsymAlgorithm{"SLH-DSA-SHA2-192f", true, 0x0200, slhdsa, 35664, k14, "SLH-DSA-SHA2-192f", "", 0, 192},
    AsymAlgorithm{"SLH-DSA-SHAKE-192f", true, 0x0400, slhdsa, 35664, k14, "SLH-DSA-SHAKE-192f", "", 0, 192},
    AsymAlgorithm{"SLH-DSA-SHA2-256s", true, 0x0800, slhdsa, 29792, k14, "SLH-DSA-SHA2-256s", "", 0, 256},
    AsymAlgorithm{"SLH-DSA-SHAKE-256s", true, 0x1000, slhdsa, 29792, k14, "SLH-DSA-SHAKE-256s", "", 0, 256},
    AsymAlgorithm{"SLH-DSA-SHA2-256f", true, 0x2000, slhdsa, 49856, k14, "SLH-DSA-SHA2-256f", "", 0, 256},
    AsymAlgorithm{"SLH-DSA-SHAKE-256f", true, 0x4000, slhdsa, 49856, k14, "SLH-DSA-SHAKE-256f", "", 0, 256},
};

constexpr std::array kHash{
    HashAlgorithm{"SHA-256", 0x01, 32, k10, "SHA256", 128},    HashAlgorithm{"SHA-384", 0x02, 48, k10, "SHA384", 192},
    HashAlgorithm{"SHA-512", 0x04, 64, k10, "SHA512", 256},    HashAlgorithm{"SHA3-256", 0x08, 32, k10, "SHA3-256", 128},
    HashAlgorithm{"SHA3-384", 0x10, 48, k10, "SHA3-384", 192}, HashAlgorithm{"SHA3-512", 0x20, 64, k10, "SHA3-512", 256},
    HashAlgorithm{"SM3-256", 0x40, 32, k12, "SM3", 128},
};

// SP 800-57 gives no number for ffdhe4096, either: see RSA-4096. Of a point, X and Y are sent, each in full width. SM2's key exchange is
// in no library that we use: its row is there for its name and its size, and without a name for OpenSSL it is never offered.
constexpr std::array kKeyExchange{
    KeyExchangeAlgorithm{"ffdhe2048", false, 0x01, 256, 256, k11, "ffdhe2048", 112},
    KeyExchangeAlgorithm{"ffdhe3072", false, 0x02, 384, 384, k11, "ffdhe3072", 128},
    KeyExchangeAlgorithm{"ffdhe4096", false, 0x04, 512, 512, k11, "ffdhe4096", 152},
    KeyExchangeAlgorithm{"secp256r1", false, 0x08, 64, 64, k11, "P-256", 128},
    KeyExchangeAlgorithm{"secp384r1", false, 0x10, 96, 96, k11, "P-384", 192},
    KeyExchangeAlgorithm{"secp521r1", false, 0x20, 132, 132, k11, "P-521", 256},
    KeyExchangeAlgorithm{"SM2-P256", false, 0x40, 64, 64, k12, "", 128},
    KeyExchangeAlgorithm{"ML-KEM-512", true, 0x01, 800, 768, k14, "ML-KEM-512", 128},
    KeyExchangeAlgorithm{"ML-KEM-768", true, 0x02, 1184, 1088, k14, "ML-KEM-768", 192},
    KeyExchangeAlgorithm{"ML-KEM-1024", true, 0x04, 1568, 1568, k14, "ML-KEM-1024", 256},
};

constexpr std::array kAead{
    AeadAlgorithm{"AES-128-GCM", 0x1, 16, k11, "AES-128-GCM", 128},
    AeadAlgorithm{"AES-256-GCM", 0x2, 32, k11, "AES-256-GCM", 256},
    AeadAlgorithm{"ChaCha20-Poly1305", 0x4, 32, k11, "ChaCha20-Poly1305", 256},
    AeadAlgorithm{"SM4-GCM", 0x8, 16, k12, "SM4-GCM", 128},
};

template <class Table, class Match>
auto find(const Table& table, Match match) -> decltype(table.data()) {
  const auto it = std::find_if(table.begin(), table.end(), match);
  return it == table.end() ? nullptr : &*it;
}

}  // namespace

std::string_view version_name(std::uint8_t version) {
  for (const Word<std::uint8_t>& row : kVersions)
    if (row.value == version) return row.name;
  return "unknown";
}

std::span<const AsymAlgorithm> asym_algorithms() { return kAsym; }
std::span<const HashAlgorithm> hash_algorithms() { return kHash; }
std::span<const KeyExchangeAlgorithm> key_exchange_algorithms() { return kKeyExchange; }
std::span<const AeadAlgorithm> aead_algorithms() { return kAead; }

const AsymAlgorithm* find_base_asym(std::uint32_t bit) {
  return find(kAsym, [&](const AsymAlgorithm& row) { return !row.pqc && row.bit == bit; });
}
const AsymAlgorithm* find_pqc_asym(std::uint32_t bit) {
  return find(kAsym, [&](const AsymAlgorithm& row) { return row.pqc && row.bit == bit; });
}
const AsymAlgorithm* find_asym(std::string_view name) {
  return find(kAsym, [&](const AsymAlgorithm& row) { return same_letters(row.name, name); });
}
const HashAlgorithm* find_hash(std::uint32_t bit) {
  return find(kHash, [&](const HashAlgorithm& row) { return row.bit == bit; });
}
const HashAlgorithm* find_hash(std::string_view name) {
  return find(kHash, [&](const HashAlgorithm& row) { return same_letters(row.name, name); });
}
bool is_hash_size(std::size_t size) {
  return std::any_of(kHash.begin(), kHash.end(), [&](const HashAlgorithm& row) { return row.size == size; });
}
const HashAlgorithm* find_measurement_hash(std::uint32_t bit) { return bit == kRawOnly || bit % 2 != 0 ? nullptr : find_hash(bit >> 1); }

const KeyExchangeAlgorithm* find_dhe(std::uint16_t bit) {
  return find(kKeyExchange, [&](const KeyExchangeAlgorithm& row) { return !row.kem && row.bit == bit; });
}
const KeyExchangeAlgorithm* find_kem(std::uint16_t bit) {
  return find(kKeyExchange, [&](const KeyExchangeAlgorithm& row) { return row.kem && row.bit == bit; });
}
const KeyExchangeAlgorithm* find_key_exchange(std::string_view name) {
  return find(kKeyExchange, [&](const KeyExchangeAlgorithm& row) { return same_letters(row.name, name); });
}
const AeadAlgorithm* find_aead(std::uint16_t bit) {
  return find(kAead, [&](const AeadAlgorithm& row) { return row.bit == bit; });
}
const AeadAlgorithm* find_aead(std::string_view name) {
  return find(kAead, [&](const AeadAlgorithm& row) { return same_letters(row.name, name); });
}

}  // namespace spdm
