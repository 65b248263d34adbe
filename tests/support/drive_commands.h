// The two commands of an emulated drive in the process, counted.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "transport/emulated/drive.h"
#include "transport/storage/security_commands.h"

namespace support {

// What was asked, in order; it outlives the link that asks.
struct DriveLog {
  struct Command {
    bool sends = false;
    std::uint16_t specific = 0;
    std::size_t size = 0;  // of the data, or allocated
    bool is_good = true;
  };
  std::vector<Command> commands;
};

class DriveCommands final : public spdm::transport::SecurityCommands {
 public:
  DriveCommands(std::shared_ptr<spdm::transport::EmulatedDrive> drive, std::shared_ptr<DriveLog> log)
      : drive_(std::move(drive)), log_(std::move(log)) {}

  spdm::transport::Completion send(std::uint8_t protocol, std::uint16_t specific, spdm::View data, spdm::Clock::time_point) override {
    return complete(true, specific, data.size(), drive_->send(protocol, specific, data));
  }
  spdm::transport::Completion receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation,
                                      spdm::Clock::time_point) override {
    spdm::transport::Completion out = complete(false, specific, allocation, drive_->receive(protocol, specific, allocation));
    out.data.resize(allocation);
    return out;
  }

 private:
  spdm::transport::Completion complete(bool sends, std::uint16_t specific, std::size_t size, spdm::transport::DriveReply reply) {
    if (reply.closes) throw spdm::Error(spdm::ErrorId::no_device, "the drive was removed");
    log_->commands.push_back({sends, specific, size, reply.status == 0});
    return {.refusal = reply.status == 0 ? "" : spdm::cat("status 0x", spdm::hex(reply.status, 4)), .data = std::move(reply.data)};
  }

  std::shared_ptr<spdm::transport::EmulatedDrive> drive_;
  std::shared_ptr<DriveLog> log_;
};

}  // namespace support
