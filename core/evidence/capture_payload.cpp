#include "core/evidence/capture_payload.h"

#include "core/text.h"
#include "core/wire/mctp.h"

namespace spdm {

namespace {

std::size_t u16(View bytes, std::size_t at) { return bytes[at] | std::size_t{bytes[at + 1]} << 8; }

std::uint32_t doe_length(View header) { return static_cast<std::uint32_t>(u16(header, 4) | u16(header, 6) << 16); }

std::optional<CapturedMessage> unpack_doe(View packed, const PacketPlace& place) {
  if (packed.size() < kDoeObjectHeader) place.fail(cat("its ", packed.size(), " bytes are less than a DOE header"));
  if ((doe_length(packed) >> 18) != 0 || packed[3] != 0) place.fail("reserved bits of its DOE header are set");
  if (const std::size_t size = doe_object_size(packed); size != packed.size())
    place.fail(cat("its DOE header says ", size, " bytes, the packet has ", packed.size()));
  const bool pci_sig = packed[0] == 1 && packed[1] == 0;
  if (!pci_sig || (packed[2] != 1 && packed[2] != 2)) return std::nullopt;  // discovery, other features, other vendors
  return CapturedMessage{packed[2] == 2, packed.subspan(kDoeObjectHeader)};
}

std::optional<CapturedMessage> unpack_mctp(View packed, const PacketPlace& place) {
  if (packed.empty()) place.fail("has no MCTP message type");
  if ((packed[0] & 0x80) != 0) place.fail("has the MCTP integrity check bit set, which SPDM does not use (DSP0275)");
  if (packed[0] != kMctpSpdm && packed[0] != kMctpSecuredSpdm) return std::nullopt;
  return CapturedMessage{packed[0] == kMctpSecuredSpdm, packed.subspan(1)};
}

// DSP0287: length, version of the binding, type of the message.
constexpr std::uint8_t kTcpVersion = 1, kTcpSpdm = 5, kTcpSecuredSpdm = 6, kTcpFirstOther = 0xBF;

std::optional<CapturedMessage> unpack_tcp(View packed, const PacketPlace& place) {
  if (packed.size() < kTcpMessageHeader) place.fail(cat("its ", packed.size(), " bytes are less than the header of SPDM over TCP"));
  if (const std::size_t size = tcp_message_size(packed, place); size != packed.size())
    place.fail(cat("its header of SPDM over TCP says ", size, " bytes, and there are ", packed.size()));
  if (packed[3] >= kTcpFirstOther) return std::nullopt;  // the inquiry of the role, and errors of the binding
  return CapturedMessage{packed[3] == kTcpSecuredSpdm, packed.subspan(kTcpMessageHeader)};
}

}  // namespace

// Bits 17:0 count dwords, header included; zero stands for 2^18.
std::size_t doe_object_size(View header) {
  const std::uint32_t dwords = doe_length(header) & 0x3FFFF;
  return std::size_t{4} * (dwords == 0 ? 0x40000 : dwords);
}

// The length counts version and type. It may be zero where nothing follows them.
std::size_t tcp_message_size(View header, const PacketPlace& place) {
  const std::size_t length = u16(header, 0);
  const std::uint8_t version = header[2], type = header[3];
  if (version != kTcpVersion) place.fail(cat("the version in its header of SPDM over TCP is ", version, ", not 1 (DSP0287)"));
  if (type != kTcpSpdm && type != kTcpSecuredSpdm && type < kTcpFirstOther)
    place.fail(cat("the message type in its header of SPDM over TCP is 0x", hex(type, 2), ", which does not exist (DSP0287)"));
  const bool is_message = type < kTcpFirstOther;
  if (is_message ? length < 3 : length != 0 && length != 2)
    place.fail(cat("the length in its header of SPDM over TCP is ", length, ", which does not fit the message type (DSP0287)"));
  return kTcpMessageHeader + (length < 2 ? 0 : length - 2);
}

std::optional<CapturedMessage> unpack(Binding binding, View packed, const PacketPlace& place) {
  std::optional<CapturedMessage> out;
  switch (binding) {
    case Binding::doe:
      out = unpack_doe(packed, place);
      break;
    case Binding::mctp:
      out = unpack_mctp(packed, place);
      break;
    case Binding::tcp:
      out = unpack_tcp(packed, place);
      break;
    case Binding::none:
    case Binding::storage:
      out = CapturedMessage{false, packed};
      break;
  }
  if (out && out->bytes.empty()) place.fail("no message follows its header");
  return out;
}

}  // namespace spdm
