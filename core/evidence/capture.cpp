// Reading: from frames to devices, by the link type.
#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/evidence/budget.h"
#include "core/evidence/capture_devices.h"
#include "core/evidence/capture_frames.h"
#include "core/evidence/capture_ip.h"
#include "core/evidence/capture_payload.h"
#include "core/evidence/capture_sockets.h"
#include "core/evidence/cooked_packet.h"
#include "core/evidence/exported_pdu.h"
#include "core/evidence/mctp_capture.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "core/wire/codes.h"
#include "core/wire/header.h"
#include "core/word_table.h"

namespace spdm {

namespace {

// What the payload of an exported PDU is in.
constexpr std::array kDissectors{Word{Binding::doe, "spdm_doe"}, Word{Binding::mctp, "spdm_mctp"}, Word{Binding::tcp, "spdm_tcp"},
                                 Word{Binding::none, "spdm"}};
constexpr std::string_view kBareSecured = "spdm_secured";  // nothing in the message alone would tell

// A message that is packed into one frame, and what the frame says of it.
struct PackedMessage {
  std::string kind;  // of its device, for the label
  Binding binding;
  View packed;
  std::optional<bool> from_requester = std::nullopt;
  bool is_bare_secured = false;
  std::optional<std::uint8_t> endpoint = std::nullopt;
};

// From which endpoint to which, and by which interface, where the capture has them.
using Way = std::tuple<std::uint8_t, std::uint8_t, std::optional<std::uint32_t>>;
Way way_of(const MctpPacket& packet) { return {packet.source, packet.destination, packet.interface}; }

// The labels of one kind, where interfaces may tell devices apart.
std::string label(std::string_view kind, const CaptureFrame& frame) {
  return frame.interface.value_or(0) == 0 ? cat("[", kind, "]") : cat("[", kind, ", interface ", *frame.interface, "]");
}

bool is_cooked(const CaptureFrame& frame) { return frame.link_type == kLinkCooked || frame.link_type == kLinkCooked2; }

// What Linux captured.
CookedPacket opened(const CaptureFrame& frame) {
  const std::optional<CookedPacket> out = frame.link_type == kLinkCooked ? parse_cooked(frame.bytes) : parse_cooked2(frame.bytes);
  if (!out) frame.place.fail(cat("its ", frame.bytes.size(), " bytes are less than the header of a cooked capture"));
  return *out;
}

// A packet of MCTP that Linux captured. The interface is that of the packet, or else that of the capture; where captures of several
// hosts were put into one, both tell devices apart.
std::optional<MctpPacket> cooked_mctp(const CaptureFrame& frame, const CookedPacket& cooked) {
  std::optional<MctpPacket> out = parse_mctp(cooked.payload, frame.place);
  if (out && !cooked.interface) out->interface = frame.interface;
  if (out && cooked.interface) out->interface = frame.interface.value_or(0) << 16 | *cooked.interface;
  return out;
}

bool is_same(const Message& one, const Message& other) {
  return one.from_requester == other.from_requester && one.secured == other.secured && one.bytes == other.bytes;
}

// Whether the requester has asked for a signature, with a nonce.
bool has_nonce(const MessageLog& log) {
  return std::any_of(log.begin(), log.end(), [](const Message& message) {
    if (!message.from_requester || message.bytes.size() < kHeaderSize + 32) return false;
    const Code code = static_cast<Code>(message.bytes[1]);
    return code == Code::challenge || code == Code::get_measurements;
  });
}

// A bridge, or a host that translates addresses, shows one conversation on two interfaces. The nonces of its requester are in it: two
// devices cannot have the same.
void leave_out_copies(std::vector<EvidencePart>& parts) {
  for (auto one = parts.begin(); one != parts.end(); ++one)
    parts.erase(std::remove_if(std::next(one), parts.end(),
                               [&](const EvidencePart& other) {
                                 const MessageLog &log = one->evidence.log, &again = other.evidence.log;
                                 return !one->error && !other.error && has_nonce(log) &&
                                        std::equal(log.begin(), log.end(), again.begin(), again.end(), is_same);
                               }),
                parts.end());
}

class CaptureReader {
 public:
  CaptureReader(View file, std::string_view what) : file_(file), what_(what) {}
  std::vector<EvidencePart> read();

 private:
  void look_for_ways_out();
  void add(const CaptureFrame& frame);
  void add_cooked(const CaptureFrame& frame);
  void add_mctp(const CaptureFrame& frame);
  void add_object(const CaptureFrame& frame, const PackedMessage& in);
  void add_exported(const CaptureFrame& frame);
  void add_ip(const CaptureFrame& frame);
  std::vector<EvidencePart> finish();

