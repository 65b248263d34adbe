#include "transport/emulated/profile_sessions.h"

#include <algorithm>

#include "core/crypto/aead.h"
#include "core/crypto/key_agreement.h"
#include "core/wire/digests.h"
#include "transport/emulated/profile_events.h"

namespace spdm::transport {

using yaml::Section;
using yaml::Value;

namespace {

constexpr std::size_t kMaxHint = 1024, kMaxPsk = 1024;

const KeyExchangeAlgorithm* key_exchange_of(const Value& value) {
  return known(value, find_key_exchange(value.text()), key_exchange_algorithms());
}

const AeadAlgorithm* aead_of(const Value& value) { return known(value, find_aead(value.text()), aead_algorithms()); }

std::uint16_t secured_version_of(const Value& value) {
  const std::string word = value.text();
  std::string names;
  for (const std::uint16_t version : kSecuredVersions) {
    if (secured_version_name(version) == word) return version;
    names += cat(names.empty() ? "allowed: " : ", ", secured_version_name(version));
  }
  value.fail(cat("'", printable(word), "' is unknown"), names);
}

// Reads the one of two keys that is given, of which the second has hex digits.
template <class Read>
Bytes one_of(const Section& in, std::string_view key, std::string_view hex_key, std::size_t most, Read read) {
  const std::optional<Value> plain = in.find(key), digits = in.find(hex_key);
  if (plain && digits) digits->fail(cat(key, " and ", hex_key, " cannot be combined"));
  if (!plain && !digits) in.fail(cat(key, " is missing"), cat("give it as ", key, " or ", hex_key));
  Bytes out = plain ? read(*plain) : digits->hex();
  if (out.empty() || out.size() > most) (plain ? *plain : *digits).fail(cat(out.size(), " bytes do not fit"), cat("1 to ", most, " bytes"));
  return out;
}

DevicePsk psk_of(const Value& value, const ProfileFiles& files) {
  const Section in(value, {"hint", "hint-hex", "key", "key-hex"});
  DevicePsk out;
  out.hint = one_of(in, "hint", "hint-hex", kMaxHint, [](const Value& text) { return to_bytes(as_bytes(text.text())); });
  Bytes key = one_of(in, "key", "key-hex", kMaxPsk, [&](const Value& name) { return files.read(name); });
  out.key = std::make_shared<const SecretBytes>(SecretBytes::take(std::move(key)));
  return out;
}

void requester(const Section& in, const ProfileFiles& files, DeviceSessions& out) {
  in.with("mutual-authentication", [&](const Value& value) { out.mutual_auth = value.word(kMutualAuths); });
  in.with("basic-mutual-authentication", [&](const Value& value) { out.basic_mutual_auth = value.boolean(); });
  in.with("requester-asym", [&](const Value& list) {
    for (const Value& value : list.list()) out.requester_asym.push_back(asym_of(value));
  });
  in.with("requester-slot", [&](const Value& value) { out.requester_slot = static_cast<std::uint8_t>(value.number(0, kSlots - 1)); });
  in.with("requester-chain", [&](const Value& value) { out.requester_chain = files.certificates(value); });
  in.with("requester-key", [&](const Value& value) { out.requester_key = files.public_key(value); });
  in.with("requester-root", [&](const Value& value) { out.requester_root = files.certificates(value).front(); });
  const bool is_known = !out.requester_chain.empty() || !out.requester_key.empty();
  if (out.mutual_auth == MutualAuth::optimized && !is_known)
    in.fail("mutual-authentication: optimized asks the requester for nothing", "give requester-chain, or requester-key, or take another");
}

}  // namespace

std::optional<DeviceSessions> read_sessions(const Value& value, const ProfileFiles& files) {
  DeviceSessions out;
  if (value.node().IsScalar()) return value.boolean() ? std::optional(out) : std::nullopt;
  const Section in(value, {"key-exchange", "aead", "secured-versions", "psk", "psk-context", "encrypt", "handshake-in-the-clear",
                           "heartbeat-period", "key-update", "required", "events", "mutual-authentication", "basic-mutual-authentication",
                           "requester-asym", "requester-slot", "requester-chain", "requester-key", "requester-root"});
  in.with("key-exchange", [&](const Value& list) {
    for (const Value& one : list.list()) out.key_exchange.push_back(key_exchange_of(one));
    out.by_key_exchange = !out.key_exchange.empty();
  });
  in.with("aead", [&](const Value& list) {
    for (const Value& one : list.list()) out.aead.push_back(aead_of(one));
  });
  in.with("secured-versions", [&](const Value& list) {
    out.secured_versions.clear();
    for (const Value& one : list.list()) out.secured_versions.push_back(secured_version_of(one));
    if (out.secured_versions.empty()) list.fail("names no version");
  });
  in.with("psk", [&](const Value& list) {
    for (const Value& one : list.list()) out.psk.push_back(psk_of(one, files));
  });
  in.with("psk-context", [&](const Value& one) { out.psk_context = one.boolean(); });
  in.with("encrypt", [&](const Value& one) { out.encrypt = one.boolean(); });
  in.with("handshake-in-the-clear", [&](const Value& one) { out.handshake_in_the_clear = one.boolean(); });
  in.with("heartbeat-period", [&](const Value& one) { out.heartbeat_period = static_cast<std::uint8_t>(one.number(0, 255)); });
  in.with("key-update", [&](const Value& one) { out.key_updates = one.word(kKeyUpdates); });
  in.with("required", [&](const Value& one) { out.required = one.boolean(); });
  in.with("events", [&](const Value& one) { out.events = read_events(one, files); });
  requester(in, files, out);
  if (!out.by_key_exchange && out.psk.empty()) in.fail("no session is possible", "give key-exchange or psk");
  return out;
}

}  // namespace spdm::transport
