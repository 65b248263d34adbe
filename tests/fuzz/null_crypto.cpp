// crypto.h without cryptography, for fuzzers: link this file in place of core/crypto/. A hash is cheap and depends on
// its input only so far as to tell different messages apart; every signature of the right size verifies. So the fuzzer
// gets past the checks that it could never satisfy by mutation.
#include "core/crypto/aead.h"
#include "core/crypto/certificates.h"
#include "core/crypto/crypto.h"
#include "core/crypto/kdf.h"
#include "core/crypto/key_agreement.h"

namespace spdm::crypto {

namespace {

// FNV-1a, spread over the digest.
struct Mixer {
  std::uint64_t value = 0xCBF29CE484222325U;

  void update(View data) {
    for (const std::uint8_t byte : data) value = (value ^ byte) * 0x100000001B3U;
  }
  Bytes finish(std::size_t size) const {
    Bytes out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(value >> (i % 8 * 8));
    return out;
  }
};

}  // namespace

struct Hasher::State {
  Mixer mixer;
  std::size_t size;
};

struct PublicKey::State {
  Bytes der;
};

struct PrivateKey::State {
  Bytes bytes;
};

Hasher::Hasher(const HashAlgorithm& algorithm) : state_(new State{{}, algorithm.size}) {}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
void Hasher::update(View data) { state_->mixer.update(data); }
Bytes Hasher::finish() { return state_->mixer.finish(state_->size); }

Bytes hash(const HashAlgorithm& algorithm, View data) {
  Mixer mixer;
  mixer.update(data);
  return mixer.finish(algorithm.size);
}

// Not random on purpose: a crash must come back with the same input.
Bytes random(std::size_t size) { return Bytes(size, 0x5A); }

bool supports(const AsymAlgorithm&) { return true; }
bool supports(const HashAlgorithm&) { return true; }
std::string library_version() { return "no cryptography"; }

PublicKey PublicKey::from_spki(View der) {
  PublicKey out;
  out.state = std::make_shared<State>(State{to_bytes(der)});
  return out;
}
bool PublicKey::fits(const AsymAlgorithm&) const { return true; }
std::string PublicKey::describe() const { return "null"; }
std::string PublicKey::weakness() const { return {}; }

PrivateKey PrivateKey::from_file_bytes(View bytes, std::string_view) {
  PrivateKey out;
  out.state = std::make_shared<State>(State{to_bytes(bytes)});
  return out;
}
bool PrivateKey::fits(const AsymAlgorithm&) const { return true; }
Bytes PrivateKey::public_spki() const { return state->bytes; }

bool verify(const PublicKey&, const AsymAlgorithm& algorithm, const HashAlgorithm&, std::uint8_t, std::string_view, View, View signature) {
  return signature.size() == algorithm.signature_size;
}

Bytes sign(const PrivateKey&, const AsymAlgorithm& algorithm, const HashAlgorithm&, std::uint8_t, std::string_view, View) {
  return Bytes(algorithm.signature_size, 0x5A);
}

// Sessions: every secret is the same, records are in the clear with zeros for a tag, and every tag fits.
struct KeyAgreement::State {
  const KeyExchangeAlgorithm* algorithm;
};

bool supports(const KeyExchangeAlgorithm&) { return true; }
KeyAgreement::KeyAgreement(const KeyExchangeAlgorithm& algorithm) : state_(new State{&algorithm}) {}
KeyAgreement::~KeyAgreement() = default;
KeyAgreement::KeyAgreement(KeyAgreement&&) noexcept = default;
KeyAgreement& KeyAgreement::operator=(KeyAgreement&&) noexcept = default;
Bytes KeyAgreement::public_value() const { return Bytes(state_->algorithm->request_size, 0x5A); }
SecretBytes KeyAgreement::derive(View) const { return SecretBytes(32); }
Encapsulated encapsulate(const KeyExchangeAlgorithm& algorithm, View) { return {SecretBytes(32), Bytes(algorithm.response_size, 0x5A)}; }

SecretBytes hkdf_extract(const HashAlgorithm& hash, View, const SecretBytes&) { return SecretBytes(hash.size); }
SecretBytes hkdf_expand(const HashAlgorithm&, const SecretBytes&, View, std::size_t size) { return SecretBytes(size); }
Bytes hmac(const HashAlgorithm& algorithm, const SecretBytes&, View data) { return hash(algorithm, data); }
bool equal_in_constant_time(View a, View b) { return a.size() == b.size(); }

bool supports(const AeadAlgorithm&) { return true; }
Bytes seal(const AeadAlgorithm&, const SecretBytes&, View, View, View plaintext) {
  Bytes out = to_bytes(plaintext);
  out.resize(out.size() + kAeadTagSize);
  return out;
}
std::optional<Bytes> open(const AeadAlgorithm&, const SecretBytes&, View, View, View sealed) {
  if (sealed.size() < kAeadTagSize) return std::nullopt;
  return to_bytes(sealed.first(sealed.size() - kAeadTagSize));
}

Bytes read_chain(View file, std::string_view) { return to_bytes(file); }
View root_certificate(View chain) { return chain; }
View leaf_certificate(View chain) { return chain; }
Bytes leaf_spki(View chain) { return to_bytes(chain); }

Bytes signing_message(std::uint8_t, std::string_view, View transcript_hash) {
  Bytes out(100, 0);
  append(out, transcript_hash);
  return out;
}

}  // namespace spdm::crypto
