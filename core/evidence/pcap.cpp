#include "core/evidence/pcap.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "core/error.h"
#include "core/evidence/file.h"
#include "core/text.h"

namespace spdm {

namespace {

// The classic format (draft-ietf-opsawg-pcap): 24 bytes, then 16 bytes before each packet, in the writer's byte order.
constexpr std::uint32_t kMicroseconds = 0xA1B2C3D4;
constexpr std::uint32_t kNanoseconds = 0xA1B23C4D;
constexpr std::uint32_t kPcapNg = 0x0A0D0D0A;  // the same in both byte orders
constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kPacketHeader = 16;
constexpr std::uint32_t kLinkMctp = 291;
constexpr std::uint32_t kLinkDoe = 292;
constexpr std::size_t kSnapLength = 0x40000;  // the usual limit of Wireshark, raised for a larger packet

constexpr std::size_t kDoeHeader = 8;
constexpr std::size_t kMctpHeader = 4;

std::uint32_t u32(View file, std::size_t at, bool swapped) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | file[at + (swapped ? i : 3 - i)];
  return value;
}

std::uint32_t swap(std::uint32_t value) { return value >> 24 | (value >> 8 & 0xFF00) | (value << 8 & 0xFF0000) | value << 24; }

bool is_magic(std::uint32_t value) { return value == kMicroseconds || value == kNanoseconds; }

std::string utc(std::uint32_t seconds) {
  using namespace std::chrono;
  const sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  const auto two = [](auto number) { return cat(number < 10 ? "0" : "", number); };
  return cat(static_cast<int>(date.year()), "-", two(static_cast<unsigned>(date.month())), "-", two(static_cast<unsigned>(date.day())), "T",
             two(clock.hours().count()), ":", two(clock.minutes().count()), ":", two(clock.seconds().count()), "Z");
}

// An SPDM message in a packet.
struct Payload {
  bool secured;
  View message;
};

class PcapReader {
 public:
  PcapReader(View file, std::string_view what) : file_(file), what_(what) {}
  Evidence read();

 private:
  void read_header();
  View next_packet();
  std::optional<Payload> mctp(View packet) const;
  std::optional<Payload> doe(View packet) const;
  bool from_requester(const Payload& payload) const;
  std::uint32_t field(std::size_t at) const { return u32(file_, at, swapped_); }
  [[noreturn]] void fail(std::string_view why) const;

