#include "cmd/output/hidden_keys.h"

#include <array>
#include <limits>
#include <optional>

#include "core/error.h"
#include "core/wire/chunk.h"
#include "core/wire/ide_km.h"
#include "core/wire/pci_vendor.h"

namespace spdm::cmd {

namespace {

constexpr std::uint8_t kLarge = 0x80;  // in Param1 of VENDOR_DEFINED_REQUEST, 1.4
constexpr std::size_t kBeforeKey = 7;  // in KEY_PROG, from its ObjectID on
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kKeyProgSize = 47;
constexpr std::uint8_t kCxlGetKeyAck = 0x08;  // IDE_KM of CXL begins as that of PCI-SIG, and there a device may tell its own key, too

constexpr int kMaxNested = 2;  // an encapsulated request in what a chunk is acknowledged with
constexpr std::size_t kToTheEnd = std::numeric_limits<std::size_t>::max();

struct Range {
  std::size_t from = 0, to = 0;
};

// N351. Where in VENDOR_DEFINED_REQUEST or _RESPONSE, read as far as it goes, a key stands.
std::optional<Range> key_in_vendor_defined(View message, const Header& header) {
  Reader reader(message, "vendor-defined message");
  reader.skip(kHeaderSize, "header");
  VendorDefined envelope;
  envelope.standard_id = reader.u16("StandardID");
  envelope.vendor_id = to_bytes(reader.take(reader.u8("VendorIDLen"), "VendorID"));
  std::size_t length = reader.u16("PayloadLength");
  if (header.version >= k14 && (header.param1 & kLarge) != 0) length = reader.u32("LargePayloadLength");
  envelope.payload = to_bytes(reader.take(2, "Payload"));  // protocol and object
  const bool is_of_cxl = is_cxl(envelope) && envelope.payload[0] == static_cast<std::uint8_t>(PciProtocol::ide_km);
  if (!is_of_cxl && pci_protocol_of(envelope) != PciProtocol::ide_km) return std::nullopt;
  const std::uint8_t object = envelope.payload[1];
  if (object != static_cast<std::uint8_t>(IdeKmObject::key_prog) && !(is_of_cxl && object == kCxlGetKeyAck)) return std::nullopt;
  const std::size_t from = reader.offset() - 1 + kBeforeKey;
  // Where the size is another one, nobody knows what is key and what is not.
  const bool is_known = !is_of_cxl && length == 1 + kKeyProgSize;
  return Range{from, is_known ? from + kKeySize : kToTheEnd};
}

// Where the message that this one carries may begin; 0: nowhere.
std::array<std::size_t, 2> inner_places(const Header& header) {
  switch (header.code) {
    case Code::encapsulated_request:  // a responder may ask in its turn
    case Code::encapsulated_response_ack:
      return {kHeaderSize, 2 * kHeaderSize};
    case Code::chunk_send_ack:
      return {ChunkSendAck::header_size(header.version), 0};
    default:
      return {0, 0};
  }
}

std::optional<Range> key_in(View message, int nested = 0) try {
  const Header header = read_header(message);
  if (header.code == Code::vendor_defined_request || header.code == Code::vendor_defined_response)
    return key_in_vendor_defined(message, header);
  if (nested == kMaxNested) return std::nullopt;
  for (const std::size_t place : inner_places(header)) {
    if (place == 0 || place >= message.size()) continue;
    if (const std::optional<Range> inner = key_in(message.subspan(place), nested + 1))
      return Range{inner->from + place, inner->to == kToTheEnd ? kToTheEnd : inner->to + place};
  }
  return std::nullopt;
} catch (const Error&) {  // it ends before a key could begin
  return std::nullopt;
}

// Whether a chunk is the first of its message. ChunkSeqNo has 16 bits before 1.4.
bool is_first_chunk(View message) {
  const Header header = read_header(message);
  Reader reader(message, "chunk");
  reader.skip(kHeaderSize, "header");
  return (header.version >= k14 ? reader.u32("ChunkSeqNo") : reader.u16("ChunkSeqNo")) == 0;
}

HiddenKeys::Shown without(View message, std::optional<Range> range, std::size_t skipped, std::size_t header) {
  HiddenKeys::Shown out{to_bytes(message)};
  if (!range) return out;
  // The range counts from the beginning of the message of which `skipped` bytes came before, and the others behind `header`.
  for (std::size_t at = header; at < message.size(); ++at) {
    const std::size_t place = at - header + skipped;
    if (place < range->from || place >= range->to) continue;
    out.bytes[at] = 0;
    out.hidden = true;
  }
  return out;
}

}  // namespace

HiddenKeys::Shown hide_key(View message) { return without(message, key_in(message), 0, 0); }

HiddenKeys::Shown HiddenKeys::next(const Message& message) {
  const View bytes = message.bytes;
  if (message.secured || bytes.size() < kHeaderSize) return {message.bytes};
  const Code code = read_header(bytes).code;
  if (code != Code::chunk_send && code != Code::chunk_response) return hide_key(bytes);
  if (bytes.size() < Chunk::header_size(1)) return {message.bytes};
  const bool is_first = is_first_chunk(bytes);
  const std::size_t header = Chunk::header_size(is_first ? 0 : 1);
  Bytes& whole = message.from_requester ? sent_ : received_;
  if (is_first) whole.clear();
  if (bytes.size() <= header) return {message.bytes};
  const std::size_t before = whole.size();
  append(whole, bytes.subspan(header));
  return without(bytes, key_in(whole), before, header);
}

}  // namespace spdm::cmd
