// The algorithms of DSP0274: one row each, with its bit, sizes and OpenSSL name. A new algorithm is a new row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/word_table.h"

namespace spdm {

// SPDMVersion bytes.
inline constexpr std::uint8_t k10 = 0x10, k11 = 0x11, k12 = 0x12, k13 = 0x13, k14 = 0x14;
inline constexpr std::array kVersions{
    Word{k10, "1.0"}, Word{k11, "1.1"}, Word{k12, "1.2"}, Word{k13, "1.3"}, Word{k14, "1.4"},
};
// "1.2" for 0x12; "unknown" for one that is not in the table.
std::string_view version_name(std::uint8_t version);

enum class SignatureScheme { rsassa, rsapss, ecdsa, sm2, ed25519, ed448, mldsa, slhdsa };

// A row of BaseAsymAlgo (pqc false) or PqcAsymAlgo (pqc true).
struct AsymAlgorithm {
  std::string_view name;  // "ECDSA-P384", as on the command line and in JSON
  bool pqc;
  std::uint32_t bit;  // in BaseAsymAlgo or PqcAsymAlgo
  SignatureScheme scheme;
  std::uint32_t signature_size;  // bytes on the wire
  std::uint8_t since;            // first SPDMVersion that has it
  std::string_view key;          // OpenSSL key type ("RSA", "EC", "ED25519", "ML-DSA-44", ...)
  std::string_view group;        // OpenSSL curve name for "EC" and "SM2", else empty
  std::uint32_t key_bits;        // RSA modulus size, else 0
  unsigned strength;             // bits of security (NIST SP 800-57 part 1 rev. 5 table 2; FIPS 204 and 205 by category)
};

// A row of BaseHashAlgo; MeasurementHashAlgo has the same rows one bit higher (its bit 0 is "raw bit stream only").
struct HashAlgorithm {
  std::string_view name;  // "SHA-384"
  std::uint32_t bit;      // in BaseHashAlgo
  std::uint32_t size;     // bytes
  std::uint8_t since;
  std::string_view openssl;  // digest name for EVP_MD_fetch
  unsigned strength;         // bits of security against collisions (NIST SP 800-57 part 1 rev. 5 table 3)
};

// A row of the tables DHE (kem false) and KEM (kem true, 1.4): how a session comes to its shared secret.
struct KeyExchangeAlgorithm {
  std::string_view name;  // "secp384r1", "ffdhe2048", "ML-KEM-768"
  bool kem;
  std::uint16_t bit;
  std::uint32_t request_size;   // bytes of ExchangeData in KEY_EXCHANGE: the public value, or the encapsulation key
  std::uint32_t response_size;  // bytes of ExchangeData in KEY_EXCHANGE_RSP: the public value, or the ciphertext
  std::uint8_t since;
  std::string_view openssl;  // name of the group, or of the KEM; empty when no version has it
  unsigned strength;         // bits of security, as above
};

// A row of the table AEAD: what protects the records of a session.
struct AeadAlgorithm {
  std::string_view name;  // "AES-256-GCM"
  std::uint16_t bit;
  std::uint32_t key_size;  // bytes
  std::uint8_t since;
  std::string_view openssl;  // cipher name for EVP_CIPHER_fetch
  unsigned strength;
};
// The same for every row (DSP0277).
inline constexpr std::size_t kAeadTagSize = 16, kAeadIvSize = 12;

std::span<const AsymAlgorithm> asym_algorithms();
std::span<const HashAlgorithm> hash_algorithms();
std::span<const KeyExchangeAlgorithm> key_exchange_algorithms();
std::span<const AeadAlgorithm> aead_algorithms();

// nullptr when no row has it.
const AsymAlgorithm* find_base_asym(std::uint32_t bit);
const AsymAlgorithm* find_pqc_asym(std::uint32_t bit);
const AsymAlgorithm* find_asym(std::string_view name);
const HashAlgorithm* find_hash(std::uint32_t bit);
const HashAlgorithm* find_hash(std::string_view name);
const HashAlgorithm* find_measurement_hash(std::uint32_t bit);
const KeyExchangeAlgorithm* find_dhe(std::uint16_t bit);
const KeyExchangeAlgorithm* find_kem(std::uint16_t bit);
const KeyExchangeAlgorithm* find_key_exchange(std::string_view name);
const AeadAlgorithm* find_aead(std::uint16_t bit);
const AeadAlgorithm* find_aead(std::string_view name);
inline constexpr std::uint16_t kSpdmKeySchedule = 1;  // the only bit of the table KeySchedule
// Whether any hash algorithm has digests of so many bytes.
bool is_hash_size(std::size_t size);
inline constexpr std::uint32_t kRawOnly = 1;  // MeasurementHashAlgo bit 0

}  // namespace spdm
