#include "core/wire/measurements.h"

#include "core/text.h"

namespace spdm {

namespace {

constexpr std::uint8_t kRawBit = 0x80;

MeasurementBlock read_block(Reader& reader, const Parameters& parameters) {
  MeasurementBlock block;
  block.index = reader.u8("Index");
  // DSP0274 MEASUREMENTS, N200: 0 and 255 are operations, not indices.
  if (block.index == 0 || block.index == 0xFF) reader.breaks("Index", cat(block.index, ", indices are 1 to 254"));
  // DSP0274 MEASUREMENTS, N318: not checked here. 0xF0 to 0xFC are reserved from 1.2 on, but devices put other manifests there.
  const std::uint8_t specification = reader.u8("MeasurementSpecification");
  // DSP0274 MEASUREMENTS, N201: the layout of blocks of other specifications is not known.
  if (specification != kDmtfMeasurementSpecification)
    reader.breaks("MeasurementSpecification", cat(specification, " at index ", block.index, ", DMTF (1) was negotiated"));
  const std::size_t size = reader.u16("MeasurementSize");
  Reader value = reader.inside(reader.take(size, "Measurement"));  // DSP0274 MEASUREMENTS, N198
  const std::uint8_t type = value.u8("DMTFSpecMeasurementValueType");
  block.type = static_cast<MeasurementType>(type & ~kRawBit);
  block.raw = (type & kRawBit) != 0;
  const std::size_t value_size = value.u16("DMTFSpecMeasurementValueSize");
  block.value = to_bytes(value.take(value_size, "DMTFSpecMeasurementValue"));
  // DSP0274 MEASUREMENTS, N202: bytes behind the value in its block have no meaning.
  if (value.remaining() != 0) reader.breaks("MeasurementSize", cat(size, " at index ", block.index, ", the value makes ", 3 + value_size));
  if (!block.raw) {
    // DSP0274 MEASUREMENTS, N204: without a negotiated hash algorithm a digest has no meaning.
    if (parameters.measurement_raw_only)
      reader.breaks("DMTFSpecMeasurementValueType", cat("a digest at index ", block.index, ", only raw bit streams were negotiated"));
    const std::size_t expected = parameters.measurement_hash == nullptr ? 0 : parameters.measurement_hash->size;
    const bool any = parameters.assumed && parameters.measurement_hash == nullptr;
    // DSP0274 MEASUREMENTS, N203: a digest of another size is not of the negotiated algorithm.
    if (any ? !is_hash_size(value_size) : value_size != expected)
      reader.breaks("DMTFSpecMeasurementValueSize",
                    cat("a digest of ", value_size, " bytes at index ", block.index, ", MeasurementHashAlgo has ", expected));
  }
  return block;
}

// No number that is tolerated makes more of them: each is compared with all others.
void assert_few(const Reader& reader, const MeasurementsResponse& in) {
  if (in.blocks.size() > 0xFF) reader.fail("NumberOfBlocks", cat(in.blocks.size(), " present, 1 to 254 are possible"));
}

void check_blocks(const Reader& reader, const MeasurementsResponse& in, unsigned announced, const GetMeasurements& request,
                  std::uint8_t version) {
  if (request.operation == kMeasurementCount) {
    // DSP0274 MEASUREMENTS, N193: only the number was requested, so no block may be there.
    if (announced != 0 || !in.record.empty()) reader.breaks("NumberOfBlocks", "blocks, only their number was asked for");
    assert_few(reader, in);
    // DSP0274 MEASUREMENTS, N194: the number of indices is 1 to 254.
    if (in.count == 0 || in.count == 0xFF) reader.breaks("Param1", cat(in.count, " measurements, 1 to 254 are possible"));
    return;
  }
  // DSP0274 MEASUREMENTS, N199: a block that is not counted may have been inserted.
  if (in.blocks.size() != announced) reader.breaks("NumberOfBlocks", cat(announced, " announced, ", in.blocks.size(), " present"));
  assert_few(reader, in);
  if (request.operation == kAllMeasurements) {
    // DSP0274 MEASUREMENTS, N195: a response without blocks would pass where nothing is compared.
    if (announced == 0 || announced == 0xFF) reader.breaks("NumberOfBlocks", cat(announced, ", 1 to 254 are possible"));
  } else if (announced != 1 || in.blocks.empty() || in.blocks.front().index != request.operation) {
    reader.breaks("NumberOfBlocks", cat("index ", request.operation, " was asked for, and it alone"));  // DSP0274 MEASUREMENTS, N196
  }
  for (std::size_t i = 0; i < in.blocks.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k)
      // DSP0274 MEASUREMENTS, N200: with two values of one index it is ambiguous which one counts.
      if (in.blocks[k].index == in.blocks[i].index) reader.breaks("Index", cat(in.blocks[i].index, " twice"));
    if (version >= k12 && i > 0 && in.blocks[i].index < in.blocks[i - 1].index)  // DSP0274 MEASUREMENTS, N317
      reader.breaks("Index", cat(in.blocks[i].index, " after ", in.blocks[i - 1].index, ", blocks must be in ascending order"));
  }
}

}  // namespace

