#include "core/evidence/mctp_messages.h"

#include <algorithm>

#include "core/text.h"
#include "core/wire/mctp.h"

namespace spdm {

namespace {

// Both bindings leave the integrity check of MCTP alone: bit 7 of the type is zero (DSP0275, DSP0276).
constexpr std::uint8_t kIntegrityCheck = 0x80;

constexpr std::string_view kCaptureAgain = "capture again, with a larger buffer: tcpdump -B 8192";

std::string beginning(const MctpPacket& first) { return cat("the SPDM message that began with packet ", first.place.number); }

std::uint8_t after(std::uint8_t sequence) { return (sequence + 1) & 3; }

}  // namespace

bool is_mctp_spdm(std::uint8_t type) { return (type & ~kIntegrityCheck) == kMctpSpdm || (type & ~kIntegrityCheck) == kMctpSecuredSpdm; }

std::string advice_on_missing(const MctpPacket& first) {
  if (first.place.number == 1) return std::string(kCaptureAgain);
  return cat(kCaptureAgain, "; or take what was before: editcap -r -F pcap IN OUT 1-", first.place.number - 1);
}

MctpMessages::Key MctpMessages::key_of(const MctpPacket& packet) {
  return {packet.source, packet.destination, packet.tag, packet.owns_tag, packet.interface};
}

// DSP0236: a response has the tag of its request, and does not own it.
MctpMessages::Key MctpMessages::key_of_response(const MctpPacket& request) {
  return {request.destination, request.source, request.tag, false, request.interface};
}

std::optional<MctpMessage> MctpMessages::take(const MctpPacket& packet) {
  const Key key = key_of(packet);
  if (packet.begins) return begin(key, packet);
  const auto found = open_.find(key);
  if (found == open_.end()) {
    if (const auto request = awaited_.find(key); request != awaited_.end())
      packet.place.fail(cat("the first fragment of the SPDM message that answers packet ", request->second, " is missing"),
                        std::string(kCaptureAgain));
    return std::nullopt;  // the capture began in its middle, or it is of another type
  }
  Open& open = found->second;
  assert_continues(open, packet);
  append(open.bytes, packet.payload);
  bytes_ += packet.payload.size();
  open.next_sequence = after(packet.sequence);
  ++open.packets;
  if (!packet.ends) return std::nullopt;
  std::optional<MctpMessage> out = finish(packet, open.bytes);
  bytes_ -= open.bytes.size();
  open_.erase(found);
  return out;
}

std::optional<MctpMessage> MctpMessages::finish(const MctpPacket& last, View bytes) {
  if (last.owns_tag) awaited_[key_of_response(last)] = last.place.number;
  return MctpMessage{bytes[0] == kMctpSecuredSpdm, to_bytes(bytes.subspan(1))};
}

std::optional<MctpMessage> MctpMessages::begin(const Key& key, const MctpPacket& packet) {
  if (const auto old = open_.find(key); old != open_.end())
    packet.place.fail(cat("begins another message, and the end of ", beginning(old->second.first), " is missing"),
                      advice_on_missing(old->second.first));
  // Here is the response, or the tag is for something else now.
  awaited_.erase(packet.owns_tag ? key_of_response(packet) : key);
  if (packet.payload.empty()) return std::nullopt;  // it has no type
  const std::uint8_t type = packet.payload[0];
  if (!is_mctp_spdm(type)) return std::nullopt;
  if ((type & kIntegrityCheck) != 0) packet.place.fail("has the MCTP integrity check bit set, which SPDM does not use (DSP0275)");
  if (packet.ends) return finish(packet, packet.payload);
  if (packet.payload.size() > kMaxMctpMessage)
    packet.place.fail(cat("is a fragment of ", packet.payload.size(), " bytes, and a message has no more than ", kMaxMctpMessage));
  if (open_.size() == kMaxOpenMctpMessages)
    packet.place.fail(cat("begins one more than the ", kMaxOpenMctpMessages, " messages that are put together at the same time"));
  const auto open = open_.emplace(key, Open{packet, packet.payload.size(), after(packet.sequence), 1, to_bytes(packet.payload)}).first;
  open->second.first.payload = {};
  bytes_ += packet.payload.size();
  return std::nullopt;
}

void MctpMessages::assert_continues(const Open& open, const MctpPacket& packet) {
  if (packet.sequence != open.next_sequence)
    packet.place.fail(cat("fragment ", open.packets + 1, " of ", beginning(open.first), " is missing: sequence number ",
                          unsigned{open.next_sequence}, " is next, and this one has ", unsigned{packet.sequence}),
                      advice_on_missing(open.first));
  // DSP0236 "transmission unit": all packets of a message but the last carry the same size, and the last has no more.
  const std::size_t unit = open.unit, size = packet.payload.size();
  if (packet.ends ? size > unit : size != unit)
    packet.place.fail(cat("is a fragment of ", size, " bytes, and the first of ", beginning(open.first), " has ", unit));
  if (size > kMaxMctpMessage - open.bytes.size())
    packet.place.fail(cat(beginning(open.first), " has more than ", kMaxMctpMessage, " bytes"));
}

void MctpMessages::forget(const MctpPair& pair) {
  std::erase_if(open_, [&](const auto& entry) {
    if (pair_of(entry.second.first) != pair) return false;
    bytes_ -= entry.second.bytes.size();
    return true;
  });
}

std::vector<MctpPacket> MctpMessages::open() const {
  std::vector<MctpPacket> out;
  for (const auto& [key, open] : open_) out.push_back(open.first);
  std::sort(out.begin(), out.end(), [](const MctpPacket& a, const MctpPacket& b) { return a.place.number < b.place.number; });
  return out;
}

}  // namespace spdm
