// Large messages in pieces, both ways, against a responder that cuts them wrong.
#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/protocol/collect.h"
#include "core/text.h"
#include "support/fake_link.h"
#include "support/small_device.h"

using namespace spdm;

namespace {

fake::Profile tight(std::uint8_t version = k12) {
  fake::Profile out;
  out.versions = {version};
  out.room = 42;
  out.send_limit = 42;
  return out;
}

Wanted authenticate() {
  Wanted out;
  out.measurements = MeasurementMode::all;
  return out;
}

struct Run {
  explicit Run(fake::Device& from, std::size_t room = 42)
      : link([&from](View message) { return from.answer(message); }, Binding::none, room) {}
  void collect(const Wanted& wanted = authenticate()) {
    Limits limits;
    limits.exchange = std::chrono::seconds(2);
    limits.busy_retries = 2;
    spdm::collect(link, wanted, limits, evidence);
  }
  std::size_t sent(Code code) const {
    std::size_t out = 0;
    for (const Bytes& request : link.requests) out += request[1] == static_cast<std::uint8_t>(code) ? 1U : 0U;
    return out;
  }

  fake::Link link;
  Evidence evidence;
};

// Changes the chunks that a device sends; then collecting must fail.
void broken(const std::string& part, const std::function<void(Chunk&)>& change) {
  fake::Device device(tight());
  device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::chunk_get) return std::nullopt;
    const Bytes bytes = device.serve(message);
    Reader reader(bytes, "CHUNK_RESPONSE");
    Chunk chunk = Chunk::decode(reader, Code::chunk_response, k12);
    change(chunk);
    return chunk.encode(Code::chunk_response, k12);
  };
  Run run(device, 64);
  expect_error(ErrorId::peer, part, [&] { run.collect(); });
}

// Answers CHUNK_GET with a message of ours that we cut ourselves.
void reassembled(const std::string& part, const Bytes& message) {
  fake::Device device(tight());
  device.intercept = [&](Code code, View bytes) -> std::optional<Bytes> {
    if (code != Code::chunk_get) return std::nullopt;
    Reader reader(bytes, "CHUNK_GET");
    const ChunkGet get = ChunkGet::decode(reader, k12);
    const View piece = get.sequence == 0 ? View(message).first(26) : View(message).subspan(26);
    const Chunk chunk{.last = get.sequence != 0,
                      .handle = get.handle,
                      .sequence = get.sequence,
                      .large_message_size = static_cast<std::uint32_t>(message.size()),
                      .data = to_bytes(piece)};
    return chunk.encode(Code::chunk_response, k12);
  };
  Run run(device);
  expect_error(ErrorId::peer, part, [&] { run.collect(); });
}

Bytes error(std::uint8_t code, Bytes extended = {}) {
  return ErrorResponse{.version = k12, .code = static_cast<ErrorCode>(code), .data = 0, .extended = std::move(extended)}.encode();
}

// 50 bytes with this header.
Bytes headed(std::uint8_t version, std::uint8_t code, std::uint8_t param1) {
  Bytes message(50, 0);
  message[0] = version, message[1] = code, message[2] = param1;
  return message;
}

// LargeResponse to GET_DIGESTS where no side has CHUNK_CAP.
void large_without_chunks(std::uint8_t version) {
  fake::Profile profile;
  profile.versions = {version};
  profile.chunks = false;
  fake::Device device(profile);
  device.intercept = [&](Code code, View) -> std::optional<Bytes> {
    if (code == Code::get_digests) return Bytes{version, 0x7F, 0x0F, 0, 1};
    return std::nullopt;
  };
  Run run(device, 4608);
  expect_error(ErrorId::peer, "chunks were not negotiated", [&] { run.collect(); });
  CHECK(run.sent(Code::chunk_get) == 0);
}

