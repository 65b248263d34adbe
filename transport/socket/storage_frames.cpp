#include "transport/socket/storage_frames.h"

#include "core/error.h"
#include "core/text.h"

namespace spdm::transport {

namespace {

constexpr std::string_view kFrame = "emulator frame of a drive";

}  // namespace

Bytes encode_storage_header(const StorageHeader& header) {
  return Writer().u8(header.protocol).u16(header.specific).u32(header.length).take();
}

StorageHeader parse_storage_header(View payload) {
  Reader reader(payload, kFrame);
  StorageHeader out;
  out.protocol = reader.u8("protocol");
  out.specific = reader.u16("protocol specific field");
  out.length = reader.u32("length");
  return out;
}

Bytes encode_storage_status(std::uint16_t status) {
  return {static_cast<std::uint8_t>(status >> 8), static_cast<std::uint8_t>(status & 0xFF)};
}

std::uint16_t parse_storage_status(View payload) {
  if (payload.size() != 2) malformed(kFrame, "status", cat(payload.size(), " bytes, expected 2"));
  return static_cast<std::uint16_t>(payload[0] << 8 | payload[1]);
}

}  // namespace spdm::transport
