// Reading: from frames to devices, by the link type.
#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/bytes.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/evidence/capture_devices.h"
#include "core/evidence/capture_frames.h"
#include "core/evidence/capture_hold.h"
#include "core/evidence/capture_ip.h"
#include "core/evidence/capture_payload.h"
#include "core/evidence/capture_sockets.h"
#include "core/evidence/capture_source.h"
#include "core/evidence/cooked_mctp.h"
#include "core/evidence/cooked_packet.h"
#include "core/evidence/exported_pdu.h"
#include "core/evidence/mctp_capture.h"
#include "core/evidence/pcap.h"
#include "core/text.h"
#include "core/wire/algorithms.h"
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

// The labels of one kind, where interfaces may tell devices apart.
std::string label(std::string_view kind, const CaptureFrame& frame) {
  return frame.interface.value_or(0) == 0 ? cat("[", kind, "]") : cat("[", kind, ", interface ", *frame.interface, "]");
}

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
class Copies {
 public:
  // Whether another device has said the same.
  bool is_one(const EvidencePart& part) {
    if (part.error || !has_nonce(part.evidence.log) || seen_.size() == kMaxCompared) return false;
    return !seen_.insert(digest_of(part.evidence.log)).second;
  }

 private:
  static constexpr std::size_t kMaxCompared = 16'384;
  static Bytes digest_of(const MessageLog& log) {
    crypto::Hasher hasher(*find_hash("SHA-256"));
    for (const Message& message : log) {
      hasher.update(Writer().u8(message.from_requester).u8(message.secured).u32(message.bytes.size()).take());
      hasher.update(message.bytes);
    }
    return hasher.finish();
  }

  std::set<Bytes> seen_;
};

}  // namespace

class CaptureParts::Reader {
 public:
  Reader(Pieces pieces, std::string what, std::size_t most_whole)
      : what_(std::move(what)), most_whole_(most_whole), source_(std::move(pieces)), frames_(open_capture(source_, what_)) {}

  bool is_whole();
  std::optional<EvidencePart> next();

 private:
  void read_on();
  void begin_to_deliver();
  void keep(std::vector<EvidencePart> parts);
  void add(const CaptureFrame& frame);
  void add_cooked(const CaptureFrame& frame);
  void add_mctp(const CaptureFrame& frame);
  void add_object(const CaptureFrame& frame, const PackedMessage& in);
  void add_exported(const CaptureFrame& frame);
  void add_ip(const CaptureFrame& frame);
  void finish();

  std::string what_;
  std::size_t most_whole_;
  CaptureSource source_;
  std::unique_ptr<CaptureFrames> frames_;  // nothing: the capture has ended
  CaptureHold hold_;
  CaptureDevices objects_{hold_};
  MctpCapture mctp_{hold_};
  CookedMctp cooked_{mctp_, hold_};
  SocketCapture sockets_{hold_};
  std::optional<std::uint32_t> left_out_;  // a link type that is not read
  Copies copies_;
  bool delivers_ = false;  // what has ended is handed on while the rest is read
  std::deque<EvidencePart> ready_;
  bool is_empty_ = true;  // there was no device
};

void CaptureParts::Reader::add_cooked(const CaptureFrame& frame) {
  const CookedPacket cooked = opened(frame);
  if (cooked.protocol != kProtocolMctp) return add_ip(frame);
  frame.assert_whole();
  const std::optional<MctpPacket> packet = cooked_mctp(frame, cooked);
  if (!packet || packet->version != kMctpVersion) return;  // Linux drops it: nobody has seen it
  cooked_.add(*packet, cooked.is_outgoing);
}

// The version is not looked at: the DMTF emulator writes zero there.
void CaptureParts::Reader::add_mctp(const CaptureFrame& frame) {
  frame.assert_whole();
  std::optional<MctpPacket> packet = parse_mctp(frame.bytes, frame.place);
  if (!packet) return;  // as little as nothing: whoever sends it keeps no other from being judged
  packet->interface = frame.interface;
  mctp_.add(*packet);
}