// LargeResponse to a request of the time before chunks are negotiated.
void large_too_early(Code at) {
  fake::Device device;
  device.intercept = [&](Code code, View) -> std::optional<Bytes> {
    if (code == at) return error(0x0F, {1});
    return std::nullopt;
  };
  Run run(device, 4608);
  expect_error(ErrorId::peer, "chunks were not negotiated", [&] { run.collect(); });
  CHECK(run.sent(Code::chunk_get) == 0);
}

}  // namespace

TEST_CASE("A12 every message in chunks of 42 bytes") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    CAPTURE(version_name(version));
    fake::Device device(tight(version));
    Run run(device);
    run.collect();
    CHECK((run.sent(Code::chunk_send) > 0) == (version >= k13));  // CHALLENGE has 44 bytes from 1.3 on
    CHECK(run.sent(Code::chunk_get) > 20);
    for (const Bytes& request : run.link.requests) CHECK(request.size() <= 42);
  }
}

TEST_CASE("A21 chunks of a message that would have fitted") {
  fake::Profile profile;
  profile.send_limit = 128;
  fake::Device device(profile);
  Run run(device, 4608);
  run.collect();
  CHECK(run.sent(Code::chunk_get) > 0);
}

TEST_CASE("A31 CAPABILITIES with the algorithms in chunks") {
  fake::Profile profile = tight(k13);
  fake::Device device(profile);
  const Bytes block = Writer().u8(0).u8(0).u16(30).u8(1).u8(2).u32(0x10).u32(1).zeros(15).u8(1).take();
  CapabilitiesResponse response;
  response.capabilities.flags = cap::cert | cap::chal | cap::chunk;
  response.capabilities.data_transfer_size = 42;
  response.capabilities.max_message_size = 4096;
  response.supported_algorithms = block;
  const Bytes message = response.encode(k13);
  fake::Link link([&](View bytes) -> Bytes {
    const Code code = read_header(bytes).code;
    if (code == Code::get_version) return VersionResponse{{0x1300}}.encode();
    if (code == Code::get_capabilities)
      return ErrorResponse{.version = k13, .code = ErrorCode::large_response, .data = 0, .extended = {9}}.encode();
    CHECK(code == Code::chunk_get);
    CHECK(bytes[0] == k13);
    const std::uint32_t sequence = bytes[4];
    const View piece = sequence == 0 ? View(message).first(26) : View(message).subspan(26);
    return Chunk{.last = sequence == 1,
                 .handle = 9,
                 .sequence = sequence,
                 .large_message_size = static_cast<std::uint32_t>(message.size()),
                 .data = to_bytes(piece)}
        .encode(Code::chunk_response, k13);
  });
  MessageLog log;
  Requester requester(link, log, {});
  requester.ask(GetVersion{}.encode());
  GetCapabilities get;
  get.capabilities.flags = cap::chunk;
  get.capabilities.data_transfer_size = 42;
  get.capabilities.max_message_size = 4096;
  get.want_algorithms = true;
  requester.ask(get.encode(k13));
  CHECK(requester.connection().capabilities()->supported_algorithms == block);
}

TEST_CASE("N36 LargeResponse although nobody agreed on chunks") { large_without_chunks(k12); }

TEST_CASE("N37 LargeResponse in 1.0 and 1.1") {
  for (const std::uint8_t version : {k10, k11}) large_without_chunks(version);
}

TEST_CASE("N38 LargeResponse without a handle") {
  fake::Device device;
  device.intercept = [](Code code, View) -> std::optional<Bytes> {
    if (code == Code::get_digests) return error(0x0F);
    return std::nullopt;
  };
  Run run(device, 4608);
  expect_error(ErrorId::peer, "Handle", [&] { run.collect(); });
}

TEST_CASE("N39 LargeResponse to GET_CAPABILITIES that asked for no algorithms") { large_too_early(Code::get_capabilities); }

TEST_CASE("N56 LargeResponse to GET_VERSION") { large_too_early(Code::get_version); }