  View file_;
  std::string_view what_;
  std::set<Way> ways_out_;  // on which packets go out
  Intake intake_;           // of all devices together: they are in memory at the same time
  CaptureDevices objects_{intake_};
  MctpCapture mctp_{intake_};
  SocketCapture sockets_{intake_};
  std::optional<std::uint32_t> left_out_;  // a link type that is not read
};

// Where a host forwards packets, or has both ends of a cable, each packet is captured twice: as it comes in, and as it goes out. Those that
// go out are taken, whichever comes first: what a host sends itself does not come in, so whatever does in its name is a copy, or false.
// What is wrong with the capture is told by whoever reads it.
void CaptureReader::look_for_ways_out() try {
  const std::unique_ptr<CaptureFrames> frames = open_capture(file_, what_);
  while (const std::optional<CaptureFrame> frame = frames->next()) {
    if (!is_cooked(*frame)) continue;
    const CookedPacket cooked = opened(*frame);
    if (cooked.protocol != kProtocolMctp || !cooked.is_outgoing) continue;
    if (const std::optional<MctpPacket> packet = cooked_mctp(*frame, cooked)) ways_out_.insert(way_of(*packet));
  }
} catch (const Error&) {  // NOLINT(bugprone-empty-catch)
}

void CaptureReader::add_cooked(const CaptureFrame& frame) {
  const CookedPacket cooked = opened(frame);
  if (cooked.protocol != kProtocolMctp) return add_ip(frame);
  frame.assert_whole();
  const std::optional<MctpPacket> packet = cooked_mctp(frame, cooked);
  if (!packet || packet->version != kMctpVersion) return;  // Linux drops it: nobody has seen it
  if (!cooked.is_outgoing && ways_out_.contains(way_of(*packet))) return;
  mctp_.add(*packet);
}

// The version is not looked at: the DMTF emulator writes zero there.
void CaptureReader::add_mctp(const CaptureFrame& frame) {
  frame.assert_whole();
  std::optional<MctpPacket> packet = parse_mctp(frame.bytes, frame.place);
  if (!packet) return;  // as little as nothing: whoever sends it keeps no other from being judged
  packet->interface = frame.interface;
  mctp_.add(*packet);
}

void CaptureReader::add_object(const CaptureFrame& frame, const PackedMessage& in) {
  std::optional<CapturedMessage> message;
  try {
    frame.assert_whole();
    message = unpack(in.binding, in.packed, frame.place);
  } catch (const Error& error) {
    return objects_.fail(objects_.find(label(in.kind, frame), in.binding, frame.place), error);
  }
  if (!message) return;
  const std::size_t device = objects_.find(label(in.kind, frame), in.binding, frame.place);
  if (in.endpoint) objects_.set_endpoint(device, *in.endpoint);
  objects_.hear(device, in.from_requester, message->secured || in.is_bare_secured, message->bytes, frame.place);
}

void CaptureReader::add_exported(const CaptureFrame& frame) {
  const ExportedPdu pdu = parse_exported_pdu(frame.bytes, frame.place);
  const bool is_bare_secured = pdu.dissector == kBareSecured;
  const std::optional<Binding> binding = is_bare_secured ? Binding::none : value_of(kDissectors, pdu.dissector);
  if (!binding) return;
  const std::optional<std::uint8_t> endpoint = binding == Binding::mctp ? pdu.endpoint : std::nullopt;
  std::string kind = endpoint ? cat("mctp ", unsigned{*endpoint}) : is_bare_secured ? "spdm" : std::string(pdu.dissector);
  add_object(frame, {std::move(kind), *binding, pdu.payload, pdu.from_requester, is_bare_secured, endpoint});
}

void CaptureReader::add_ip(const CaptureFrame& frame) {
  const std::optional<View> packet = ip_packet(frame);
  if (const std::optional<TcpSegment> segment = packet ? parse_tcp(*packet, frame.place) : std::nullopt) sockets_.add(*segment);
}

void CaptureReader::add(const CaptureFrame& frame) {
  switch (frame.link_type) {
    case kLinkMctp:
      return add_mctp(frame);
    case kLinkDoe:
      return add_object(frame, {"doe", Binding::doe, frame.bytes});
    case kLinkExportedPdu:
      return add_exported(frame);
    case kLinkCooked:
    case kLinkCooked2:
      return add_cooked(frame);
    default:
      if (why_not_read(frame.link_type)) left_out_ = frame.link_type;
      return add_ip(frame);
  }
}

std::vector<EvidencePart> CaptureReader::finish() {
  std::vector<EvidencePart> out;
  const auto take = [&](std::vector<EvidencePart> parts) { std::move(parts.begin(), parts.end(), std::back_inserter(out)); };
  take(objects_.finish());
  take(mctp_.finish());
  take(sockets_.finish());
  leave_out_copies(out);
  if (out.empty() && left_out_) throw Error(ErrorId::bad_input, cat(what_, ": ", *why_not_read(*left_out_)));
  if (out.empty()) throw Error(ErrorId::bad_input, cat(what_, ": the capture holds no SPDM message"));
  if (out.size() == 1 && out.front().error) throw Error(*out.front().error);
  return out;
}

std::vector<EvidencePart> CaptureReader::read() {
  look_for_ways_out();
  const std::unique_ptr<CaptureFrames> frames = open_capture(file_, what_);
  while (const std::optional<CaptureFrame> frame = frames->next()) add(*frame);
  return finish();
}

}  // namespace

std::vector<EvidencePart> read_pcap(View file, std::string_view what) { return CaptureReader(file, what).read(); }

}  // namespace spdm
