#include "core/evidence/cooked_mctp.h"

#include <utility>

#include "core/error.h"
#include "core/evidence/mctp_messages.h"
#include "core/text.h"

namespace spdm {

void CookedMctp::add(const MctpPacket& packet, bool is_outgoing) {
  if (is_outgoing) ways_out_.insert(way_of(packet));
  if (ways_out_.size() + ways_in_.size() > kMaxMctpWays)
    packet.place.fail(cat("exceeds the limit of ", kMaxMctpWays, " ways between endpoints of MCTP in one capture"));
  // Of what is no SPDM the type is enough.
  const bool is_other = packet.begins && !packet.payload.empty() && !is_mctp_spdm(packet.payload[0]);
  const View kept = packet.payload.first(is_other ? 1 : packet.payload.size());
  if (!decided_ && held_.resize(held_.size() + kept.size() + sizeof(Waiting))) {
    Waiting& out = waiting_.emplace_back(Waiting{packet, is_outgoing, to_bytes(kept)});
    out.packet.payload = {};
    return;
  }
  decide();
  pass_on(packet, is_outgoing);
}

void CookedMctp::decide() {
  decided_ = true;
  // The memory of each is given back before its message takes it.
  for (Waiting& one : std::exchange(waiting_, {})) {
    const Bytes payload = std::move(one.payload);
    held_.resize(held_.size() - payload.size() - sizeof(Waiting));
    one.packet.payload = payload;
    pass_on(one.packet, one.is_outgoing);
  }
}

void CookedMctp::pass_on(const MctpPacket& packet, bool is_outgoing) {
  const Way way = way_of(packet);
  if (!is_outgoing) {
    if (ways_out_.contains(way)) return;
    ways_in_.insert(way);
  } else if (ways_in_.contains(way)) {
    try {
      packet.place.fail("goes out where others of the same endpoints came in before, and the capture is too large to tell which are copies",
                        "take the packets of these endpoints into a capture of their own");
    } catch (const Error& error) {
      return mctp_.fail(packet, error);
    }
  }
  mctp_.add(packet);
}

}  // namespace spdm
