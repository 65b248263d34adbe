#include "core/wire/security_protocol.h"

#include <algorithm>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::string_view kList = "list of security protocols", kDiscovery = "storage discovery", kPending = "storage pending info";
constexpr std::uint16_t kDiscoverySize = 32, kPendingSize = 12;
constexpr std::size_t kListHeader = 8;
constexpr std::uint16_t kVersion = 0x1000;

std::uint16_t swapped(std::uint16_t value) { return static_cast<std::uint16_t>(value << 8 | value >> 8); }

std::uint32_t swapped(std::uint32_t value) {
  return std::uint32_t{swapped(static_cast<std::uint16_t>(value & 0xFFFF))} << 16 | swapped(static_cast<std::uint16_t>(value >> 16));
}

// Reads numbers in one of the two orders, fields as Reader.
class OrderedReader {
 public:
  OrderedReader(Reader& reader, ByteOrder order) : reader_(reader), order_(order) {}
  std::uint16_t u16(std::string_view field) {
    const std::uint16_t value = reader_.u16(field);
    return order_ == ByteOrder::big ? swapped(value) : value;
  }
  std::uint32_t u32(std::string_view field) {
    const std::uint32_t value = reader_.u32(field);
    return order_ == ByteOrder::big ? swapped(value) : value;
  }

 private:
  Reader& reader_;
  ByteOrder order_;
};

std::uint16_t ordered(std::uint16_t value, ByteOrder order) { return order == ByteOrder::big ? swapped(value) : value; }
std::uint32_t ordered(std::uint32_t value, ByteOrder order) { return order == ByteOrder::big ? swapped(value) : value; }

// A minor version may add, a major one may change all. Some drives have length and version in different orders.
std::uint16_t read_version(OrderedReader& numbers, const Reader& reader) {
  const std::uint16_t version = numbers.u16("binding version");
  for (const std::uint16_t one : {version, swapped(version)})
    if (one >> 12 == kVersion >> 12 && (one & 0xFF) == 0) return one;
  reader.fail("binding version", cat("0x", hex(version, 4), ", 1.x is known"));
}

}  // namespace

std::vector<std::uint8_t> decode_protocol_list(View data) {
  Reader reader(data, kList);
  reader.skip(6, "reserved");
  OrderedReader ordered_reader(reader, ByteOrder::big);
  const std::uint16_t length = ordered_reader.u16("length");
  // A list that is longer than was asked for says so by its length.
  const View list = reader.take(std::min<std::size_t>(length, kListAllocation - kListHeader), "protocols");
  return {list.begin(), list.end()};
}

Bytes encode_protocol_list(const std::vector<std::uint8_t>& protocols) {
  Writer out;
  out.zeros(6).u16(swapped(static_cast<std::uint16_t>(protocols.size()))).bytes(protocols);
  return out.take();
}

std::string StorageDiscovery::version_text() const { return cat(version >> 12, ".", version >> 8 & 0xF); }

Bytes StorageDiscovery::encode() const {
  Writer out;
  out.u16(ordered(kDiscoverySize, order)).u16(ordered(version, order)).u8((connections - 1U) & 3U).zeros(3).u8(operations).zeros(23);
  return out.take();
}

StorageDiscovery StorageDiscovery::decode(View data) {
  Reader reader(data, kDiscovery);
  StorageDiscovery out;
  const std::uint16_t length = reader.u16("length");
  if (length != kDiscoverySize && length != swapped(kDiscoverySize))
    reader.fail("length", cat("0x", hex(length, 4), " is ", kDiscoverySize, " in neither byte order"));
  out.order = length == kDiscoverySize ? ByteOrder::little : ByteOrder::big;
  OrderedReader numbers(reader, out.order);
  out.version = read_version(numbers, reader);
  out.connections = static_cast<std::uint8_t>((reader.u8("connections") & 3U) + 1U);
  reader.skip(3, "reserved");
  out.operations = reader.u8("operations");
  reader.skip(23, "reserved");
  if (!out.has(StorageOperation::message)) reader.fail("operations", cat("0x", hex(out.operations, 2), " lacks messages (0x20)"));
  return out;
}

Bytes PendingInfo::encode(ByteOrder order) const {
  Writer out;
  out.u16(ordered(kPendingSize, order)).u16(ordered(kVersion, order));
  out.u32(ordered(std::uint32_t{waits ? 1U : 0U}, order)).u32(ordered(length, order));
  return out.take();
}

PendingInfo PendingInfo::decode(View data, ByteOrder order) {
  Reader reader(data, kPending);
  OrderedReader numbers(reader, order);
  if (const std::uint16_t length = numbers.u16("length"); length != kPendingSize)
    reader.fail("length", cat(length, ", is ", kPendingSize, " (", name(order), ", as in discovery)"));
  read_version(numbers, reader);
  PendingInfo out;
  out.waits = (numbers.u32("flags") & 1U) != 0;
  out.length = numbers.u32("response length");
  if (out.waits && out.length == 0) reader.fail("response length", "0, although a response waits");
  return out;
}

}  // namespace spdm
