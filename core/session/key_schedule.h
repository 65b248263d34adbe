// The key schedule of a session (DSP0274 "Key schedule"): from a shared secret and two transcript hashes to the keys of both
// directions. Each key is derived once.
#pragma once

#include "core/crypto/kdf.h"
#include "core/wire/algorithms.h"

namespace spdm {

enum class Direction { request, response };  // who sends: the requester, or the responder

// What the keys of a session are made for.
struct SessionSuite {
  std::uint8_t version = 0;  // SPDMVersion: it is part of every label
  const HashAlgorithm* hash = nullptr;
  const AeadAlgorithm* aead = nullptr;
};

// The traffic keys of one direction, until the next update.
struct RecordKeys {
  SecretBytes key, iv;
  std::uint64_t next = 0;  // sequence number of the next record
};

// The secret of one direction in one phase, and what follows from it.
class TrafficSecret {
 public:
  TrafficSecret() = default;
  TrafficSecret(const SessionSuite& suite, SecretBytes secret) : suite_(suite), secret_(std::move(secret)) {}

  // HMAC(finished_key, transcript hash): RequesterVerifyData or ResponderVerifyData.
  Bytes verify_data(View transcript_hash) const;
  RecordKeys record_keys() const;
  // The secret that KEY_UPDATE puts in its place ("traffic upd").
  TrafficSecret updated() const;
  bool empty() const { return secret_.empty(); }
  const SecretBytes& secret() const { return secret_; }

 private:
  SecretBytes expand(std::string_view label, std::size_t size) const;

  SessionSuite suite_;
  SecretBytes secret_;
};

class KeySchedule {
 public:
  // `shared`: the DHE or KEM secret, or the PSK.
  static KeySchedule from_key_exchange(const SessionSuite& suite, const SecretBytes& shared);
  static KeySchedule from_psk(const SessionSuite& suite, const SecretBytes& psk);

  // `th1`, `th2`: the hashes of these transcripts.
  TrafficSecret handshake(Direction direction, View th1) const;
  TrafficSecret application(Direction direction, View th2) const;

 private:
  KeySchedule(const SessionSuite& suite, View salt, const SecretBytes& shared);

  SessionSuite suite_;
  SecretBytes handshake_secret_, master_secret_;
};

// bin_str of DSP0274 "Key schedule": length, version, label, context.
Bytes bin_str(std::uint8_t version, std::string_view label, View context, std::size_t size);

}  // namespace spdm
