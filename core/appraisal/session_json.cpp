#include "core/appraisal/session_json.h"

#include <nlohmann/json.hpp>

#include "core/text.h"

namespace spdm {

std::string session_id_text(std::uint32_t id) { return cat("0x", hex(id, 8)); }

Json session_abilities_json(const Parameters& parameters) {
  const Capabilities& device = parameters.responder;
  const std::uint32_t psk = device.flags & cap::psk_mask;
  return {{"key_exchange", device.has(cap::key_ex)},
          {"psk", psk == 0          ? "none"
                  : psk == cap::psk ? "without-context"
                                    : "with-context"},
          {"encryption", device.has(cap::encrypt)},
          {"mac", device.has(cap::mac)},
          {"mutual_authentication", device.has(cap::mut_auth)},
          {"handshake_in_the_clear", device.has(cap::handshake_in_the_clear)},
          {"heartbeat", device.has(cap::hbeat)},
          {"key_update", device.has(cap::key_upd)}};
}

Json to_json(const SessionReport& in) {
  Json out{{"id", session_id_text(in.id)}, {"kind", name(in.kind)}, {"state", name(in.state)}};
  if (in.kind == SessionKind::key_exchange) out["slot"] = in.slot;
  if (!in.key_exchange.empty()) out["key_exchange"] = in.key_exchange;
  if (!in.aead.empty()) out["aead"] = in.aead;
  out["encrypted"] = in.encrypted;
  out["handshake_in_the_clear"] = in.handshake_in_the_clear;
  if (!in.secured_version.empty()) out["secured_version"] = in.secured_version;
  out["mutual_authentication"] = name(in.mutual_auth);
  if (in.requester_slot) out["requester"] = Json{{"slot", *in.requester_slot}, {"asym", in.requester_asym}};
  out["heartbeat_period"] = in.heartbeat_period;
  out["heartbeats"] = in.heartbeats;
  out["key_updates"] = in.key_updates;
  out["requests"] = in.requests;
  if (in.proven) out["proven"] = true;
  return out;
}

}  // namespace spdm
