// What the program and the broker of drives (drive_broker.h) say to each other: datagrams, and which commands are let through. Both
// sides check all that they read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "core/bytes.h"
#include "core/error.h"
#include "transport/base/binding.h"
#include "transport/storage/drives.h"
#include "transport/storage/security_commands.h"

namespace spdm::cmd {

using transport::kMostTransferred;

// The longest datagram: a command's data, and what stands before it.
inline constexpr std::size_t kMostDatagram = kMostTransferred + 1024;

// One command to a drive.
struct DriveCommand {
  bool sends = false;
  std::uint8_t protocol = 0;
  std::uint16_t specific = 0;
  std::size_t allocation = 0;  // of one that receives
  Bytes data{};                // of one that sends
};

// Whether a drive may be sent this: the list of its protocols, and what DSP0286 has of SPDM on connection 0. All else could change
// the drive. `size`: bytes that are sent, or may be received.
bool is_allowed(bool sends, std::uint8_t protocol, std::uint16_t specific, std::size_t size);

Bytes encode(const DriveCommand& command);
// Throws Error: peer for a datagram that is none, permission for a command that is not allowed.
DriveCommand decode_command(View datagram);

// What came of it. A refusal of the drive is cut where it is long.
Bytes encode(const transport::Completion& completion);
// The same for what could not be done: which error, its message and hint, cut where they are long.
Bytes encode(const Error& error);
// That something was done which has no result.
Bytes encode_done();
// Throws the Error that is in the answer, escaped; Error{peer} for an answer that is none.
transport::Completion decode_completion(View datagram);
void decode_done(View datagram);

// A drive that is to be opened.
struct DriveRequest {
  transport::DriveKind kind{};
  bool gently = false;
  std::string node;
};
// Whether the broker opens a node: /dev/nvmeN, /dev/sgN, /dev/sdX or /dev/bsg/H:C:T:L below the root, written so, and of this kind.
bool is_drive_node(transport::DriveKind kind, std::string_view node, const std::filesystem::path& root);
Bytes encode(const DriveRequest& request);
// Throws Error{peer} for a datagram that is none.
DriveRequest decode_request(View datagram);

}  // namespace spdm::cmd
