// How each binding packs one SPDM message: the same code for both ends of a link.
#pragma once

#include <cstdint>

#include "core/protocol/link.h"

namespace spdm::transport {

// A message out of its packing. With Binding::doe up to three bytes of padding are still behind it.
struct Unwrapped {
  bool secured;  // a secured message (DSP0277); with Binding::none nothing says so, it is always false
  Bytes message;
};

Bytes wrap(Binding binding, View message, bool secured = false);
// Throws Error{peer} naming the field that is wrong; a message of no bytes is wrong, too.
Unwrapped unwrap(Binding binding, View packed);

// The largest message that wrap() can pack.
std::size_t max_message(Binding binding);

// PCI DOE data objects (PCIe r6.x 6.30.1). The vendor is always PCI-SIG here; other vendors' objects are not for us.
inline constexpr std::uint16_t kDoeVendorPciSig = 0x0001;
inline constexpr std::uint8_t kDoeDiscovery = 0;
inline constexpr std::uint8_t kDoeSpdm = 1;
inline constexpr std::uint8_t kDoeSecuredSpdm = 2;
inline constexpr std::size_t kDoeHeader = 8;
inline constexpr std::size_t kDoeMaxObject = std::size_t{4} << 18;  // the length field counts up to 2^18 dwords

struct DoeHeader {
  std::uint16_t vendor;
  std::uint8_t type;
  std::size_t size;  // bytes of the whole object, header included: 8 to kDoeMaxObject
};

// Reads the first eight bytes; throws Error{peer} for reserved bits and for an object shorter than its header.
DoeHeader parse_doe_header(View header);
// Payload is padded to dwords with zeros.
Bytes doe_object(std::uint8_t type, View payload);

// DataTransferSize that both QEMU (4608 bytes a DOE object, 8 of them header) and the DMTF emulator (4608) can serve.
inline constexpr std::size_t kEmuMaxReceive = 4600;

// DSP0287: four bytes before each message.
inline constexpr std::uint8_t kTcpSpdm = 0x05;
inline constexpr std::uint8_t kTcpSecuredSpdm = 0x06;
inline constexpr std::uint8_t kTcpRoleInquiry = 0xBF;
inline constexpr std::size_t kTcpHeader = 4;

struct TcpHeader {
  std::uint8_t type;
  std::size_t payload;  // bytes that follow the header
};

// Throws Error: peer for another version, a type that does not exist and a length that cannot be; what the error
// messages of the binding (0xC0 to 0xFF) and a role inquiry mean to a requester otherwise.
TcpHeader parse_tcp_header(View header);

}  // namespace spdm::transport
