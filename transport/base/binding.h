// How each binding packs one SPDM message. Both ends of a link use the same code.
#pragma once

#include <cstdint>

#include "core/protocol/link.h"

namespace spdm::transport {

// A message out of its packing. With Binding::doe up to three bytes of padding are still behind it.
struct Unwrapped {
  bool secured;  // a secured message (DSP0277); always false with Binding::none, which cannot tell
  Bytes message;
};

Bytes wrap(Binding binding, View message, bool secured = false);
// Throws Error{peer} naming the field that is wrong, also for an empty message.
Unwrapped unwrap(Binding binding, View packed);

// What one command to a drive sends, or has room for, at most, in bytes.
inline constexpr std::size_t kMostTransferred = 64U << 10;

// The largest message, in bytes, that wrap() can pack; it throws Error{internal} for a larger one. Over storage it fits in one command.
std::size_t max_message(Binding binding);

// PCI DOE data objects (PCIe r6.x 6.30.1). Only objects of vendor PCI-SIG are built and read here.
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
// Builds a data object of vendor PCI-SIG. The payload is padded to dwords with zeros.
Bytes doe_object(std::uint8_t type, View payload);

// A DataTransferSize that both QEMU (DOE objects of 4608 bytes, 8 of them header) and the DMTF emulator (4608) can
// serve.
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

// Throws Error: peer for another version, an unknown type and an impossible length. The binding's error messages (0xC0
// to 0xFF) and a role inquiry become the Error that they mean to a requester.
TcpHeader parse_tcp_header(View header);

}  // namespace spdm::transport
