#include "core/wire/chunk.h"

#include "core/text.h"
#include "core/wire/error_response.h"

namespace spdm {

namespace {

// ChunkSeqNo: 16 bits and 16 reserved before 1.4, 32 bits from 1.4 on.
std::uint32_t read_sequence(Reader& reader, std::uint8_t version, bool with_reserved) {
  if (version >= k14) return reader.u32("ChunkSeqNo");
  const std::uint32_t sequence = reader.u16("ChunkSeqNo");
  if (with_reserved) reader.skip(2, "reserved");
  return sequence;
}

void write_sequence(Writer& writer, std::uint32_t sequence, std::uint8_t version, bool with_reserved) {
  if (version >= k14) {
    writer.u32(sequence);
  } else {
    writer.u16(sequence);
    if (with_reserved) writer.u16(0);
  }
}

}  // namespace

Bytes Chunk::encode(Code code, std::uint8_t version) const {
  Writer writer = begin(version, code, last ? 1 : 0, handle);
  write_sequence(writer, sequence, version, true);
  writer.u32(data.size());
  if (sequence == 0) writer.u32(large_message_size);
  writer.bytes(data);
  return writer.take();
}

Chunk Chunk::decode(Reader& reader, Code code, std::uint8_t version) {
  Chunk out;
  const Header header = expect(reader, code, version);
  out.last = (header.param1 & 1) != 0;
  out.handle = header.param2;
  out.sequence = read_sequence(reader, version, true);
  const std::size_t size = reader.u32("ChunkSize");
  if (out.sequence == 0) out.large_message_size = reader.u32("LargeMessageSize");
  if (size == 0) reader.fail("ChunkSize", "0, no progress");  // DSP0274 large messages, N286
  out.data = to_bytes(reader.take(size, "SPDMchunk"));        // DSP0274 large messages, N285
  return out;
}

Bytes ChunkGet::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::chunk_get, 0, handle);
  write_sequence(writer, sequence, version, false);
  return writer.take();
}

ChunkGet ChunkGet::decode(Reader& reader, std::uint8_t version) {
  ChunkGet out;
  out.handle = expect(reader, Code::chunk_get, version).param2;
  out.sequence = read_sequence(reader, version, false);
  return out;
}

Bytes ChunkSendAck::encode(std::uint8_t version) const {
  Writer writer = begin(version, Code::chunk_send_ack, early_error ? 1 : 0, handle);
  write_sequence(writer, sequence, version, false);
  writer.bytes(response);
  return writer.take();
}

ChunkSendAck ChunkSendAck::decode(Reader& reader, const Chunk& request, std::uint8_t version) {
  ChunkSendAck out;
  const Header header = expect(reader, Code::chunk_send_ack, version);
  out.early_error = (header.param1 & 1) != 0;
  out.handle = header.param2;
  out.sequence = read_sequence(reader, version, false);
  if (out.handle != request.handle) reader.fail("Handle", cat(out.handle, ", sent ", request.handle));
  if (out.sequence != request.sequence) reader.fail("ChunkSeqNo", cat(out.sequence, ", sent ", request.sequence));
  if (out.early_error || request.last) {
    out.response = to_bytes(reader.take(reader.remaining(), "ResponseToLargeRequest"));
    if (out.response.size() < kHeaderSize) reader.fail("ResponseToLargeRequest", "missing");
    if (out.early_error && !is_error(out.response)) reader.fail("ResponseToLargeRequest", "an early error without ERROR");
    if (is_error(out.response) && static_cast<ErrorCode>(out.response[2]) == ErrorCode::large_response)
      reader.fail("ResponseToLargeRequest", "ERROR LargeResponse inside CHUNK_SEND_ACK");
  }
  return out;
}

void ChunkAssembler::add(const Chunk& chunk, std::string_view message) {
  if (chunk.handle != handle_) malformed(message, "Handle", cat(chunk.handle, ", expected ", handle_));      // DSP0274 large messages, N282
  if (chunk.sequence != next_) malformed(message, "ChunkSeqNo", cat(chunk.sequence, ", expected ", next_));  // DSP0274 large messages, N283
  if (version_ < k14 && next_ > 0xFFFF) malformed(message, "ChunkSeqNo", "more than 65536 chunks");          // DSP0274 large messages, N283
  if (complete_) malformed(message, "ChunkSeqNo", "a chunk after the last one");
  if (chunk.sequence == 0) {
    // DSP0274 large messages, N284: a message in chunks is larger than the smallest transfer. Its size is bounded
    // before memory is taken. A response to CHUNK_SEND may be smaller by the acknowledgement's header: only both
    // together did not fit.
    const std::uint64_t least = kMinDataTransferSize - ChunkSendAck::header_size(version_);
    if (chunk.large_message_size <= least || chunk.large_message_size > limit_)
      malformed(message, "LargeMessageSize", cat(chunk.large_message_size, ", must be more than ", least, " and at most ", limit_));
    total_ = chunk.large_message_size;
    data_.reserve(total_);
  }
  // DSP0274 large messages, N286: only the last chunk may be smaller than the smallest transfer holds. Many tiny chunks
  // would prolong the loop.
  if (!chunk.last && chunk.data.size() < kMinDataTransferSize - Chunk::header_size(chunk.sequence))
    malformed(message, "ChunkSize", cat(chunk.data.size(), ", a chunk before the last must fill the smallest transfer"));
  // DSP0274 large messages, N287: the sum never passes the size that memory was taken for.
  if (data_.size() + chunk.data.size() > total_)
    malformed(message, "ChunkSize", cat(data_.size() + chunk.data.size(), " bytes in all, LargeMessageSize is ", total_));
  append(data_, chunk.data);
  ++next_;
  // DSP0274 large messages, N288: both say where the message ends, and they must agree.
  if (chunk.last != (data_.size() == total_))
    malformed(message, "LastChunk", cat(chunk.last ? "set" : "not set", " after ", data_.size(), " of ", total_, " bytes"));
  if (chunk.last && chunk.sequence == 0) malformed(message, "LastChunk", "set in the first chunk");
  complete_ = chunk.last;
}

}  // namespace spdm
