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

void CaptureLog::add(Message message, const PacketPlace& place) {
  const std::size_t size = message.bytes.size();
  if (const std::optional<std::string> why = intake_.refuses(size)) place.fail(*why);
  if (!held_.resize(held_.size() + size + kMessageOverhead))
    place.fail(cat("is one message too many: the conversations of the capture that have not ended take more than ", kMaxCaptureHeld,
                   " bytes of memory"),
               "take some of the devices into a capture of their own");
  log_.push_back(std::move(message));
}

void CaptureLog::clear() {
  log_ = {};
  held_.resize(0);
}

MessageLog CaptureLog::take() {
  held_.resize(0);
  return std::move(log_);
}

std::size_t CaptureDevices::add(std::string label, Binding binding, const PacketPlace& first) {
  if (is_full()) first.fail(cat("exceeds the limit of ", kMaxDevicesOfDocument, " devices in one capture"));
  EvidencePart& out = devices_.emplace_hint(devices_.end(), next_, hold_)->second.part;
  out.label = std::move(label);
  out.evidence.binding = binding;
  out.evidence.time = time_of(first);
  return next_++;
}

std::size_t CaptureDevices::find(const std::string& label, Binding binding, const PacketPlace& first) {
  const auto found = std::find_if(devices_.begin(), devices_.end(), [&](const auto& entry) { return entry.second.part.label == label; });
  return found != devices_.end() ? found->first : add(label, binding, first);
}

void CaptureDevices::set_endpoint(std::size_t device, std::uint8_t endpoint) {
  devices_.at(device).part.evidence.host.mctp = MctpView{.network = std::nullopt, .eid = endpoint, .interface = ""};
}

void CaptureDevices::hear(std::size_t device, std::optional<bool> from_requester, bool secured, View message, const PacketPlace& place) {
  if (has_failed(device)) return;
  CaptureLog& log = devices_.at(device).log;
  const bool asks = from_requester ? *from_requester : sent_by_requester(message, secured, log.messages());
  try {
    log.add({asks, secured, to_bytes(message), 0, place.time}, place);
  } catch (const Error& error) {
    fail(device, error);
  }
}

void CaptureDevices::fail(std::size_t device, const Error& error) {
  if (has_failed(device)) return;
  Device& failed = devices_.at(device);
  failed.part.error = error;
  failed.log.clear();
}

std::optional<EvidencePart> CaptureDevices::take(std::size_t device) {
  auto entry = devices_.extract(device);
  if (entry.empty()) return std::nullopt;
  EvidencePart out = std::move(entry.mapped().part);
  out.evidence.log = entry.mapped().log.take();
  if (!out.error && out.evidence.log.empty()) return std::nullopt;
  return out;
}

std::vector<EvidencePart> CaptureDevices::finish() {
  std::vector<EvidencePart> out;
  while (!devices_.empty())
    if (std::optional<EvidencePart> part = take(devices_.begin()->first)) out.push_back(*std::move(part));
  return out;
}

}  // namespace spdm
