// SPDM over the security protocol commands of drives (DSP0286): how an exchange is named, and the binding's own data.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/word_table.h"

namespace spdm {

// Security protocols (SPC-6 "SECURITY PROTOCOL IN command").
inline constexpr std::uint8_t kProtocolList = 0x00;  // "security protocol information"
inline constexpr std::uint8_t kProtocolSpdm = 0xE8;

enum class StorageOperation : std::uint8_t { discovery = 1, pending_info = 2, message = 5, secured_message = 6 };
inline constexpr std::array kStorageOperations{
    Word{StorageOperation::discovery, "discovery"},
    Word{StorageOperation::pending_info, "pending-info"},
    Word{StorageOperation::message, "message"},
    Word{StorageOperation::secured_message, "secured-message"},
};

// The security protocol specific field: SPSP0 in its low byte, SPSP1, which is zero, in its high byte (DSP0286 "SPDM storage
// operations"). `connection` is 0 to 3.
inline constexpr std::uint16_t protocol_specific(StorageOperation operation, unsigned connection = 0) {
  return static_cast<std::uint16_t>(static_cast<unsigned>(operation) << 2 | (connection & 3U));
}

// Allocation lengths, in bytes. Some libraries of hosts do not ask for less than 32; the list of protocols has at most 256.
inline constexpr std::size_t kListAllocation = 512, kDiscoveryAllocation = 64, kPendingInfoAllocation = 64;

// The list of protocols: six reserved bytes, a length (big-endian), and one byte each. What follows is ignored. Throws Error{peer}.
std::vector<std::uint8_t> decode_protocol_list(View data);
Bytes encode_protocol_list(const std::vector<std::uint8_t>& protocols);

// DSP0286 does not say in which order numbers have their bytes, and implementations differ. Each of them is read, and told.
enum class ByteOrder : std::uint8_t { little, big };
inline constexpr std::array kByteOrders{Word{ByteOrder::little, "little-endian"}, Word{ByteOrder::big, "big-endian"}};
static_assert(is_sound(kByteOrders));
inline std::string_view name(ByteOrder order) { return row_of(kByteOrders, order).name; }

// The answer to StorageOperation::discovery, 32 bytes.
struct StorageDiscovery {
  std::uint16_t version = 0x1000;  // of the binding: major, minor, update, alpha, four bits each
  std::uint8_t connections = 1;    // 1 to 4
  std::uint8_t operations = 0;     // bit N: the operation N
  ByteOrder order = ByteOrder::little;

  bool has(StorageOperation operation) const { return (operations >> static_cast<unsigned>(operation) & 1U) != 0; }
  Bytes encode() const;
  // What follows is ignored. Throws Error{peer}: a length that is 32 in neither order, another major version, no operation message.
  static StorageDiscovery decode(View data);

  // "1.0"
  std::string version_text() const;

  bool operator==(const StorageDiscovery&) const = default;
};

// The answer to StorageOperation::pending_info, 12 bytes.
struct PendingInfo {
  bool waits = false;        // a response waits to be received
  std::uint32_t length = 0;  // its length in bytes

  Bytes encode(ByteOrder order) const;
  // In the order that discovery had. Throws Error{peer}: another length or version; a response that waits and has no length.
  static PendingInfo decode(View data, ByteOrder order);
};

}  // namespace spdm
