#include "core/evidence/capture_devices.h"

#include <algorithm>
#include <utility>

#include "core/calendar.h"
#include "core/text.h"

namespace spdm {

bool sent_by_requester(View message, bool secured, const MessageLog& before) {
  if (!secured && message.size() >= 2) return (message[1] & 0x80) != 0;
  return before.empty() || !before.back().from_requester;
}

std::string time_of(const PacketPlace& place) {
  return place.time ? utc_of(std::chrono::floor<std::chrono::seconds>(*place.time).count()) : std::string();
}

std::size_t CaptureDevices::add(std::string label, Binding binding, const PacketPlace& first) {
  if (parts_.size() == kMaxDevicesOfDocument) first.fail(cat("exceeds the limit of ", kMaxDevicesOfDocument, " devices in one capture"));
  EvidencePart& out = parts_.emplace_back();
  out.label = std::move(label);
  out.evidence.binding = binding;
  out.evidence.time = time_of(first);
  return parts_.size() - 1;
}

std::size_t CaptureDevices::find(const std::string& label, Binding binding, const PacketPlace& first) {
  const auto found = std::find_if(parts_.begin(), parts_.end(), [&](const EvidencePart& part) { return part.label == label; });
  return found != parts_.end() ? static_cast<std::size_t>(found - parts_.begin()) : add(label, binding, first);
}

void CaptureDevices::set_endpoint(std::size_t device, std::uint8_t endpoint) {
  parts_[device].evidence.host.mctp = MctpView{.network = std::nullopt, .eid = endpoint, .interface = ""};
}

void CaptureDevices::hear(std::size_t device, std::optional<bool> from_requester, bool secured, View message, const PacketPlace& place) {
  if (has_failed(device)) return;
  if (const std::optional<std::string> why = intake_.refuses(message.size())) place.fail(*why);
  MessageLog& log = parts_[device].evidence.log;
  const bool asks = from_requester ? *from_requester : sent_by_requester(message, secured, log);
  log.push_back({asks, secured, to_bytes(message), 0, place.time});
}

void CaptureDevices::fail(std::size_t device, const Error& error) {
  if (has_failed(device)) return;
  parts_[device].error = error;
  parts_[device].evidence.log.clear();
}

std::vector<EvidencePart> CaptureDevices::finish() {
  std::erase_if(parts_, [](const EvidencePart& part) { return !part.error && part.evidence.log.empty(); });
  return std::move(parts_);
}

}  // namespace spdm
