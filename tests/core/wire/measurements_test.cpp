#include "core/wire/measurements.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

MeasurementBlock digest(std::uint8_t index) { return {index, MeasurementType::mutable_firmware, false, Bytes(32, index)}; }

Bytes record(const std::vector<std::uint8_t>& indices) {
  Bytes out;
  for (const std::uint8_t index : indices) append(out, encode_block(digest(index)));
  return out;
}

GetMeasurements request(std::uint8_t operation, bool sign = false) {
  GetMeasurements out;
  out.operation = operation;
  out.signature = sign;
  out.context.fill(0x77);
  return out;
}

MeasurementsResponse response(Bytes blocks, bool sign = false) {
  MeasurementsResponse out;
  out.record = std::move(blocks);
  out.context.fill(0x77);
  if (sign) out.signature = Bytes(64, 0x51);
  return out;
}

MeasurementsResponse read(View message, const GetMeasurements& request, const Parameters& parameters) {
  return decode<MeasurementsResponse>(message, request, parameters);
}

// All blocks of `blocks`, `announced` of them, to operation 0xFF.
MeasurementsResponse read_all(const Bytes& blocks, std::uint8_t announced, std::uint8_t version) {
  return read(response(blocks).encode(version, announced), request(kAllMeasurements), parameters(version));
}

}  // namespace

TEST_CASE("N193 blocks although only their number was asked for") {
  for (const std::uint8_t version : kAllVersions) {
    MeasurementsResponse out = response({});
    for (const unsigned count : {1U, 254U}) {
      out.count = static_cast<std::uint8_t>(count);
      CHECK(read(out.encode(version, 0), request(kMeasurementCount), parameters(version)).count == count);
    }
    malformed("NumberOfBlocks", [&] { read(out.encode(version, 1), request(kMeasurementCount), parameters(version)); });
    out.record = record({1});
    malformed("NumberOfBlocks", [&] { read(out.encode(version, 0), request(kMeasurementCount), parameters(version)); });
    malformed("NumberOfBlocks", [&] { read(out.encode(version, 1), request(kMeasurementCount), parameters(version)); });
  }
}

TEST_CASE("N194 the number of measurements is 0 or 255") {
  for (const std::uint8_t version : kAllVersions) {
    MeasurementsResponse out = response({});
    for (const std::uint8_t count : Octets{0x00, 0xFF}) {
      out.count = count;
      malformed("Param1", [&] { read(out.encode(version, 0), request(kMeasurementCount), parameters(version)); });
    }
  }
}

TEST_CASE("N195 no block, or 255 of them") {
  for (const std::uint8_t version : kAllVersions) {
    malformed("NumberOfBlocks", [&] { read_all({}, 0, version); });
    Bytes many;
    for (unsigned i = 1; i < 0xFF; ++i) append(many, encode_block({static_cast<std::uint8_t>(i), MeasurementType::manifest, true, {0}}));
    CHECK(read_all(many, 254, version).blocks.size() == 254);
    append(many, encode_block({1, MeasurementType::manifest, true, {0}}));
    malformed("NumberOfBlocks", [&] { read_all(many, 255, version); });
  }
}

TEST_CASE("N199 fewer or more blocks than announced") {
  for (const std::uint8_t version : kAllVersions)
    for (const std::uint8_t announced : Octets{0, 1, 3, 255})
      malformed("NumberOfBlocks", [&] { read_all(record({1, 2}), announced, version); });
}

TEST_CASE("N196 one index was asked for") {
  const auto one = [](const Bytes& blocks, std::uint8_t announced) {
    return read(response(blocks).encode(k12, announced), request(5), parameters(k12));
  };
  CHECK(one(record({5}), 1).blocks.size() == 1);
  malformed("asked for", [&] { one({}, 0); });
  malformed("asked for", [&] { one(record({4}), 1); });
  malformed("asked for", [&] { one(record({4, 5}), 2); });
}

