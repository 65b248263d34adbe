#include "core/wire/mel.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

MelResponse read(const MelResponse& response, const GetMel& request) {
  return decode<MelResponse>(response.encode(k13), request, parameters(k13));
}

Bytes entry(std::uint32_t index, std::uint8_t measurement = 3, std::size_t size = 4) {
  return Writer().u32(index).u8(measurement).zeros(3).u8(0x81).u16(size).bytes(Bytes(size, 0x4D)).take();
}

Bytes log_of(std::uint32_t count, const Bytes& entries) { return Writer().u32(count).u32(entries.size()).u64(0).bytes(entries).take(); }

}  // namespace

TEST_CASE("N8 portions of the extension log that wrap 32 bits") {
  const GetMel all{.offset = 0, .length = 100};
  malformed("RemainderLength", [&] { read({.remainder = 0xFFFFFFFF, .portion = Bytes(100)}, all); });
  malformed("RemainderLength", [] { read({.remainder = 0xFFFFFFF0, .portion = Bytes(16)}, {.offset = 0xFFFFFFF0, .length = 16}); });
}

TEST_CASE("N302 portions of the extension log") {
  const GetMel all{.offset = 0, .length = 100};
  CHECK(read({.remainder = 7, .portion = Bytes(100)}, all).remainder == 7);
  malformed("PortionLength", [&] { read({.remainder = 7, .portion = {}}, all); });
  malformed("PortionLength", [&] { read({.remainder = 0, .portion = Bytes(101)}, all); });
  malformed("RemainderLength", [&] { read({.remainder = kMaxExtensionLog, .portion = Bytes(1)}, all); });
  refused_when_cut(MelResponse{.remainder = 7, .portion = Bytes(100)}.encode(k13),
                   [&](View cut) { decode<MelResponse>(cut, all, parameters(k13)); });
}

TEST_CASE("N303 entries of the extension log") {
  Bytes two = entry(1);
  append(two, entry(2, 4, 0));
  const Bytes good = log_of(2, two);
  const std::vector<MelEntry> entries = read_mel(good);
  REQUIRE(entries.size() == 2);
  CHECK(entries[1].measurement_index == 4);
  CHECK(entries[0].raw == entry(1));
  CHECK(read_mel(log_of(0, {})).empty());
  refused_when_cut(good, [](View cut) { read_mel(cut); });
  for (const std::uint32_t count : {0U, 1U, 3U, 0xFFFFFFFFU}) malformed("NumberOfEntries", [&] { read_mel(log_of(count, two)); });
  malformed("MELIndex", [] { read_mel(log_of(1, entry(0))); });
  malformed("MELIndex", [] { read_mel(log_of(1, entry(2))); });
  Bytes overrun = good;
  overrun[4] = 0xFF;
  malformed("MELEntries", [&] { read_mel(overrun); });
  overrun = good;
  overrun[16 + 10] = 0xFF;  // value size of the first entry
  malformed("DMTFSpecMeasurementValue", [&] { read_mel(overrun); });
}
