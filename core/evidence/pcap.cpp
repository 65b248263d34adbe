#include "core/evidence/pcap.h"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "core/calendar.h"
#include "core/error.h"
#include "core/evidence/budget.h"
#include "core/evidence/cooked_packet.h"
#include "core/evidence/mctp_capture.h"
#include "core/text.h"
#include "core/wire/mctp.h"

namespace spdm {

namespace {

// The classic format (draft-ietf-opsawg-pcap): 24 bytes, then 16 bytes before each packet, in the writer's byte order.
constexpr std::uint32_t kMicroseconds = 0xA1B2C3D4;
constexpr std::uint32_t kNanoseconds = 0xA1B23C4D;
constexpr std::uint32_t kPcapNg = 0x0A0D0D0A;  // the same in both byte orders
constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kPacketHeader = 16;
constexpr std::uint32_t kLinkCooked = 113, kLinkCooked2 = 276;  // LINUX_SLL, LINUX_SLL2
constexpr std::uint32_t kLinkMctp = 291;
constexpr std::uint32_t kLinkDoe = 292;

constexpr std::size_t kDoeHeader = 8;

std::uint32_t u32(View file, std::size_t at, bool swapped) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | file[at + (swapped ? i : 3 - i)];
  return value;
}

std::uint32_t swap(std::uint32_t value) { return value >> 24 | (value >> 8 & 0xFF00) | (value << 8 & 0xFF0000) | value << 24; }

bool is_magic(std::uint32_t value) { return value == kMicroseconds || value == kNanoseconds; }

// An SPDM message in a DOE object.
struct DoeObject {
  bool secured;
  View message;
};

// From which endpoint to which, and by which interface, where the capture has them.
using Way = std::tuple<std::uint8_t, std::uint8_t, std::optional<std::uint32_t>>;
Way way_of(const MctpPacket& packet, const CookedPacket& cooked) { return {packet.source, packet.destination, cooked.interface}; }

class PcapReader {
 public:
  PcapReader(View file, std::string_view what) : file_(file) { place_.file = what; }
  std::vector<EvidencePart> read();

 private:
  void read_header();
  View next_packet();
  void assert_whole() const;
  std::optional<DoeObject> doe(View packet) const;
  std::optional<MctpPacket> mctp(View packet) const;
  std::optional<CookedPacket> opened(View packet) const;
  std::optional<MctpPacket> cooked(View packet) const;
  void look_for_ways_out();
  std::vector<EvidencePart> read_doe();
  std::vector<EvidencePart> read_mctp();
  std::uint32_t field(std::size_t at) const { return u32(file_, at, swapped_); }

