#include "core/wire/chunk.h"

#include "core/wire/decode.h"
#include "core/wire/error_response.h"

using namespace wire;

namespace {

Chunk chunk(std::uint32_t sequence, std::size_t size, bool last = false, std::uint32_t total = 100) {
  return {.last = last,
          .handle = 5,
          .sequence = sequence,
          .large_message_size = total,
          .data = Bytes(size, static_cast<std::uint8_t>(sequence))};
}

Chunk read(View message, std::uint8_t version) {
  Reader reader(message, "CHUNK_RESPONSE");
  Chunk out = Chunk::decode(reader, Code::chunk_response, version);
  reader.assert_done();
  return out;
}

ChunkAssembler assembler(std::uint8_t version = k12, std::uint64_t limit = 1000) { return {version, 5, limit}; }

// Adds a chunk to a message of 100 bytes whose first 40 are there.
void add_second(const Chunk& second) {
  ChunkAssembler all = assembler();
  all.add(chunk(0, 40), "CHUNK_RESPONSE");
  all.add(second, "CHUNK_RESPONSE");
}

Bytes error_message(ErrorCode code, Bytes extended = {}) {
  return ErrorResponse{.version = k12, .code = code, .data = 0, .extended = std::move(extended)}.encode();
}

}  // namespace

TEST_CASE("chunk: both layouts, there and back") {
  for (const std::uint8_t version : {k12, k13, k14})
    for (const std::uint32_t sequence : {0U, 1U, 0xFFFFU}) {
      const Chunk in = chunk(sequence, 30, true);
      const Bytes bytes = in.encode(Code::chunk_response, version);
      CHECK(bytes.size() == Chunk::header_size(sequence) + 30);
      const Chunk out = read(bytes, version);
      CHECK(out.sequence == sequence);
      CHECK(out.large_message_size == (sequence == 0 ? 100 : 0));
      CHECK(out.data == in.data);
      CHECK(out.last);
      refused_when_cut(bytes, [&](View cut) { read(cut, version); });
      const Bytes get = ChunkGet{.handle = 5, .sequence = sequence}.encode(version);
      CHECK(get.size() == (version >= k14 ? 8 : 6));
      CHECK(decode<ChunkGet>(get, version).sequence == sequence);
    }
}

TEST_CASE("N282 another handle") {
  Chunk other = chunk(0, 40);
  other.handle = 6;
  malformed("Handle", [&] { assembler().add(other, "CHUNK_RESPONSE"); });
}

TEST_CASE("N283 chunks out of sequence") {
  malformed("ChunkSeqNo", [] { assembler().add(chunk(1, 40), "CHUNK_RESPONSE"); });
  for (const std::uint32_t sequence : {0U, 2U, 0xFFFFU, 0x10000U}) malformed("ChunkSeqNo", [&] { add_second(chunk(sequence, 30)); });
  for (const std::uint8_t version : {k12, k14}) {  // past 65535
    ChunkAssembler all(version, 5, 0xFFFFFFFF);
    all.add(chunk(0, 26, false, 0x300000), "CHUNK_RESPONSE");
    const Chunk filler = chunk(1, 30);
    Chunk next = filler;
    for (; next.sequence <= 0xFFFF; ++next.sequence) all.add(next, "CHUNK_RESPONSE");
    if (version == k12)
      malformed("65536", [&] { all.add(next, "CHUNK_RESPONSE"); });
    else
      all.add(next, "CHUNK_RESPONSE");
  }
}

TEST_CASE("N284 LargeMessageSize is bounded before memory is taken") {
  for (const std::uint32_t total : {0U, 1U, 36U, 1001U, 0xFFFFFFFFU})
    malformed("LargeMessageSize", [&] { assembler().add(chunk(0, 30, false, total), "CHUNK_RESPONSE"); });
  for (const std::uint32_t total : {43U, 1000U}) {
    ChunkAssembler all = assembler();
    all.add(chunk(0, 30, false, total), "CHUNK_RESPONSE");
    CHECK_FALSE(all.complete());
  }
}