  View file_;
  std::string_view what_;
  bool swapped_ = false;
  std::uint32_t snap_length_ = 0, link_type_ = 0;
  std::size_t at_ = kFileHeader;            // of the next packet
  std::size_t packet_ = 0, packet_at_ = 0;  // number and offset of the current packet, for error messages
  Evidence out_;
};

void PcapReader::fail(std::string_view why) const {
  throw Error(ErrorId::bad_input, cat(what_, ": packet ", packet_, " at offset ", packet_at_, ": ", why));
}

void PcapReader::read_header() {
  const auto refuse = [&](std::string_view why, std::string hint) {
    throw Error(ErrorId::bad_input, cat(what_, ": ", why), std::move(hint));
  };
  if (file_.size() >= 4 && u32(file_, 0, false) == kPcapNg)
    refuse("is a pcapng capture, only classic pcap is read", "convert it: editcap -F pcap IN OUT");
  if (!looks_like_pcap(file_)) refuse("is not a pcap capture", "");
  if (file_.size() < kFileHeader) refuse(cat("the capture ends in its header, after ", file_.size(), " of 24 bytes"), "");
  swapped_ = !is_magic(u32(file_, 0, false));
  const std::uint32_t version = field(4);
  if ((swapped_ ? version >> 16 : version & 0xFFFF) != 2) refuse("the version of the capture format is not 2", "");
  snap_length_ = field(16);
  link_type_ = field(20);
  if (link_type_ != kLinkMctp && link_type_ != kLinkDoe)
    refuse(cat("link type ", link_type_, " is neither MCTP (291) nor PCI DOE (292)"), "");
}

View PcapReader::next_packet() {
  ++packet_;
  packet_at_ = at_;
  const std::size_t left = file_.size() - at_;
  if (left < kPacketHeader) fail(cat("the file ends in the packet header, after ", left, " of 16 bytes"));
  const std::uint32_t seconds = field(at_), included = field(at_ + 8), original = field(at_ + 12);
  if (packet_ == 1 && seconds != 0) out_.time = utc(seconds);
  if (snap_length_ != 0 && included > snap_length_)
    fail(cat("its ", included, " bytes are more than the snap length of the capture (", snap_length_, ")"));
  if (included > left - kPacketHeader) fail(cat("says ", included, " bytes, the file has ", left - kPacketHeader, " more"));
  // A truncated message is refused: later it would only look like a bad signature.
  if (included < original) fail(cat("was cut to ", included, " of ", original, " bytes when it was captured"));
  at_ += kPacketHeader + included;
  return file_.subspan(packet_at_ + kPacketHeader, included);
}

std::optional<Payload> PcapReader::mctp(View packet) const {
  // Version and endpoints are not looked at: the DMTF emulator writes zeros there.
  if (packet.size() <= kMctpHeader) fail(cat("its ", packet.size(), " bytes are less than an MCTP header and a message type"));
  // DSP0236: bits 7 and 6 are start and end of message.
  if ((packet[3] & 0xC0) != 0xC0) fail("is a fragment of an MCTP message; only messages in one packet are read");
  const std::uint8_t type = packet[kMctpHeader] & 0x7F;
  if (type != 5 && type != 6) return std::nullopt;
  if ((packet[kMctpHeader] & 0x80) != 0) fail("has the MCTP integrity check bit set, which SPDM does not use (DSP0275)");
  return Payload{type == 6, packet.subspan(kMctpHeader + 1)};
}

std::optional<Payload> PcapReader::doe(View packet) const {
  if (packet.size() < kDoeHeader) fail(cat("its ", packet.size(), " bytes are less than a DOE header"));
  const std::uint32_t length = u32(packet, 4, false);  // DOE is little-endian in every capture
  // PCIe r6.x 6.30.1: bits 17:0 count dwords, header included; zero stands for 2^18.
  const std::size_t size = std::size_t{4} * ((length & 0x3FFFF) == 0 ? 0x40000 : length & 0x3FFFF);
  if ((length >> 18) != 0 || packet[3] != 0) fail("reserved bits of its DOE header are set");
  if (size != packet.size()) fail(cat("its DOE header says ", size, " bytes, the packet has ", packet.size()));
  const bool pci_sig = packet[0] == 1 && packet[1] == 0;
  if (!pci_sig || (packet[2] != 1 && packet[2] != 2)) return std::nullopt;  // discovery, other features, other vendors
  return Payload{packet[2] == 2, packet.subspan(kDoeHeader)};
}

bool PcapReader::from_requester(const Payload& payload) const {
  // The link types carry no direction. Requests have bit 7 of their code set (DSP0274 table of codes). Secured messages
  // show no code: there the sides alternate.
  if (!payload.secured && payload.message.size() >= 2) return (payload.message[1] & 0x80) != 0;
  return out_.log.empty() || !out_.log.back().from_requester;
}

Evidence PcapReader::read() {
  read_header();
  out_.binding = link_type_ == kLinkDoe ? Binding::doe : Binding::mctp;
  Intake intake;
  while (at_ < file_.size()) {
    const View packet = next_packet();
    const std::optional<Payload> payload = link_type_ == kLinkDoe ? doe(packet) : mctp(packet);
    if (!payload) continue;
    if (payload->message.empty()) fail("no message follows its header");
    if (const std::optional<std::string> why = intake.refuses(payload->message.size())) fail(*why);
    out_.log.push_back({from_requester(*payload), payload->secured, to_bytes(payload->message)});
  }
  if (out_.log.empty()) throw Error(ErrorId::bad_input, cat(what_, ": the capture holds no SPDM message"));
  return std::move(out_);
}

}  // namespace

bool looks_like_pcap(View file) {
  if (file.size() < 4) return false;
  const std::uint32_t magic = u32(file, 0, false);
  return is_magic(magic) || is_magic(swap(magic)) || magic == kPcapNg;
}

Evidence read_pcap(View file, std::string_view what) { return PcapReader(file, what).read(); }

Bytes write_pcap(const Evidence& evidence) {
  const bool doe = evidence.binding == Binding::doe;
  std::size_t snap_length = kSnapLength;
  for (const Message& message : evidence.log) snap_length = std::max(snap_length, message.bytes.size() + kDoeHeader + 3);

  Writer out;
  out.u32(kMicroseconds).u16(2).u16(4).u32(0).u32(0).u32(snap_length).u32(doe ? kLinkDoe : kLinkMctp);
  for (const Message& message : evidence.log) {
    if (message.inside != 0) continue;
    const std::size_t padding = doe ? (4 - message.bytes.size() % 4) % 4 : 0;
    const std::size_t size = (doe ? kDoeHeader : kMctpHeader + 1) + message.bytes.size() + padding;
    out.u32(0).u32(0).u32(size).u32(size);
    if (doe) {
      out.u16(1).u8(message.secured ? 2 : 1).u8(0).u32(size / 4 & 0x3FFFF);
    } else {
      // Version 1 (Wireshark looks), null endpoints, one packet a message; a request owns its tag (DSP0236).
      out.u8(1).u8(0).u8(0).u8(message.from_requester ? 0xC8 : 0xC0).u8(message.secured ? 6 : 5);
    }
    out.bytes(message.bytes).zeros(padding);
  }
  return out.take();
}

}  // namespace spdm
