// What the frames of the emulator's socket (emu.h) hold with Binding::storage: a command to a drive, as QEMU passes it on.
//   asked: Command::send with a header and the data, or Command::receive with a header
//   answered: Command::status with the status; after one that is good, to Command::receive, Command::receive with the data
#pragma once

#include <cstdint>

#include "core/bytes.h"

namespace spdm::transport {

// Little-endian, without gaps: protocol, what is specific to it, length.
inline constexpr std::size_t kStorageHeader = 7;

struct StorageHeader {
  std::uint8_t protocol = 0;   // SECP
  std::uint16_t specific = 0;  // SPSP, SPSP0 in its low byte
  std::uint32_t length = 0;    // of the data that is sent, or as much as may be received

  bool operator==(const StorageHeader&) const = default;
};

Bytes encode_storage_header(const StorageHeader& header);
// `payload` of Command::send or Command::receive; the data stands behind the header. Throws Error{peer} when it is cut.
StorageHeader parse_storage_header(View payload);

// Status fields of NVMe (NVM Express Base Specification "Status Codes"), as the kernel shows them, too.
inline constexpr std::uint16_t kNvmeGood = 0x0000;
inline constexpr std::uint16_t kNvmeInvalidField = 0x4002;  // Invalid Field in Command, and to ask again is in vain

// Big-endian.
Bytes encode_storage_status(std::uint16_t status);
// Throws Error{peer} for another size.
std::uint16_t parse_storage_status(View payload);

}  // namespace spdm::transport