void CaptureParts::Reader::add_object(const CaptureFrame& frame, const PackedMessage& in) {
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

void CaptureParts::Reader::add_exported(const CaptureFrame& frame) {
  const ExportedPdu pdu = parse_exported_pdu(frame.bytes, frame.place);
  const bool is_bare_secured = pdu.dissector == kBareSecured;
  const std::optional<Binding> binding = is_bare_secured ? Binding::none : value_of(kDissectors, pdu.dissector);
  if (!binding) return;
  const std::optional<std::uint8_t> endpoint = binding == Binding::mctp ? pdu.endpoint : std::nullopt;
  std::string kind = endpoint ? cat("mctp ", unsigned{*endpoint}) : is_bare_secured ? "spdm" : std::string(pdu.dissector);
  add_object(frame, {std::move(kind), *binding, pdu.payload, pdu.from_requester, is_bare_secured, endpoint});
}

void CaptureParts::Reader::add_ip(const CaptureFrame& frame) {
  const std::optional<View> packet = ip_packet(frame);
  if (const std::optional<TcpSegment> segment = packet ? parse_tcp(*packet, frame.place) : std::nullopt) sockets_.add(*segment);
}

void CaptureParts::Reader::add(const CaptureFrame& frame) {
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

void CaptureParts::Reader::keep(std::vector<EvidencePart> parts) {
  for (EvidencePart& part : parts) {
    if (copies_.is_one(part)) continue;
    is_empty_ = false;
    ready_.push_back(std::move(part));
  }
}

void CaptureParts::Reader::finish() {
  frames_.reset();
  cooked_.decide();
  keep(objects_.finish());
  keep(mctp_.finish());
  keep(sockets_.finish());
  if (is_empty_ && left_out_) throw Error(ErrorId::bad_input, cat(what_, ": ", *why_not_read(*left_out_)));
  if (is_empty_) throw Error(ErrorId::bad_input, cat(what_, ": the capture holds no SPDM message"));
  if (!delivers_ && ready_.size() == 1 && ready_.front().error) {
    const Error error = *ready_.front().error;
    ready_.clear();
    throw Error(error);
  }
}

void CaptureParts::Reader::begin_to_deliver() {
  delivers_ = true;
  cooked_.decide();
  sockets_.begin_to_deliver();
}

// One frame more. What cannot be read ends the capture: who knows what it would have been.
void CaptureParts::Reader::read_on() try {
  const std::optional<CaptureFrame> frame = frames_->next();
  if (!frame) return finish();
  add(*frame);
  if (delivers_)
    keep(sockets_.take());
  else if (source_.position() > most_whole_ || hold_.is_tight() || sockets_.is_full())
    begin_to_deliver();
} catch (const Error&) {
  frames_.reset();
  throw;
}

bool CaptureParts::Reader::is_whole() {
  while (frames_ && !delivers_) read_on();
  return !delivers_;
}

std::optional<EvidencePart> CaptureParts::Reader::next() {
  while (frames_ && ready_.empty()) read_on();
  if (ready_.empty()) return std::nullopt;
  EvidencePart out = std::move(ready_.front());
  ready_.pop_front();
  return out;
}

CaptureParts::CaptureParts(Pieces pieces, std::string what, std::size_t most_whole)
    : reader_(std::make_unique<Reader>(std::move(pieces), std::move(what), most_whole)) {}
CaptureParts::CaptureParts(CaptureParts&&) noexcept = default;
CaptureParts& CaptureParts::operator=(CaptureParts&&) noexcept = default;
CaptureParts::~CaptureParts() = default;

bool CaptureParts::is_whole() { return reader_->is_whole(); }
std::optional<EvidencePart> CaptureParts::next() { return reader_->next(); }

std::vector<EvidencePart> read_pcap(View file, std::string_view what) {
  CaptureParts parts(pieces_of(file), std::string(what), file.size());
  std::vector<EvidencePart> out;
  while (std::optional<EvidencePart> part = parts.next()) out.push_back(*std::move(part));
  return out;
}

}  // namespace spdm