  View file_;
  bool swapped_ = false;
  std::uint32_t snap_length_ = 0, link_type_ = 0;
  std::size_t at_ = kFileHeader;               // of the next packet
  PacketPlace place_;                          // of the current packet
  std::uint32_t included_ = 0, original_ = 0;  // bytes of it that are in the capture, and that it had
  std::set<Way> ways_out_;                     // on which packets go out
};

void PcapReader::read_header() {
  const auto refuse = [&](std::string_view why, std::string hint) {
    throw Error(ErrorId::bad_input, cat(place_.file, ": ", why), std::move(hint));
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
  for (const std::uint32_t known : {kLinkMctp, kLinkDoe, kLinkCooked, kLinkCooked2})
    if (link_type_ == known) return;
  refuse(cat("link type ", link_type_, " is neither MCTP (291), PCI DOE (292) nor Linux cooked capture (113, 276)"),
         "capture the MCTP interface: tcpdump -i mctpi2c1 -w FILE");
}

View PcapReader::next_packet() {
  ++place_.number;
  place_.offset = at_;
  const std::size_t left = file_.size() - at_;
  if (left < kPacketHeader) place_.fail(cat("the file ends in the packet header, after ", left, " of 16 bytes"));
  place_.seconds = field(at_);
  included_ = field(at_ + 8);
  original_ = field(at_ + 12);
  if (snap_length_ != 0 && included_ > snap_length_)
    place_.fail(cat("its ", included_, " bytes are more than the snap length of the capture (", snap_length_, ")"));
  if (included_ > left - kPacketHeader) place_.fail(cat("says ", included_, " bytes, the file has ", left - kPacketHeader, " more"));
  at_ += kPacketHeader + included_;
  return file_.subspan(place_.offset + kPacketHeader, included_);
}

// A truncated message is refused: later it would only look like a bad signature.
void PcapReader::assert_whole() const {
  if (included_ < original_) place_.fail(cat("was cut to ", included_, " of ", original_, " bytes when it was captured"));
}

std::optional<DoeObject> PcapReader::doe(View packet) const {
  assert_whole();
  if (packet.size() < kDoeHeader) place_.fail(cat("its ", packet.size(), " bytes are less than a DOE header"));
  const std::uint32_t length = u32(packet, 4, false);  // DOE is little-endian in every capture
  // PCIe r6.x 6.30.1: bits 17:0 count dwords, header included; zero stands for 2^18.
  const std::size_t size = std::size_t{4} * ((length & 0x3FFFF) == 0 ? 0x40000 : length & 0x3FFFF);
  if ((length >> 18) != 0 || packet[3] != 0) place_.fail("reserved bits of its DOE header are set");
  if (size != packet.size()) place_.fail(cat("its DOE header says ", size, " bytes, the packet has ", packet.size()));
  const bool pci_sig = packet[0] == 1 && packet[1] == 0;
  if (!pci_sig || (packet[2] != 1 && packet[2] != 2)) return std::nullopt;  // discovery, other features, other vendors
  return DoeObject{packet[2] == 2, packet.subspan(kDoeHeader)};
}

// The version is not looked at: the DMTF emulator writes zero there.
std::optional<MctpPacket> PcapReader::mctp(View packet) const {
  assert_whole();
  if (packet.size() <= kMctpHeader) place_.fail(cat("its ", packet.size(), " bytes are less than an MCTP header and a message type"));
  return parse_mctp(packet, place_);
}

// What Linux captured, where it is MCTP.
std::optional<CookedPacket> PcapReader::opened(View packet) const {
  const std::optional<CookedPacket> out = link_type_ == kLinkCooked ? parse_cooked(packet) : parse_cooked2(packet);
  if (!out) place_.fail(cat("its ", packet.size(), " bytes are less than the header of a cooked capture"));
  return out->protocol == kProtocolMctp ? out : std::nullopt;
}

std::optional<MctpPacket> PcapReader::cooked(View packet) const {
  const std::optional<CookedPacket> from = opened(packet);
  if (!from) return std::nullopt;
  assert_whole();
  std::optional<MctpPacket> out = parse_mctp(from->payload, place_);
  if (!out || out->version != kMctpVersion) return std::nullopt;  // Linux drops it: nobody has seen it
  if (!from->is_outgoing && ways_out_.contains(way_of(*out, *from))) return std::nullopt;
  out->interface = from->interface;
  return out;
}

// Where a host forwards packets, or has both ends of a cable, each packet is captured twice: as it comes in, and as it goes out. Those that
// go out are taken, whichever comes first: what a host sends itself does not come in, so whatever does in its name is a copy, or false.
void PcapReader::look_for_ways_out() {
  while (at_ < file_.size()) {
    const std::optional<CookedPacket> from = opened(next_packet());
    const std::optional<MctpPacket> packet = from && from->is_outgoing ? parse_mctp(from->payload, place_) : std::nullopt;
    if (packet) ways_out_.insert(way_of(*packet, *from));
  }
  at_ = kFileHeader;
  place_.number = 0;
}

std::vector<EvidencePart> PcapReader::read_doe() {
  Evidence out;
  out.binding = Binding::doe;
  Intake intake;
  while (at_ < file_.size()) {
    const View packet = next_packet();
    if (place_.number == 1 && place_.seconds != 0) out.time = utc_of(place_.seconds);
    const std::optional<DoeObject> object = doe(packet);
    if (!object) continue;
    if (object->message.empty()) place_.fail("no message follows its header");
    if (const std::optional<std::string> why = intake.refuses(object->message.size())) place_.fail(*why);
    const bool from_requester = sent_by_requester(object->message, object->secured, out.log);
    out.log.push_back({from_requester, object->secured, to_bytes(object->message)});
  }
  std::vector<EvidencePart> parts;
  if (!out.log.empty()) parts.push_back({.label = "", .evidence = std::move(out), .error = std::nullopt});
  return parts;
}

std::vector<EvidencePart> PcapReader::read_mctp() {
  if (link_type_ != kLinkMctp) look_for_ways_out();
  MctpCapture capture;
  while (at_ < file_.size()) {
    const View bytes = next_packet();
    const std::optional<MctpPacket> packet = link_type_ == kLinkMctp ? mctp(bytes) : cooked(bytes);
    if (packet) capture.add(*packet);
  }
  return capture.finish();
}

std::vector<EvidencePart> PcapReader::read() {
  read_header();
  std::vector<EvidencePart> out = link_type_ == kLinkDoe ? read_doe() : read_mctp();
  if (out.empty()) throw Error(ErrorId::bad_input, cat(place_.file, ": the capture holds no SPDM message"));
  if (out.size() == 1 && out.front().error) throw Error(*out.front().error);
  return out;
}

}  // namespace

bool looks_like_pcap(View file) {
  if (file.size() < 4) return false;
  const std::uint32_t magic = u32(file, 0, false);
  return is_magic(magic) || is_magic(swap(magic)) || magic == kPcapNg;
}

std::vector<EvidencePart> read_pcap(View file, std::string_view what) { return PcapReader(file, what).read(); }

}  // namespace spdm
