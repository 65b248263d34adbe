#include "transport/socket/emu_drive.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"
#include "core/text.h"
#include "transport/socket/emu.h"
#include "transport/socket/storage_frames.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kFrame = "emulator frame of a drive";
// A command that has begun may take so long, whatever time is left: given up in the middle it ends the connection, and with it goes what
// the drive has to say.
constexpr auto kLeast = std::chrono::milliseconds(250);

class EmuDrive final : public SecurityCommands {
 public:
  explicit EmuDrive(Dial dial) : dial_(std::move(dial)) {}
  explicit EmuDrive(Stream stream) : stream_(std::move(stream)) {}

  Completion send(std::uint8_t protocol, std::uint16_t specific, View data, Clock::time_point deadline) override;
  Completion receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, Clock::time_point deadline) override;

 private:
  // Returns what the drive makes of the command; its data is still to come.
  Completion ask(Command command, View payload, Clock::time_point deadline);
  Bytes read(Command expected, Clock::time_point deadline);

  std::optional<Dial> dial_;      // until it is connected
  std::optional<Stream> stream_;  // from then on
  bool in_step_ = true;
};

Bytes EmuDrive::read(Command expected, Clock::time_point deadline) {
  Frame frame = read_frame(*stream_, Binding::storage, deadline);
  if (frame.command == Command::unknown)
    malformed(kFrame, "command", "the peer is not a drive: it does not know the command that was sent");
  if (frame.command != expected) {
    const auto number = [](Command command) { return cat("0x", hex(static_cast<std::uint32_t>(command), 4)); };
    malformed(kFrame, "command", cat(number(frame.command), ", expected ", number(expected)));
  }
  return std::move(frame.payload);
}

Completion EmuDrive::ask(Command command, View payload, Clock::time_point deadline) {
  // After a failed command the late answer must not be taken for the answer to a new one.
  if (!std::exchange(in_step_, false)) throw Error(ErrorId::io, "the connection was given up after an earlier error");
  if (dial_) stream_ = std::exchange(dial_, std::nullopt)->connect(deadline);
  deadline = std::max(deadline, Clock::now() + kLeast);
  stream_->write(encode_frame(Binding::storage, command, payload), deadline);
  const std::uint16_t status = parse_storage_status(read(Command::status, deadline));
  if (status == kNvmeGood) return {};
  return {.refusal = cat("NVMe status 0x", hex(status, 4), status == kNvmeInvalidField ? " (Invalid Field in Command)" : "")};
}

Completion EmuDrive::send(std::uint8_t protocol, std::uint16_t specific, View data, Clock::time_point deadline) {
  Bytes payload = encode_storage_header({protocol, specific, static_cast<std::uint32_t>(data.size())});
  append(payload, data);
  Completion out = ask(Command::send, payload, deadline);
  in_step_ = true;
  return out;
}

Completion EmuDrive::receive(std::uint8_t protocol, std::uint16_t specific, std::size_t allocation, Clock::time_point deadline) {
  Completion out = ask(Command::receive, encode_storage_header({protocol, specific, static_cast<std::uint32_t>(allocation)}), deadline);
  if (out.is_good()) {
    out.data = read(Command::receive, std::max(deadline, Clock::now() + kLeast));
    if (out.data.size() > allocation) malformed(kFrame, "data", cat(out.data.size(), " bytes, ", allocation, " were allocated"));
    out.data.resize(allocation);
  }
  in_step_ = true;
  return out;
}

}  // namespace

std::unique_ptr<SecurityCommands> emu_drive(Dial dial) { return std::make_unique<EmuDrive>(std::move(dial)); }
std::unique_ptr<SecurityCommands> emu_drive(Stream stream) { return std::make_unique<EmuDrive>(std::move(stream)); }

}  // namespace spdm::transport
