#include "cmd/output/session_text.h"

#include "core/text.h"

namespace spdm::cmd {

std::string session_text(const SessionReport& session) {
  std::string out =
      cat("0x", hex(session.id, 8), session.kind == SessionKind::psk ? " by PSK" : cat(" by key exchange, slot ", session.slot));
  if (!session.key_exchange.empty()) out += cat(", ", session.key_exchange);
  if (!session.aead.empty()) out += cat(", ", session.aead, session.encrypted ? "" : " (MAC only)");
  if (!session.secured_version.empty()) out += cat(", secured messages ", session.secured_version);
  if (session.handshake_in_the_clear) out += ", handshake in the clear";
  if (session.requester_slot) out += cat(", with our slot ", *session.requester_slot, " (", session.requester_asym, ")");
  if (session.heartbeat_period != 0) out += cat(", heartbeat period ", session.heartbeat_period, " s");
  if (session.heartbeats != 0) out += cat(", ", session.heartbeats, session.heartbeats == 1 ? " heartbeat" : " heartbeats");
  if (session.key_updates != 0) out += cat(", ", session.key_updates, session.key_updates == 1 ? " update" : " updates", " of keys");
  if (!session.is_established()) return out + "; not finished";
  out += cat("; ", session.requests, session.requests == 1 ? " request inside" : " requests inside");
  if (session.proven) out += ", proven by its records";
  return session.state == SessionState::ended ? out : out + ", not ended";
}

std::string session_abilities(const Parameters& parameters) {
  if (!parameters.opens_sessions()) return "none";
  const Capabilities& device = parameters.responder;
  const std::uint32_t psk = device.flags & cap::psk_mask;
  std::string how, what;
  const auto add = [](std::string& out, bool there, std::string_view words) {
    if (there) out += cat(out.empty() ? "" : ", ", words);
  };
  add(how, device.has(cap::key_ex), "by key exchange");
  add(how, psk != 0, psk == cap::psk ? "by PSK (without context)" : "by PSK");
  const bool both = device.has(cap::encrypt) && device.has(cap::mac);
  add(what, true, both ? "encrypted or MAC only" : device.has(cap::encrypt) ? "encrypted" : "MAC only");
  add(what, device.has(cap::mut_auth), "mutual authentication");
  add(what, device.has(cap::handshake_in_the_clear), "handshake in the clear");
  add(what, device.has(cap::hbeat), "heartbeat");
  add(what, device.has(cap::key_upd), "key update");
  return cat(how, "; ", what);
}

}  // namespace spdm::cmd
