#include "core/evidence/mctp_capture.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

MctpCapture::Device& MctpCapture::device(const MctpPair& pair, const PacketPlace& place) {
  if (const auto known = places_.find(pair); known != places_.end()) return devices_[known->second];
  if (devices_.size() == kMaxDevicesOfDocument) place.fail(cat("exceeds the limit of ", kMaxDevicesOfDocument, " devices in one capture"));
  places_.emplace(pair, devices_.size());
  Device& out = devices_.emplace_back(hold_);
  out.pair = pair;
  out.evidence.binding = Binding::mctp;
  out.evidence.time = time_of(place);
  if (!pair.is_unknown()) out.evidence.host.mctp = MctpView{.network = std::nullopt, .eid = pair.responder, .interface = ""};
  return out;
}

void MctpCapture::fail(const MctpPair& pair, const PacketPlace& place, const Error& error) {
  Device& failed = device(pair, place);
  if (!failed.error) failed.error = error;
  failed.log.clear();
  messages_.forget(pair);
}

void MctpCapture::add(const MctpPacket& packet) {
  const MctpPair pair = pair_of(packet);
  if (const auto known = places_.find(pair); known != places_.end() && devices_[known->second].error) return;
  try {
    std::optional<MctpMessage> message = messages_.take(packet);
    if (!open_.resize(messages_.memory())) packet.place.fail("is one too many of the packets of messages that have not ended");
    if (!message) return;
    if (message->bytes.empty()) packet.place.fail("no message follows its header");
    hear(pair, *std::move(message), packet);
  } catch (const Error& error) {
    fail(pair, packet.place, error);
  }
}

void MctpCapture::hear(const MctpPair& pair, MctpMessage message, const MctpPacket& packet) {
  CaptureLog& log = device(pair, packet.place).log;
  // Whoever writes null endpoints leaves the owner of the tag alone, too.
  const bool asks = pair.is_unknown() ? sent_by_requester(message.bytes, message.secured, log.messages()) : packet.owns_tag;
  log.add({asks, message.secured, std::move(message.bytes), 0, packet.place.time}, packet.place);
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
  for (Device& device : devices_) {
    device.evidence.log = device.log.take();
    out.push_back({.label = label(device.pair), .evidence = std::move(device.evidence), .error = std::move(device.error)});
  }
  return out;
}

}  // namespace spdm