TEST_CASE("chunks that do not fit") {
  struct Case {
    std::string_view rule;
    const char* field;
    void (*change)(Chunk&);
  };
  const Case cases[] = {
      {"N282", "Handle", [](Chunk& chunk) { ++chunk.handle; }},
      {"N283", "ChunkSeqNo", [](Chunk& chunk) { chunk.sequence = chunk.sequence == 1 ? 2 : chunk.sequence; }},
      {"N283", "ChunkSeqNo", [](Chunk& chunk) { chunk.sequence = 0; }},
      {"N284", "LargeMessageSize", [](Chunk& chunk) { chunk.large_message_size = 0xFFFFFFFF; }},
      {"N284", "LargeMessageSize", [](Chunk& chunk) { chunk.large_message_size = 0; }},
      {"N286", "ChunkSize", [](Chunk& chunk) { chunk.data.resize(1); }},
      {"N287", "ChunkSize", [](Chunk& chunk) { chunk.large_message_size -= 1; }},
      {"N288", "LastChunk", [](Chunk& chunk) { chunk.last = true; }},
      {"N288", "CHUNK_RESPONSE", [](Chunk& chunk) { chunk.last = false; }},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    broken(c.field, c.change);
  }
}

TEST_CASE("N298 a chunk of another version") {
  fake::Device device(tight());
  device.intercept = [](Code code, View) -> std::optional<Bytes> {
    if (code != Code::chunk_get) return std::nullopt;
    return Chunk{.last = false, .handle = 8, .sequence = 0, .large_message_size = 100, .data = Bytes(26)}.encode(Code::chunk_response, k13);
  };
  Run run(device);
  expect_error(ErrorId::peer, "SPDMVersion", [&] { run.collect(); });
}

TEST_CASE("N290 ERROR in answer to CHUNK_GET") {
  for (const auto& [code, part] :
       std::vector<std::pair<std::uint8_t, std::string>>{{0x0F, "LargeResponse to CHUNK_GET"}, {0x01, "InvalidRequest"}, {0x03, "Busy"}}) {
    fake::Device device(tight());
    const Bytes answer = error(code, {1});
    device.intercept = [&](Code asked, View) -> std::optional<Bytes> {
      if (asked == Code::chunk_get) return answer;
      return std::nullopt;
    };
    Run run(device);
    expect_error(ErrorId::peer, part, [&] { run.collect(); });
    CHECK(run.sent(Code::chunk_get) == 1);
  }
}

TEST_CASE("N291 a large message that is itself about chunks") {
  reassembled("itself about chunks", headed(k12, 0x06, 0));
  reassembled("itself about chunks", headed(k12, 0x05, 0));
  reassembled("itself about chunks", headed(k12, 0x7F, 0x0F));
}

TEST_CASE("N292 a large message of another kind") {
  reassembled("RequestResponseCode", headed(k12, 0x60, 0));
  reassembled("SPDMVersion", headed(k13, 0x02, 0));
  reassembled("InvalidRequest", headed(k12, 0x7F, 0x01));
}

TEST_CASE("acknowledgements of chunks that we send") {
  struct Case {
    std::string_view rule;
    std::function<void(ChunkSendAck&)> change;
    ErrorId id;
    std::string part;
  };
  const std::vector<Case> cases{
      {"N293", [](auto& ack) { ++ack.handle; }, ErrorId::peer, "Handle"},
      {"N293", [](auto& ack) { ++ack.sequence; }, ErrorId::peer, "ChunkSeqNo"},
      {"N294", [](auto& ack) { ack.early_error = true; }, ErrorId::peer, "ResponseToLargeRequest"},
      {"N294", [](auto& ack) { ack.early_error = true, ack.response = error(0x0F, {1}); }, ErrorId::peer, "LargeResponse"},
      {"N295", [](auto& ack) { ack.early_error = true, ack.response = error(0x03); }, ErrorId::busy, "stays Busy"},
      {"N295", [](auto& ack) { ack.early_error = true, ack.response = error(0x43); }, ErrorId::peer, "RequestResynch"},
      {"N296", [](auto& ack) { ack.response = error(0x01); }, ErrorId::peer, "before the last chunk"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    CAPTURE(c.part);
    fake::Device device(tight(k13));
    device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
      if (code != Code::chunk_send) return std::nullopt;
      ChunkSendAck ack{.early_error = false, .handle = message[3], .sequence = message[4], .response = {}};
      c.change(ack);
      return ack.encode(k13);
    };
    Run run(device);
    expect_error(c.id, c.part, [&] { run.collect(); });
  }
}

