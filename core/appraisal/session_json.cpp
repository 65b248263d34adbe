#include "core/appraisal/session_json.h"

#include "core/appraisal/json_members.h"
#include "core/text.h"

namespace spdm {

using json::given;

std::string session_id_text(std::uint32_t id) { return cat("0x", hex(id, 8)); }

void write_session_abilities(JsonWriter& out, const Parameters& parameters) {
  const Capabilities& device = parameters.responder;
  const std::uint32_t psk = device.flags & cap::psk_mask;
  out.object([&] {
    out.member("key_exchange", device.has(cap::key_ex));
    out.member("psk", psk == 0 ? "none" : psk == cap::psk ? "without-context" : "with-context");
    out.member("encryption", device.has(cap::encrypt));
    out.member("mac", device.has(cap::mac));
    out.member("mutual_authentication", device.has(cap::mut_auth));
    out.member("handshake_in_the_clear", device.has(cap::handshake_in_the_clear));
    out.member("heartbeat", device.has(cap::hbeat));
    out.member("key_update", device.has(cap::key_upd));
  });
}

void write_json(JsonWriter& out, const SessionReport& in) {
  out.object([&] {
    out.member("id", session_id_text(in.id));
    out.member("kind", name(in.kind));
    out.member("state", name(in.state));
    if (in.kind == SessionKind::key_exchange) out.member("slot", in.slot);
    given(out, "key_exchange", in.key_exchange);
    given(out, "aead", in.aead);
    out.member("encrypted", in.encrypted);
    out.member("handshake_in_the_clear", in.handshake_in_the_clear);
    given(out, "secured_version", in.secured_version);
    out.member("mutual_authentication", name(in.mutual_auth));
    if (in.requester_slot)
      out.key("requester").object([&] {
        out.member("slot", *in.requester_slot);
        out.member("asym", in.requester_asym);
      });
    out.member("heartbeat_period", in.heartbeat_period);
    out.member("heartbeats", in.heartbeats);
    out.member("key_updates", in.key_updates);
    out.member("requests", in.requests);
    if (in.proven) out.member("proven", true);
  });
}

}  // namespace spdm
