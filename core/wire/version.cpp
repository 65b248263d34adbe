#include "core/wire/version.h"

#include <algorithm>

namespace spdm {

Bytes VersionResponse::encode() const {
  Writer writer = begin(0x10, Code::version);
  writer.u8(0).u8(entries.size());
  for (const std::uint16_t entry : entries) writer.u16(entry);
  return writer.take();
}

VersionResponse VersionResponse::decode(Reader& reader) {
  expect(reader, Code::version, 0x10);
  reader.skip(1, "reserved");
  const std::uint8_t count = reader.u8("VersionNumberEntryCount");
  // DSP0274 VERSION, N46: a responder speaks at least one version.
  if (count == 0) reader.fail("VersionNumberEntryCount", "0, at least one version must be offered");
  VersionResponse response;
  for (unsigned i = 0; i < count; ++i) response.entries.push_back(reader.u16("VersionNumberEntry"));
  return response;
}

std::optional<std::uint8_t> highest_common(const VersionResponse& response, std::span<const std::uint8_t> ours) {
  std::optional<std::uint8_t> best;
  for (const std::uint16_t entry : response.entries) {
    const auto version = static_cast<std::uint8_t>(entry >> 8);
    if (std::find(ours.begin(), ours.end(), version) != ours.end() && (!best || version > *best)) best = version;
  }
  return best;
}

}  // namespace spdm