TEST_CASE("N285 N286 ChunkSize") {
  for (const std::uint8_t version : {k12, k14}) {
    Bytes message = chunk(0, 40).encode(Code::chunk_response, version);
    message[8] = 41;
    malformed("SPDMchunk", [&] { read(message, version); });  // N285
    message[8] = 0;
    malformed("ChunkSize", [&] { read(message, version); });  // N286
    for (std::size_t i = 8; i < 12; ++i) message[i] = 0xFF;
    malformed("SPDMchunk", [&] { read(message, version); });
  }
  malformed("ChunkSize", [] { assembler().add(chunk(0, 25), "CHUNK_RESPONSE"); });
  malformed("ChunkSize", [] { add_second(chunk(1, 29)); });
  ChunkAssembler all = assembler();
  all.add(chunk(0, 99), "CHUNK_RESPONSE");
  all.add(chunk(1, 1, true), "CHUNK_RESPONSE");  // the last one may be small
  CHECK(all.complete());
}

TEST_CASE("N287 N288 N289 the chunks do not make up the message") {
  malformed("ChunkSize", [] { add_second(chunk(1, 61, true)); });  // N287
  malformed("LastChunk", [] { add_second(chunk(1, 59, true)); });  // N288
  malformed("LastChunk", [] { add_second(chunk(1, 60, false)); });
  malformed("LastChunk", [] { assembler().add(chunk(0, 100, true), "CHUNK_RESPONSE"); });
  Bytes again = chunk(1, 60, true).encode(Code::chunk_response, k12);  // N289
  const Bytes size = Writer().u32(100).take();
  again.insert(again.begin() + 12, size.begin(), size.end());
  malformed("left over", [&] { read(again, k12); });
  again[8] = 64;
  malformed("ChunkSize", [&] { add_second(read(again, k12)); });
  ChunkAssembler all = assembler();
  all.add(chunk(0, 40), "CHUNK_RESPONSE");
  all.add(chunk(1, 60, true), "CHUNK_RESPONSE");
  malformed("", [&] { all.add(chunk(2, 30), "CHUNK_RESPONSE"); });
  CHECK(all.take().size() == 100);
}

TEST_CASE("N293 N294 N296 N297 N298 CHUNK_SEND_ACK") {
  const Bytes answer = error_message(ErrorCode::busy);
  const Chunk middle = chunk(1, 30), end = chunk(2, 30, true);
  const auto read_ack = [](ChunkSendAck ack, const Chunk& sent, std::uint8_t version) {
    return decode<ChunkSendAck>(ack.encode(version), sent, version);
  };
  for (const std::uint8_t version : {k12, k13, k14}) {
    CHECK(read_ack({false, 5, 1, {}}, middle, version).response.empty());
    CHECK(read_ack({false, 5, 2, answer}, end, version).response == answer);
    CHECK(read_ack({true, 5, 1, answer}, middle, version).response == answer);
    malformed("Handle", [&] { read_ack({false, 6, 1, {}}, middle, version); });  // N293
    malformed("ChunkSeqNo", [&] { read_ack({false, 5, 2, {}}, middle, version); });
    malformed("missing", [&] { read_ack({true, 5, 1, {}}, middle, version); });  // N294
    malformed("without ERROR", [&] { read_ack({true, 5, 1, {0x12, 0x01, 0, 0}}, middle, version); });
    malformed("LargeResponse", [&] { read_ack({true, 5, 1, error_message(ErrorCode::large_response, {1})}, middle, version); });
    malformed("LargeResponse", [&] { read_ack({false, 5, 2, error_message(ErrorCode::large_response, {1})}, end, version); });
    malformed("left over", [&] { read_ack({false, 5, 1, answer}, middle, version); });  // N296
    malformed("missing", [&] { read_ack({false, 5, 2, {}}, end, version); });           // N297
    malformed("missing", [&] { read_ack({false, 5, 2, {0x12, 0x01, 0}}, end, version); });
    malformed("SPDMVersion", [&] {  // N298
      decode<ChunkSendAck>(ChunkSendAck{false, 5, 1, {}}.encode(version), middle, static_cast<std::uint8_t>(version - 1));
    });
    malformed("SPDMVersion", [&] { read(chunk(0, 40).encode(Code::chunk_response, version), k11); });
  }
}
