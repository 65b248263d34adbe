#include "core/session/key_schedule.h"

#include <string_view>

#include "core/text.h"

namespace spdm {

namespace {

SecretBytes expand(const SessionSuite& suite, const SecretBytes& secret, std::string_view label, View context, std::size_t size) {
  return crypto::hkdf_expand(*suite.hash, secret, bin_str(suite.version, label, context, size), size);
}

Bytes zeros(const SessionSuite& suite) { return Bytes(suite.hash->size); }

}  // namespace

// "spdm1.X " with its space, and nothing between the parts.
Bytes bin_str(std::uint8_t version, std::string_view label, View context, std::size_t size) {
  Writer out;
  out.u16(size).bytes(as_bytes(cat("spdm", version_name(version), " ", label))).bytes(context);
  return out.take();
}

SecretBytes TrafficSecret::expand(std::string_view label, std::size_t size) const { return spdm::expand(suite_, secret_, label, {}, size); }

Bytes TrafficSecret::verify_data(View transcript_hash) const {
  return crypto::hmac(*suite_.hash, expand("finished", suite_.hash->size), transcript_hash);
}

RecordKeys TrafficSecret::record_keys() const { return {expand("key", suite_.aead->key_size), expand("iv", kAeadIvSize), 0}; }

TrafficSecret TrafficSecret::updated() const { return {suite_, expand("traffic upd", suite_.hash->size)}; }

KeySchedule KeySchedule::from_key_exchange(const SessionSuite& suite, const SecretBytes& shared) { return {suite, zeros(suite), shared}; }

// DSP0274 1.3 "Key schedule": with a PSK, Salt_0 is all ones from then on.
KeySchedule KeySchedule::from_psk(const SessionSuite& suite, const SecretBytes& psk) {
  return {suite, suite.version >= k13 ? Bytes(suite.hash->size, 0xFF) : zeros(suite), psk};
}

KeySchedule::KeySchedule(const SessionSuite& suite, View salt, const SecretBytes& shared)
    : suite_(suite), handshake_secret_(crypto::hkdf_extract(*suite.hash, salt, shared)) {
  const SecretBytes next_salt = expand(suite, handshake_secret_, "derived", {}, suite.hash->size);
  master_secret_ = crypto::hkdf_extract(*suite.hash, next_salt.view(), SecretBytes(suite.hash->size));
}

TrafficSecret KeySchedule::handshake(Direction direction, View th1) const {
  const std::string_view label = direction == Direction::request ? "req hs data" : "rsp hs data";
  return {suite_, expand(suite_, handshake_secret_, label, th1, suite_.hash->size)};
}

TrafficSecret KeySchedule::application(Direction direction, View th2) const {
  const std::string_view label = direction == Direction::request ? "req app data" : "rsp app data";
  return {suite_, expand(suite_, master_secret_, label, th2, suite_.hash->size)};
}

}  // namespace spdm
