// An emulated device that tells of events, and the way to it: the device lives on when the way is closed.
#pragma once

#include <memory>
#include <utility>

#include "core/protocol/link.h"
#include "core/responder/responder.h"
#include "core/wire/version.h"
#include "support/pki.h"

namespace support {

inline spdm::Bytes text(std::string_view value) { return {value.begin(), value.end()}; }

// Two measurements, sessions, and the events given.
inline spdm::DeviceProfile event_profile(std::vector<spdm::DeviceEvent> happen = {}) {
  using namespace spdm;
  DeviceProfile out;
  DeviceSlot slot;
  slot.key = pki::sample().leaf.key.private_key();
  slot.certificates = pki::sample().all();
  slot.key_usage |= key_usage::key_ex;
  out.slots.push_back(std::move(slot));
  out.measurements = {{1, MeasurementType::immutable_rom, false, text("boot rom"), {}, {}},
                      {2, MeasurementType::mutable_firmware, false, text("firmware"), {}, {}}};
  out.sessions.emplace();
  out.sessions->events = DeviceEvents{.types = {}, .happen = std::move(happen)};
  return out;
}

inline spdm::DeviceEvent firmware_changes(std::uint32_t after = 0) {
  return {.after = after, .type = spdm::EventType::measurement_changed, .places = {2}, .value = text("firmware 2")};
}

class EventDevice {
 public:
  explicit EventDevice(spdm::DeviceProfile profile) : responder_(std::make_shared<const spdm::DeviceProfile>(std::move(profile))) {}

  // The device must outlive it.
  std::unique_ptr<spdm::Link> way() { return std::make_unique<Way>(responder_); }
  // Somebody else speaks with it: every session ends.
  void restart() { responder_.respond(spdm::GetVersion{}.encode()); }

 private:
  class Way final : public spdm::Link {
   public:
    explicit Way(spdm::Responder& responder) : responder_(responder) {}
    spdm::Bytes exchange(spdm::View request, spdm::Clock::time_point) override { return responder_.respond(request).bytes; }
    spdm::SecuredReply exchange_secured(spdm::View record, spdm::Clock::time_point) override {
      spdm::Reply reply = responder_.respond_secured(record);
      return {reply.secured, std::move(reply.bytes)};
    }
    bool carries_sessions() const override { return true; }
    spdm::Binding binding() const override { return spdm::Binding::none; }
    std::size_t max_receive() const override { return 4600; }

   private:
    spdm::Responder& responder_;
  };

  spdm::Responder responder_;
};

}  // namespace support
