// The requester's end of an emulated drive: the two commands of a drive over the emulator's socket, where otherwise QEMU asks.
#pragma once

#include <memory>
#include <string_view>

#include "transport/socket/socket.h"
#include "transport/storage/security_commands.h"

namespace spdm::transport {

inline constexpr std::string_view kEmulatedDrive = "emulated";  // DriveView::transport

// The first command connects. Commands throw Error: as Dial and Stream do; peer when the framing is wrong.
std::unique_ptr<SecurityCommands> emu_drive(Dial dial);
std::unique_ptr<SecurityCommands> emu_drive(Stream stream);

}  // namespace spdm::transport
