#include "transport/base/binding.h"

#include "core/error.h"
#include "core/text.h"
#include "core/wire/mctp.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kDoe = "DOE data object";
constexpr std::string_view kMctp = "MCTP message";
constexpr std::string_view kTcp = "SPDM over TCP header";

Unwrapped unwrap_mctp(View packed) {
  Reader reader(packed, kMctp);
  const std::uint8_t type = reader.u8("message type");
  if ((type & 0x80) != 0) reader.fail("integrity check bit", "is set; SPDM does not use it");
  if (type != kMctpSpdm && type != kMctpSecuredSpdm) reader.fail("message type", cat("0x", hex(type, 2), " is not SPDM (0x05, 0x06)"));
  if (reader.remaining() == 0) reader.fail("length", "no message follows the type");
  return {type == kMctpSecuredSpdm, to_bytes(reader.rest())};
}

Unwrapped unwrap_doe(View packed) {
  const DoeHeader header = parse_doe_header(packed);
  if (header.vendor != kDoeVendorPciSig) malformed(kDoe, "vendor", cat("0x", hex(header.vendor, 4), " is not PCI-SIG (0x0001)"));
  if (header.type != kDoeSpdm && header.type != kDoeSecuredSpdm)
    malformed(kDoe, "type", cat("0x", hex(header.type, 2), " is not SPDM (0x01, 0x02)"));
  if (header.size != packed.size()) malformed(kDoe, "length", cat("says ", header.size, " bytes, ", packed.size(), " came"));
  if (header.size == kDoeHeader) malformed(kDoe, "length", "no message follows the header");
  return {header.type == kDoeSecuredSpdm, to_bytes(packed.subspan(kDoeHeader))};
}

Unwrapped unwrap_tcp(View packed) {
  const TcpHeader header = parse_tcp_header(packed);
  if (header.payload != packed.size() - kTcpHeader)
    malformed(kTcp, "length", cat("says ", header.payload, " bytes of message, ", packed.size() - kTcpHeader, " came"));
  return {header.type == kTcpSecuredSpdm, to_bytes(packed.subspan(kTcpHeader))};
}

[[noreturn]] void refuse_tcp_type(std::uint8_t type) {
  switch (type) {
    case kTcpRoleInquiry:
      throw Error(ErrorId::no_spdm, "the peer asks which role to play (role inquiry, DSP0287): it wants to be the one that connects",
                  "let the peer listen, and connect to it");
    case 0xC0:
      throw Error(ErrorId::peer, "the peer answers that the message is too large (error 0xC0, DSP0287)");
    case 0xC1:
      throw Error(ErrorId::no_spdm, "the peer answers that it does not support this (error 0xC1, DSP0287)");
    case 0xC2:
      throw Error(ErrorId::no_spdm, "the peer answers that it cannot be a requester (error 0xC2, DSP0287)");
    case 0xC3:
      throw Error(ErrorId::no_spdm, "the peer answers that it cannot be a responder (error 0xC3, DSP0287)");
    default:
      if (type >= 0xC4) throw Error(ErrorId::peer, cat("the peer answers with a reserved error (0x", hex(type, 2), ", DSP0287)"));
      malformed(kTcp, "message type", cat("0x", hex(type, 2), " does not exist"));
  }
}

}  // namespace

std::size_t max_message(Binding binding) {
  switch (binding) {
    case Binding::doe:
      return kDoeMaxObject - kDoeHeader;
    case Binding::tcp:
      return 0xFFFF - 2;  // the length field counts version and type, too
    case Binding::storage:
      return kMostTransferred;
    case Binding::mctp:
    case Binding::none:
      break;
  }
  return kDoeMaxObject - 1;  // MCTP and none have no limit of their own; this keeps the largest frame the same for all bindings
}

Bytes wrap(Binding binding, View message, bool secured) {
  if (message.size() > max_message(binding))
    throw Error(ErrorId::internal,
                cat("a message of ", message.size(), " bytes; binding ", name(binding), " carries ", max_message(binding)));
  Writer out;
  switch (binding) {
    case Binding::none:
    case Binding::storage:
      break;
    case Binding::mctp:
      out.u8(secured ? kMctpSecuredSpdm : kMctpSpdm);
      break;
    case Binding::doe:
      return doe_object(secured ? kDoeSecuredSpdm : kDoeSpdm, message);
    case Binding::tcp:
      out.u16(message.size() + 2).u8(1).u8(secured ? kTcpSecuredSpdm : kTcpSpdm);
      break;
  }
  return out.bytes(message).take();
}

Unwrapped unwrap(Binding binding, View packed) {
  switch (binding) {
    case Binding::mctp:
      return unwrap_mctp(packed);
    case Binding::doe:
      return unwrap_doe(packed);
    case Binding::tcp:
      return unwrap_tcp(packed);
    case Binding::none:
    case Binding::storage:
      break;
  }
  if (packed.empty()) malformed("message", "length", "is empty");
  return {false, to_bytes(packed)};
}

DoeHeader parse_doe_header(View header) {
  Reader reader(header, kDoe);
  DoeHeader out{};
  out.vendor = reader.u16("vendor");
  out.type = reader.u8("type");
  if (const std::uint8_t reserved = reader.u8("reserved byte"); reserved != 0)
    reader.fail("reserved byte", cat("0x", hex(reserved, 2), " is not zero"));
  const std::uint32_t dwords = reader.u32("length");
  if ((dwords >> 18) != 0) reader.fail("length", cat("0x", hex(dwords, 8), " has reserved bits (31:18) set"));
  if (dwords == 1) reader.fail("length", "1 dword is less than the header");
  out.size = dwords == 0 ? kDoeMaxObject : std::size_t{dwords} * 4;  // zero stands for 2^18 dwords
  return out;
}

Bytes doe_object(std::uint8_t type, View payload) {
  const std::size_t dwords = (kDoeHeader + payload.size() + 3) / 4;
  Writer out;
  out.u16(kDoeVendorPciSig).u8(type).u8(0).u32(dwords & 0x3FFFF);
  return out.bytes(payload).zeros(dwords * 4 - kDoeHeader - payload.size()).take();
}

TcpHeader parse_tcp_header(View header) {
  Reader reader(header, kTcp);
  const std::uint16_t length = reader.u16("length");
  const std::uint8_t version = reader.u8("version");
  const std::uint8_t type = reader.u8("message type");
  if (version != 1) reader.fail("version", cat(version, " is not 1"));
  if (type != kTcpSpdm && type != kTcpSecuredSpdm) refuse_tcp_type(type);
  // The length counts the version and the type; a message of no bytes is none.
  if (length < 3) reader.fail("length", cat(length, " leaves no room for a message (at least 3)"));
  return {type, std::size_t{length} - 2};
}

}  // namespace spdm::transport