TEST_CASE("N297 the last acknowledgement has no response") {
  fake::Device device(tight(k13));
  device.intercept = [](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::chunk_send) return std::nullopt;
    return ChunkSendAck{.early_error = false, .handle = message[3], .sequence = message[4], .response = {}}.encode(k13);
  };
  Run run(device);
  Wanted wanted = authenticate();
  expect_error(ErrorId::peer, "ResponseToLargeRequest: missing", [&] { run.collect(wanted); });
}

TEST_CASE("N295 RequestResynch inside an acknowledgement starts again, once") {
  fake::Device device(tight(k13));
  bool first = true;
  device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::chunk_send || !std::exchange(first, false)) return std::nullopt;
    const Bytes inner = ErrorResponse{.version = k13, .code = ErrorCode::request_resynch, .data = 0, .extended = {}}.encode();
    return ChunkSendAck{.early_error = true, .handle = message[3], .sequence = message[4], .response = inner}.encode(k13);
  };
  Run run(device);
  run.collect();
  CHECK(run.sent(Code::get_version) == 2);
}

namespace {

// The same device as a drive, whose buffer holds more than its answer, and what it answered.
struct DriveRun {
  explicit DriveRun(fake::Device& from, std::size_t room = 42)
      : link(
            [this, &from](View message) {
              Bytes answer = from.answer(message);
              answers.push_back(answer);
              answer.resize(answer.size() + 512, 0xA5);
              return answer;
            },
            Binding::storage, room) {}
  Bytes kept(std::size_t answer) const { return evidence.log.at(2 * answer + 1).bytes; }

  std::vector<Bytes> answers;
  fake::Link link;
  Evidence evidence;
};

}  // namespace

TEST_CASE("N373 in chunks as well, the log ends each message of a drive where it ends") {
  fake::Profile profile = tight(k13);
  std::size_t room = 42;
  SUBCASE("of responses") {}
  SUBCASE("of requests, with the response in the last acknowledgement") { profile.send_limit = room = 4608; }
  fake::Device device(profile);
  DriveRun run(device, room);
  collect(run.link, authenticate(), Limits{}, run.evidence);
  REQUIRE(run.evidence.log.size() == 2 * run.answers.size());
  for (std::size_t i = 0; i < run.answers.size(); ++i) {
    CAPTURE(i);
    CHECK(run.kept(i) == run.answers[i]);
  }
}

TEST_CASE("N373 an ERROR inside an acknowledgement, and one in place of a chunk, leave the log as it was sent") {
  Code refused = Code::chunk_send;
  SUBCASE("inside an acknowledgement") {}
  SUBCASE("in place of a chunk") { refused = Code::chunk_get; }
  fake::Device device(tight(k13));
  device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
    if (code != refused) return std::nullopt;
    const Bytes inner = ErrorResponse{.version = k13, .code = ErrorCode::unspecified, .data = 0, .extended = {}}.encode();
    if (code == Code::chunk_get) return inner;
    return ChunkSendAck{.early_error = true, .handle = message[3], .sequence = message[4], .response = inner}.encode(k13);
  };
  DriveRun run(device);
  CHECK_THROWS_AS(collect(run.link, authenticate(), Limits{}, run.evidence), Error);
  REQUIRE(!run.answers.empty());
  CHECK(run.kept(run.answers.size() - 1) == run.answers.back());
}

TEST_CASE("a large message may say the number of LargeResponse, and mean something else") {
  fake::Profile profile = tight(k13);
  profile.slots = 0x0F;  // the slots that there are, in the place where ERROR has its code
  fake::Device device(profile);
  Run run(device);
  run.collect();
  CHECK(run.sent(Code::chunk_get) > 0);
  CHECK(run.sent(Code::get_certificate) > 0);
}
