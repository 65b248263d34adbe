#include "core/responder/session_profile.h"

#include <algorithm>
#include <span>

#include "core/crypto/aead.h"
#include "core/crypto/key_agreement.h"
#include "core/wire/capabilities.h"

namespace spdm {

namespace {

// `listed`, or where nothing is: the rows of the table, `first` before the others.
template <class Row>
std::vector<const Row*> usable(std::vector<const Row*> listed, std::span<const Row> table, const Row* first, std::uint8_t version) {
  if (listed.empty()) {
    for (const Row& row : table) listed.push_back(&row);
    std::stable_partition(listed.begin(), listed.end(), [&](const Row* row) { return row == first; });
  }
  std::erase_if(listed, [&](const Row* row) { return row->since > version || !crypto::supports(*row); });
  return listed;
}

}  // namespace

std::vector<const KeyExchangeAlgorithm*> DeviceSessions::usable_key_exchange(std::uint8_t version) const {
  return usable(key_exchange, key_exchange_algorithms(), find_key_exchange("secp384r1"), version);
}

std::vector<const AeadAlgorithm*> DeviceSessions::usable_aead(std::uint8_t version) const {
  return usable(aead, aead_algorithms(), find_aead("AES-256-GCM"), version);
}

std::vector<const AsymAlgorithm*> DeviceSessions::usable_requester_asym(std::uint8_t version) const {
  return usable(requester_asym, asym_algorithms(), find_asym("ECDSA-P384"), version);
}

std::uint32_t DeviceSessions::flags(std::uint8_t version, bool signs) const {
  if (version < k11) return 0;
  std::uint32_t out = 0;
  if (by_key_exchange && signs && !usable_key_exchange(version).empty()) out |= cap::key_ex;
  if (!psk.empty()) out |= psk_context ? cap::psk_with_context : cap::psk;
  if (out == 0 || usable_aead(version).empty()) return 0;
  out |= cap::mac;
  if (encrypt) out |= cap::encrypt;
  if (heartbeat_period != 0) out |= cap::hbeat;
  if (key_updates != KeyUpdates::none) out |= cap::key_upd;
  if (handshake_in_the_clear && (out & cap::key_ex) != 0) out |= cap::handshake_in_the_clear;
  const bool asks = mutual_auth == MutualAuth::encapsulated || mutual_auth == MutualAuth::digests || basic_mutual_auth;
  if (authenticates() && signs) out |= cap::mut_auth;
  // DSP0274 1.1: MUT_AUTH_CAP comes with ENCAP_CAP, whatever the device asks.
  if (events && version >= k13) out |= cap::event | cap::encap;
  if (asks || key_updates == KeyUpdates::both || (version == k11 && (out & cap::mut_auth) != 0)) out |= cap::encap;
  return out;
}

}  // namespace spdm
