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

// Chunks that were sent, and the answer to the whole message.
const Bytes kAnswer = error_message(ErrorCode::busy);
const Chunk kMiddle = chunk(1, 30), kEnd = chunk(2, 30, true);

ChunkSendAck read_ack(const ChunkSendAck& ack, const Chunk& sent, std::uint8_t version) {
  return decode<ChunkSendAck>(ack.encode(version), sent, version);
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

TEST_CASE("N285 ChunkSize is more than what came") {
  for (const std::uint8_t version : {k12, k14}) {
    Bytes message = chunk(0, 40).encode(Code::chunk_response, version);
    message[8] = 41;
    malformed("SPDMchunk", [&] { read(message, version); });
    for (std::size_t i = 8; i < 12; ++i) message[i] = 0xFF;
    malformed("SPDMchunk", [&] { read(message, version); });
  }
}

TEST_CASE("N286 chunks of nothing, and tiny ones that are not the last") {
  for (const std::uint8_t version : {k12, k14}) {
    Bytes message = chunk(0, 40).encode(Code::chunk_response, version);
    message[8] = 0;
    malformed("ChunkSize", [&] { read(message, version); });
  }
  malformed("ChunkSize", [] { assembler().add(chunk(0, 25), "CHUNK_RESPONSE"); });
  malformed("ChunkSize", [] { add_second(chunk(1, 29)); });
  ChunkAssembler all = assembler();
  all.add(chunk(0, 99), "CHUNK_RESPONSE");
  all.add(chunk(1, 1, true), "CHUNK_RESPONSE");  // the last one may be small
  CHECK(all.complete());
}

TEST_CASE("N287 more data than LargeMessageSize") {
  malformed("ChunkSize", [] { add_second(chunk(1, 61, true)); });
  ChunkAssembler all = assembler();
  all.add(chunk(0, 40), "CHUNK_RESPONSE");
  all.add(chunk(1, 60, true), "CHUNK_RESPONSE");
  malformed("", [&] { all.add(chunk(2, 30), "CHUNK_RESPONSE"); });
  CHECK(all.take().size() == 100);
}

TEST_CASE("N288 LastChunk before the end, or not at the end") {
  malformed("LastChunk", [] { add_second(chunk(1, 59, true)); });
  malformed("LastChunk", [] { add_second(chunk(1, 60, false)); });
  malformed("LastChunk", [] { assembler().add(chunk(0, 100, true), "CHUNK_RESPONSE"); });
}

TEST_CASE("N289 LargeMessageSize in a later chunk is data") {
  Bytes again = chunk(1, 60, true).encode(Code::chunk_response, k12);
  const Bytes size = Writer().u32(100).take();
  again.insert(again.begin() + 12, size.begin(), size.end());
  malformed("left over", [&] { read(again, k12); });
  again[8] = 64;
  malformed("ChunkSize", [&] { add_second(read(again, k12)); });
}

TEST_CASE("chunk: CHUNK_SEND_ACK as it should be") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    CHECK(read_ack({false, 5, 1, {}}, kMiddle, version).response.empty());
    CHECK(read_ack({false, 5, 2, kAnswer}, kEnd, version).response == kAnswer);
    CHECK(read_ack({true, 5, 1, kAnswer}, kMiddle, version).response == kAnswer);
  }
}

TEST_CASE("chunk: CHUNK_SEND_ACK that cannot be") {
  struct Case {
    std::string_view rule;
    ChunkSendAck ack;
    const Chunk& sent;
    const char* field;
  };
  const Bytes large = error_message(ErrorCode::large_response, {1});
  const std::vector<Case> cases{
      {"N293", {false, 6, 1, {}}, kMiddle, "Handle"},
      {"N293", {false, 5, 2, {}}, kMiddle, "ChunkSeqNo"},
      {"N294", {true, 5, 1, {}}, kMiddle, "missing"},
      {"N294", {true, 5, 1, {0x12, 0x01, 0, 0}}, kMiddle, "without ERROR"},
      {"N294", {true, 5, 1, large}, kMiddle, "LargeResponse"},
      {"N294", {false, 5, 2, large}, kEnd, "LargeResponse"},
      {"N296", {false, 5, 1, kAnswer}, kMiddle, "left over"},
      {"N297", {false, 5, 2, {}}, kEnd, "missing"},
      {"N297", {false, 5, 2, {0x12, 0x01, 0}}, kEnd, "missing"},
  };
  for (const std::uint8_t version : {k12, k13, k14})
    for (const Case& c : cases) {
      CAPTURE(c.rule);
      malformed(c.field, [&] { read_ack(c.ack, c.sent, version); });
    }
}

TEST_CASE("N298 a chunk or its acknowledgement has another version") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    malformed("SPDMVersion", [&] {
      decode<ChunkSendAck>(ChunkSendAck{false, 5, 1, {}}.encode(version), kMiddle, static_cast<std::uint8_t>(version - 1));
    });
    malformed("SPDMVersion", [&] { read(chunk(0, 40).encode(Code::chunk_response, version), k11); });
  }
}
