#include "core/evidence/capture_writer.h"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/text.h"
#include "core/wire/mctp.h"

namespace spdm {

namespace {

constexpr std::uint32_t kNanoseconds = 0xA1B23C4D;  // the classic format with times in nanoseconds
constexpr std::uint32_t kLinkExported = 252;        // LINKTYPE_WIRESHARK_UPPER_PDU
constexpr std::size_t kSnapLength = 0x40000;        // the usual limit of Wireshark, raised for a larger packet

// Tags of exported PDUs (Wireshark's exported_pdu_tlvs.h): big-endian numbers, values of a multiple of four bytes.
constexpr std::uint16_t kTagEnd = 0, kTagDissector = 12, kTagPortType = 24, kTagSourcePort = 25, kTagDestinationPort = 26;
constexpr std::uint16_t kTagDirection = 35;
constexpr std::uint32_t kPortMctp = 18;  // EXP_PDU_PT_MCTP
constexpr std::uint32_t kSent = 0, kReceived = 1;

constexpr std::size_t kTcpMost = 0xFFFF - 2;           // DSP0287: the length counts version and type, too
constexpr std::size_t kDoeMost = 4 * (1UL << 18) - 8;  // PCIe r6.x 6.30.1: 2^18 dwords, header included

Bytes big_endian(std::uint64_t value, std::size_t size) {
  Bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[size - 1 - i] = static_cast<std::uint8_t>(value >> (8 * i));
  return out;
}

void add_tag(Writer& out, std::uint16_t tag, View value) { out.bytes(big_endian(tag, 2)).bytes(big_endian(value.size(), 2)).bytes(value); }

std::size_t padding_of(std::size_t size) { return (4 - size % 4) % 4; }

std::string_view dissector_of(Binding binding, bool secured) {
  switch (binding) {
    case Binding::doe:
      return "spdm_doe";
    case Binding::mctp:
      return "spdm_mctp";
    case Binding::tcp:
      return "spdm_tcp";
    case Binding::none:
    case Binding::storage:
      break;
  }
  return secured ? "spdm_secured" : "spdm";
}

void add_endpoints(Writer& out, const Evidence& evidence, bool from_requester) {
  if (!evidence.host.mctp) return;
  // The first that is not reserved (DSP0236), and mostly a bus owner's.
  constexpr std::uint8_t kFirst = 8;
  const std::uint8_t responder = evidence.host.mctp->eid;
  const std::uint8_t requester = responder == kFirst ? kFirst + 1 : kFirst;
  add_tag(out, kTagPortType, big_endian(kPortMctp, 4));
  add_tag(out, kTagSourcePort, big_endian(from_requester ? requester : responder, 4));
  add_tag(out, kTagDestinationPort, big_endian(from_requester ? responder : requester, 4));
}

void assert_fits(const Message& message, std::size_t most, Binding binding) {
  if (message.bytes.size() <= most) return;
  throw Error(ErrorId::bad_input, cat("a message of ", message.bytes.size(), " bytes: the binding ", name(binding), " carries ", most),
              "write it as evidence: give the file a name that ends in .json");
}

// The message in the frame of its binding.
void add_framed(Writer& out, Binding binding, const Message& message) {
  const std::size_t size = message.bytes.size();
  if (binding == Binding::doe) {
    assert_fits(message, kDoeMost, binding);
    const std::size_t padding = padding_of(size);
    out.u16(1).u8(message.secured ? 2 : 1).u8(0).u32((8 + size + padding) / 4 & 0x3FFFF).bytes(message.bytes).zeros(padding);
    return;
  }
  if (binding == Binding::tcp) {
    assert_fits(message, kTcpMost, binding);
    out.u16(size + 2).u8(1).u8(message.secured ? kMctpSecuredSpdm : kMctpSpdm);  // the types are those of MCTP
  }
  if (binding == Binding::mctp) out.u8(message.secured ? kMctpSecuredSpdm : kMctpSpdm);
  out.bytes(message.bytes);
}

Bytes exported(const Evidence& evidence, const Message& message) {
  Writer out;
  Bytes dissector = to_bytes(as_bytes(dissector_of(evidence.binding, message.secured)));
  dissector.resize(dissector.size() + padding_of(dissector.size()));
  add_tag(out, kTagDissector, dissector);
  add_endpoints(out, evidence, message.from_requester);
  add_tag(out, kTagDirection, big_endian(message.from_requester ? kSent : kReceived, 4));
  add_tag(out, kTagEnd, {});
  add_framed(out, evidence.binding, message);
  return out.take();
}

// Calls with each packet and its time in nanoseconds since 1970.
template <class Use>
void for_packets(const Evidence& evidence, Use use) {
  for (const Message& message : evidence.log) {
    if (message.inside != 0) continue;
    const std::int64_t time = message.time.value_or(std::chrono::nanoseconds(0)).count();
    use(exported(evidence, message), static_cast<std::uint64_t>(std::max<std::int64_t>(time, 0)));
  }
}

std::size_t snap_length_of(const Evidence& evidence) {
  std::size_t out = kSnapLength;
  for_packets(evidence, [&](const Bytes& packet, std::uint64_t) { out = std::max(out, packet.size()); });
  return out;
}

// Options of pcapng: a number, a length, and the value padded to four bytes.
void add_option(Writer& out, std::uint16_t number, View value) {
  out.u16(number).u16(value.size()).bytes(value).zeros(padding_of(value.size()));
}

// A text of at most 65535 bytes, which the length can say; nothing where it is empty.
void add_text(Writer& out, std::uint16_t number, const std::string& text) {
  if (!text.empty()) add_option(out, number, as_bytes(std::string_view(text).substr(0, 0xFFFF)));
}

// A block has its length in front and behind.
void add_block(Writer& out, std::uint32_t type, const Bytes& body) {
  const std::size_t length = 12 + body.size();
  out.u32(type).u32(length).bytes(body).u32(length);
}

Bytes section_header(const Evidence& evidence) {
  Writer out;
  out.u32(0x1A2B3C4D).u16(1).u16(0).u64(std::numeric_limits<std::uint64_t>::max());  // little-endian, version 1.0, length not given
  add_text(out, 4, evidence.collector);                                              // shb_userappl
  add_option(out, 0, {});
  return out.take();
}

Bytes interface_description(const Evidence& evidence) {
  constexpr std::uint8_t kPerSecond = 9;  // 10^-9 s
  Writer out;
  out.u16(kLinkExported).u16(0).u32(snap_length_of(evidence));
  add_text(out, 3, printable(evidence.host.target));  // if_description
  add_option(out, 9, Bytes{kPerSecond});              // if_tsresol
  add_option(out, 0, {});
  return out.take();
}

}  // namespace

Bytes write_pcap(const Evidence& evidence) {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  Writer out;
  out.u32(kNanoseconds).u16(2).u16(4).u32(0).u32(0).u32(snap_length_of(evidence)).u32(kLinkExported);
  for_packets(evidence, [&](const Bytes& packet, std::uint64_t time) {
    out.u32(time / kSecond).u32(time % kSecond).u32(packet.size()).u32(packet.size()).bytes(packet);
  });
  return out.take();
}

Bytes write_pcapng(const Evidence& evidence) {
  constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A, kInterfaceDescription = 1, kEnhancedPacket = 6;
  Writer out;
  add_block(out, kSectionHeader, section_header(evidence));
  add_block(out, kInterfaceDescription, interface_description(evidence));
  for_packets(evidence, [&](const Bytes& packet, std::uint64_t time) {
    Writer block;
    block.u32(0).u32(time >> 32).u32(time & 0xFFFFFFFF).u32(packet.size()).u32(packet.size());
    block.bytes(packet).zeros(padding_of(packet.size()));
    add_block(out, kEnhancedPacket, block.take());
  });
  return out.take();
}

}  // namespace spdm
