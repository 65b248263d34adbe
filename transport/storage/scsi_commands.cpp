#include "transport/storage/scsi_commands.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

// SPC-6.
constexpr std::uint8_t kRequestSense = 0x03, kSecurityIn = 0xA2, kSecurityOut = 0xB5;
constexpr std::uint8_t kLowPower = 0x5E;  // ADDITIONAL SENSE CODE "low power condition on", and how it came there

// SAT-5 "ATA PASS-THROUGH (16) command": protocol 3 (no data) in byte 1, CK_COND (show the registers) in byte 2, the ATA command in
// byte 14; and ACS-5 "CHECK POWER MODE".
constexpr std::array<std::uint8_t, 16> kCheckPowerMode{0x85, 3 << 1, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xE5, 0};
// Its answers: PM2:Standby, "Standby_y", and those with which the medium stands still while a cache works.
constexpr std::array<std::uint8_t, 3> kStandby{0x00, 0x01, 0x40};

// ATA moves blocks, and the kernel's translation (SAT-5) takes them out of the buffer by their number, which it rounds up: the buffer has
// to have all of the last one. SCSI devices take as many bytes as the command says.
constexpr std::size_t kBlock = 512;
// The kernel's translation takes no more.
constexpr std::size_t kMost = 0x01FF'FE00;

std::size_t in_blocks(std::size_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

// SPC-6 "SECURITY PROTOCOL IN command". INC_512 is zero, the length is one of bytes: SPC has it in bit 7 of byte 4, and the kernel's
// translation looks for it in bits 2:0, so that only zero means the same to both.
std::array<std::uint8_t, 12> command_of(std::uint8_t operation, std::uint8_t protocol, std::uint16_t specific, std::size_t length) {
  const auto byte = [](std::size_t value, unsigned shift) { return static_cast<std::uint8_t>(value >> shift); };
  return {operation,        protocol,         byte(specific, 8), byte(specific, 0), 0, 0,
          byte(length, 24), byte(length, 16), byte(length, 8),   byte(length, 0),   0, 0};
}

class ScsiCommands final : public SecurityCommands {
 public:
  ScsiCommands(Descriptor fd, std::string name, SgVersion version, Ioctl ioctl)
      : fd_(std::move(fd)), device_{{fd_.get(), std::move(name), kScsiCapability}, version, std::move(ioctl)} {}

  Completion send(std::uint8_t protocol, std::uint16_t specific, View data, Clock::time_point deadline) override;
  Completion receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, Clock::time_point deadline) override;

 private:
  void require_size(std::size_t size) const {
    if (size > kMost) throw Error(ErrorId::internal, cat(device_.place.name, ": ", size, " bytes, more than a command has"));
  }

  Descriptor fd_;
  ScsiDevice device_;
};

// The command has the length of the message: DSP0286 sends the message and nothing else, and a SCSI device takes just that. An ATA
// device gets whole blocks, because the translation rounds up: what follows the message there is the zeros of the buffer.
Completion ScsiCommands::send(std::uint8_t protocol, std::uint16_t specific, View data, Clock::time_point deadline) {
  require_size(data.size());
  Bytes padded(data.begin(), data.end());
  padded.resize(in_blocks(data.size()), 0);
  const ScsiAnswer answer = execute(device_, command_of(kSecurityOut, protocol, specific, data.size()),
                                    data.empty() ? Direction::none : Direction::to_device, padded, deadline);
  if (answer.is_good() && answer.moved < data.size())
    throw Error(ErrorId::io, cat(device_.place.name, ": only ", answer.moved, " of ", data.size(), " bytes were sent"));
  return {answer.refusal(), {}};
}

// Whole blocks also in the command: a device that fills the last block of an ATA transfer has room for it.
Completion ScsiCommands::receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, Clock::time_point deadline) {
  require_size(allocation);
  Bytes data(in_blocks(allocation), 0);
  const ScsiAnswer answer = execute(device_, command_of(kSecurityIn, protocol, specific, data.size()),
                                    data.empty() ? Direction::none : Direction::from_device, data, deadline);
  data.resize(allocation);
  return {answer.refusal(), std::move(data)};
}

}  // namespace

std::unique_ptr<SecurityCommands> scsi_commands(Descriptor fd, std::string name, SgVersion version, Ioctl ioctl) {
  return std::make_unique<ScsiCommands>(std::move(fd), std::move(name), version, std::move(ioctl));
}

bool is_in_standby(const ScsiDevice& device, Clock::time_point deadline) {
  std::array<std::uint8_t, 252> data{};
  const std::array<std::uint8_t, 6> request_sense{kRequestSense, 0, 0, 0, data.size(), 0};
  const ScsiAnswer answer = execute(device, request_sense, Direction::from_device, data, deadline);
  if (answer.is_good())
    if (const std::optional<Sense> state = parse_sense(View(data).first(answer.moved)); state && state->code == kLowPower) return true;
  const ScsiAnswer power = execute(device, kCheckPowerMode, Direction::none, {}, deadline);
  // Without an error, the registers come with "recovered error", or with no sense key at all.
  if (!power.sense || power.sense->key > Sense::kRecovered || !power.sense->ata_count) return false;
  return std::find(kStandby.begin(), kStandby.end(), *power.sense->ata_count) != kStandby.end();
}

}  // namespace spdm::transport