Bytes GetMeasurements::encode(std::uint8_t version) const {
  const int attributes = (signature ? 1 : 0) | (raw_bit_stream && version >= k12 ? 2 : 0) | (new_measurement && version >= k13 ? 4 : 0);
  Writer writer = begin(version, Code::get_measurements, static_cast<std::uint8_t>(attributes), operation);
  if (signature) {
    writer.bytes(nonce);
    if (version >= k11) writer.u8(slot_nibble(slot));
  }
  if (version >= k13) writer.bytes(context);
  return writer.take();
}

GetMeasurements GetMeasurements::decode(Reader& reader, std::uint8_t version) {
  GetMeasurements out;
  const Header header = expect(reader, Code::get_measurements, version);
  out.signature = (header.param1 & 1) != 0;
  out.raw_bit_stream = (header.param1 & 2) != 0;
  out.new_measurement = version >= k13 && (header.param1 & 4) != 0;
  out.operation = header.param2;
  if (out.signature) {
    out.nonce = reader.block<32>("Nonce");
    if (version >= k11) out.slot = slot_from_nibble(slot_nibble(reader.u8("SlotIDParam")));
  }
  if (version >= k13) out.context = reader.block<8>("RequesterContext");
  return out;
}

Bytes encode_block(const MeasurementBlock& block) {
  Writer writer;
  writer.u8(block.index).u8(kDmtfMeasurementSpecification).u16(3 + block.value.size());
  writer.u8(static_cast<std::uint8_t>(block.type) | (block.raw ? kRawBit : 0)).u16(block.value.size()).bytes(block.value);
  return writer.take();
}

Bytes MeasurementsResponse::encode(std::uint8_t version, std::uint8_t block_count) const {
  std::uint8_t param2 = 0;
  if (version >= k11 && !signature.empty()) param2 = slot_nibble(slot);
  if (version >= k12 && !signature.empty()) param2 = static_cast<std::uint8_t>(param2 | static_cast<std::uint8_t>(content_changed) << 4);
  Writer writer = begin(version, Code::measurements, count, param2);
  writer.u8(block_count).u24(record.size()).bytes(record).bytes(nonce);
  write_opaque(writer, opaque);
  if (version >= k13) writer.bytes(context);
  writer.bytes(signature);
  return writer.take();
}

MeasurementsResponse MeasurementsResponse::decode(Reader& reader, const GetMeasurements& request, const Parameters& parameters) {
  MeasurementsResponse out;
  const std::uint8_t version = parameters.version;
  const Header header = expect(reader, Code::measurements, version);
  if (request.operation == kMeasurementCount) out.count = header.param1;
  if (request.signature && version >= k11) {
    out.slot = slot_from_nibble(slot_nibble(header.param2));
    // DSP0274 MEASUREMENTS, N208: a signature by the key of another slot is refused.
    if (out.slot != request.slot) reader.breaks("SlotID", cat(out.slot, ", asked for ", request.slot));
  }
  if (version >= k12) {
    std::uint8_t changed = header.param2 >> 4 & 3;
    // DSP0274 MEASUREMENTS, N206: the field has a meaning only under a signature.
    if (!request.signature && changed != 0) reader.breaks("ContentChanged", cat(changed, " in a response without signature"));
    if (changed == 3) {
      reader.breaks("ContentChanged", "3 is reserved");
      changed = 0;
    }
    out.content_changed = static_cast<ContentChanged>(changed);
  }
  const unsigned announced = reader.u8("NumberOfBlocks");
  const std::size_t record_length = reader.u24("MeasurementRecordLength");
  out.record = to_bytes(reader.take(record_length, "MeasurementRecord"));  // DSP0274 MEASUREMENTS, N197
  Reader record = reader.inside(out.record);
  while (record.remaining() != 0) out.blocks.push_back(read_block(record, parameters));
  check_blocks(reader, out, announced, request, version);
  out.nonce = reader.block<32>("Nonce");
  out.opaque = read_opaque(reader, parameters);
  if (version >= k13) {
    out.context = reader.block<8>("RequesterContext");
    // DSP0274 MEASUREMENTS, N209: RequesterContext binds the response to our request.
    if (out.context != request.context) reader.breaks("RequesterContext", "is not the one that was sent");
  }
  if (request.signature) out.signature = to_bytes(reader.take(parameters.signature_size(), "Signature"));  // DSP0274 MEASUREMENTS, N210
  return out;
}

}  // namespace spdm
