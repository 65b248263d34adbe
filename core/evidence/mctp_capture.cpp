#include "core/evidence/mctp_capture.h"

#include <algorithm>

#include "core/error.h"
#include "core/evidence/capture_devices.h"
#include "core/text.h"

namespace spdm {

MctpCapture::Device& MctpCapture::device(const MctpPair& pair, const PacketPlace& place) {
  const auto [entry, is_new] = places_.emplace(pair, devices_.size());
  if (!is_new) return devices_[entry->second];
  if (devices_.size() == kMaxDevicesOfDocument) place.fail(cat("exceeds the limit of ", kMaxDevicesOfDocument, " devices in one capture"));
  Device& out = devices_.emplace_back();
  out.pair = pair;
  out.evidence.binding = Binding::mctp;
  out.evidence.time = time_of(place);
  if (!pair.is_unknown()) out.evidence.host.mctp = MctpView{.network = std::nullopt, .eid = pair.responder, .interface = ""};
  return out;
}

void MctpCapture::fail(const MctpPair& pair, const PacketPlace& place, const Error& error) {
  Device& failed = device(pair, place);
  if (!failed.error) failed.error = error;
  failed.evidence.log.clear();
  messages_.forget(pair);
}

void MctpCapture::add(const MctpPacket& packet) {
  const MctpPair pair = pair_of(packet);
  if (const auto known = places_.find(pair); known != places_.end() && devices_[known->second].error) return;
  std::optional<MctpMessage> message;
  try {
    message = messages_.take(packet);
    if (message && message->bytes.empty()) packet.place.fail("no message follows its header");
  } catch (const Error& error) {
    return fail(pair, packet.place, error);
  }
  if (!message) return;
  if (const std::optional<std::string> why = intake_.refuses(message->bytes.size())) packet.place.fail(*why);
  MessageLog& log = device(pair, packet.place).evidence.log;
  // Whoever writes null endpoints leaves the owner of the tag alone, too.
  const bool asks = pair.is_unknown() ? sent_by_requester(message->bytes, message->secured, log) : packet.owns_tag;
  log.push_back({asks, message->secured, std::move(message->bytes), 0, packet.place.time});
}

// As much as it takes to tell the devices of this capture apart.
std::string MctpCapture::label(const MctpPair& pair) const {
  const auto any_other = [&](auto differs) {
    return std::any_of(devices_.begin(), devices_.end(),
                       [&](const Device& other) { return other.pair.responder == pair.responder && differs(other.pair); });
  };
  std::string out = cat("[mctp ", unsigned{pair.responder});
  if (any_other([&](const MctpPair& other) { return other.requester != pair.requester; }))
    out += cat(", requester ", unsigned{pair.requester});
  if (pair.interface && any_other([&](const MctpPair& other) { return other.interface != pair.interface; }))
    out += cat(", interface ", *pair.interface);
  return out + "]";
}

std::vector<EvidencePart> MctpCapture::finish() {
  for (const MctpPacket& first : messages_.open()) try {
      first.place.fail("begins an SPDM message whose last fragment is missing: the capture ends before it", advice_on_missing(first));
    } catch (const Error& error) {
      fail(pair_of(first), first.place, error);
    }
  std::vector<EvidencePart> out;
  for (Device& device : devices_)
    out.push_back({.label = label(device.pair), .evidence = std::move(device.evidence), .error = std::move(device.error)});
  return out;
}

}  // namespace spdm