TEST_CASE("N197 the record ends after the message, or inside a block header") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes message = response(record({1})).encode(version, 1);
    message[6] = 0x01;  // + 256
    malformed("MeasurementRecord", [&] { read(message, request(kAllMeasurements), parameters(version)); });
    message[7] = 0xFF;
    malformed("MeasurementRecord", [&] { read(message, request(kAllMeasurements), parameters(version)); });
    for (std::size_t size = 1; size < 4; ++size) CHECK_THROWS_AS(read_all(Bytes(size, 1), 1, version), Error);
  }
}

TEST_CASE("N198 a block ends after the record") {
  Bytes blocks = record({1, 2});
  blocks[2] = 0xFF;
  malformed("Measurement", [&] { read_all(blocks, 2, k12); });
  blocks = record({1, 2});
  for (const std::size_t left : {1U, 3U, 4U, 10U}) {
    Bytes cut = blocks;
    cut.resize(39 + left);
    CHECK_THROWS_AS(read_all(cut, 2, k12), Error);
  }
}

TEST_CASE("N200 indices twice, 0 and 255") {
  for (const std::uint8_t version : kAllVersions) {
    malformed("Index", [&] { read_all(record({1, 1}), 2, version); });
    malformed("Index", [&] { read_all(record({0, 1}), 2, version); });
    malformed("Index", [&] { read_all(record({1, 255}), 2, version); });
  }
  malformed("twice", [] { read_all(record({2, 1, 2}), 3, k11); });
}

TEST_CASE("N201 MeasurementSpecification of a block is not DMTF") {
  for (const std::uint8_t specification : Octets{0, 2, 3, 128}) {
    Bytes blocks = record({1});
    blocks[1] = specification;
    malformed("MeasurementSpecification", [&] { read_all(blocks, 1, k12); });
  }
}

TEST_CASE("N202 the value is smaller or larger than its block") {
  Bytes blocks = record({1});
  blocks[5] = 31;
  malformed("MeasurementSize", [&] { read_all(blocks, 1, k12); });
  blocks[5] = 33;
  malformed("DMTFSpecMeasurementValue", [&] { read_all(blocks, 1, k12); });
  malformed("DMTFSpecMeasurementValue", [] { read_all({1, 1, 2, 0, 0x81, 0}, 1, k12); });
  malformed("DMTFSpecMeasurementValueType", [] { read_all({1, 1, 0, 0}, 1, k12); });
}

TEST_CASE("N203 digests of the wrong size") {
  for (const std::size_t size : {0U, 31U, 33U, 48U}) {
    const Bytes blocks = encode_block({1, MeasurementType::immutable_rom, false, Bytes(size, 1)});
    malformed("DMTFSpecMeasurementValueSize", [&] { read_all(blocks, 1, k12); });
    CHECK(read_all(encode_block({1, MeasurementType::immutable_rom, true, Bytes(size, 1)}), 1, k12).blocks[0].raw);
  }
}

TEST_CASE("N204 a digest where only raw values were negotiated") {
  Parameters p = parameters(k12);
  p.measurement_hash = nullptr;
  p.measurement_raw_only = true;
  malformed("only raw", [&] { read(response(record({1})).encode(k12, 1), request(kAllMeasurements), p); });
}

TEST_CASE("N206 changes are reported in a response without signature") {
  for (const std::uint8_t version : {k12, k13, k14})
    for (const std::uint8_t bits : Octets{0x10, 0x20, 0x30}) {
      Bytes message = response(record({1})).encode(version, 1);
      message[3] = bits;
      malformed("ContentChanged", [&] { read(message, request(kAllMeasurements), parameters(version)); });
    }
  Bytes message = response(record({1})).encode(k11, 1);
  message[3] = 0xFF;  // reserved there
  CHECK(read(message, request(kAllMeasurements), parameters(k11)).content_changed == ContentChanged::not_detected);
}

TEST_CASE("N207 changes are reported in a signed response") {
  MeasurementsResponse out = response(record({1}), true);
  for (const ContentChanged changed : {ContentChanged::not_detected, ContentChanged::changed, ContentChanged::unchanged}) {
    out.content_changed = changed;
    CHECK(read(out.encode(k12, 1), request(kAllMeasurements, true), parameters(k12)).content_changed == changed);
  }
  out.content_changed = static_cast<ContentChanged>(3);
  malformed("3 is reserved", [&] { read(out.encode(k12, 1), request(kAllMeasurements, true), parameters(k12)); });
}

