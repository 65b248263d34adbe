#include "core/wire/mel.h"

#include "core/text.h"

namespace spdm {

Bytes GetMel::encode(std::uint8_t version) const {
  return begin(version, Code::get_measurement_extension_log).u32(offset).u32(length).take();
}

GetMel GetMel::decode(Reader& reader, std::uint8_t version) {
  GetMel out;
  expect(reader, Code::get_measurement_extension_log, version);
  out.offset = reader.u32("Offset");
  out.length = reader.u32("Length");
  return out;
}

Bytes MelResponse::encode(std::uint8_t version) const {
  return begin(version, Code::measurement_extension_log).u32(portion.size()).u32(remainder).bytes(portion).take();
}

MelResponse MelResponse::decode(Reader& reader, const GetMel& request, const Parameters& parameters) {
  MelResponse out;
  expect(reader, Code::measurement_extension_log, parameters.version);
  const std::uint64_t size = reader.u32("PortionLength");
  out.remainder = reader.u32("RemainderLength");
  if (size == 0) reader.fail("PortionLength", "0, no progress");  // DSP0274 MEASUREMENT_EXTENSION_LOG, N302
  // DSP0274 MEASUREMENT_EXTENSION_LOG, N302
  if (size > request.length) reader.fail("PortionLength", cat(size, ", at most ", request.length, " were asked for"));
  const std::uint64_t total = request.offset + size + out.remainder;
  if (total > kMaxExtensionLog) reader.fail("RemainderLength", cat("a log of ", total, " bytes, at most ", kMaxExtensionLog, " are taken"));
  out.portion = to_bytes(reader.take(size, "MEL"));
  return out;
}

std::vector<MelEntry> read_mel(View log) {
  Reader reader(log, "measurement extension log");
  const std::uint32_t count = reader.u32("NumberOfEntries");
  const std::uint32_t length = reader.u32("MELEntriesLength");
  reader.skip(8, "reserved");
  Reader entries(reader.take(length, "MELEntries"), reader.message());
  std::vector<MelEntry> out;
  while (entries.remaining() != 0) {
    if (out.size() == count) reader.fail("NumberOfEntries", cat(count, " announced, and more are present"));
    const View from = entries.rest();
    const std::size_t start = entries.offset();
    MelEntry entry;
    entry.index = entries.u32("MELIndex");
    entry.measurement_index = entries.u8("MeasIndex");
    entries.skip(3, "reserved");
    entry.value_type = entries.u8("DMTFSpecMeasurementValueType");
    entry.value = to_bytes(entries.take(entries.u16("DMTFSpecMeasurementValueSize"), "DMTFSpecMeasurementValue"));
    entry.raw = to_bytes(from.first(entries.offset() - start));
    if (entry.index != out.size() + 1) entries.fail("MELIndex", cat(entry.index, ", expected ", out.size() + 1));
    out.push_back(std::move(entry));
  }
  if (out.size() != count) reader.fail("NumberOfEntries", cat(count, " announced, ", out.size(), " present"));
  return out;
}

}  // namespace spdm