TEST_CASE("N208 a signed response about another slot") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    MeasurementsResponse out = response(record({1}), true);
    out.slot = 1;
    malformed("SlotID", [&] { read(out.encode(version, 1), request(kAllMeasurements, true), parameters(version)); });
  }
}

TEST_CASE("N209 RequesterContext is another one, signed or not") {
  for (const std::uint8_t version : {k13, k14})
    for (const bool sign : {false, true}) {
      MeasurementsResponse out = response(record({1}), sign);
      out.context[0] ^= 1;
      malformed("RequesterContext", [&] { read(out.encode(version, 1), request(kAllMeasurements, sign), parameters(version)); });
    }
}

TEST_CASE("N210 no signature although asked for") {
  for (const std::uint8_t version : kAllVersions)
    malformed("Signature", [&] { read(response(record({1})).encode(version, 1), request(kAllMeasurements, true), parameters(version)); });
}

TEST_CASE("N212 a signature that nobody asked for") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes extra = response(record({1})).encode(version, 1);
    extra.resize(extra.size() + 64, 0x51);
    malformed("left over", [&] { read(extra, request(kAllMeasurements), parameters(version)); });
  }
}

TEST_CASE("measurements: cut off anywhere") {
  for (const std::uint8_t version : kAllVersions) {
    for (const bool sign : {false, true})
      refused_when_cut(response(record({1, 2}), sign).encode(version, 2),
                       [&](View cut) { read(cut, request(kAllMeasurements, sign), parameters(version)); });
  }
}

TEST_CASE("N213 opaque data longer than allowed, or of another length than present") {
  const std::size_t at = 8 + 39 + 32;
  for (const std::uint8_t version : kAllVersions) {
    const GetMeasurements get = request(kAllMeasurements, true);
    MeasurementsResponse out = response(record({1}), true);
    out.opaque = Writer().u8(1).zeros(3).zeros(4).take();
    const Bytes good = out.encode(version, 1);
    CHECK(read(good, get, parameters(version)).opaque.size() == 8);
    for (const std::size_t length : {0U, 7U, 9U, 8U + 63U, 8U + 64U, 8U + 65U, 1025U, 0xFFFFU}) {
      Bytes message = good;
      message[at] = static_cast<std::uint8_t>(length);
      message[at + 1] = static_cast<std::uint8_t>(length >> 8);
      CHECK_THROWS_AS(read(message, get, parameters(version)), Error);
    }
  }
}

TEST_CASE("N214 opaque data although no format was negotiated") {
  MeasurementsResponse out = response(record({1}), true);
  out.opaque = Bytes(4, 1);
  Parameters p = parameters(k12);
  p.opaque_format = 0;
  malformed("no opaque data format", [&] { read(out.encode(k12, 1), request(kAllMeasurements, true), p); });
}

TEST_CASE("N317 blocks out of order") {
  for (const std::uint8_t version : {k12, k13, k14}) malformed("ascending", [&] { read_all(record({2, 1}), 2, version); });
  for (const std::uint8_t version : {k10, k11}) CHECK(read_all(record({2, 1}), 2, version).blocks[0].index == 2);
}

TEST_CASE("A20 value types newer than the version, and raw values that nobody asked for") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes blocks;
    for (std::uint8_t type = 0; type <= 0x7F; ++type)
      append(blocks, encode_block({static_cast<std::uint8_t>(type + 1), static_cast<MeasurementType>(type), true, {type}}));
    CHECK(read_all(blocks, 128, version).blocks[0x7F].type == static_cast<MeasurementType>(0x7F));
  }
}

TEST_CASE("N12 reserved fields of MEASUREMENTS") {
  for (const std::uint8_t version : kAllVersions) {
    Bytes message = response(record({1}), true).encode(version, 1);
    message[2] = 0xFF;
    message[3] = version == k10 ? 0xFF : version == k11 ? 0xF0 : 0xC0;
    CHECK(read(message, request(kAllMeasurements, true), parameters(version)).count == 0);
  }
}
