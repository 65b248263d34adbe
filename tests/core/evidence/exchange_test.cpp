// A listener makes exchanges of what it hears, and of nothing else.
#include "core/evidence/exchange.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "core/wire/algorithms.h"

using namespace spdm;

namespace {

const Bytes kGetDigests{0x12, 0x81, 0, 0}, kDigests{0x12, 0x01, 0, 1, 0xDD};
const Bytes kNotReady{0x12, 0x7F, 0x42, 0, 1, 0x81, 0x5E, 4}, kRespond{0x12, 0xFF, 0x81, 0x5E};
const Bytes kLarge{0x12, 0x7F, 0x0F, 0, 9};

class Ear {
 public:
  Ear& request(const Bytes& bytes) { return hear(true, bytes); }
  Ear& response(const Bytes& bytes) { return hear(false, bytes); }

  Exchanges exchanges;
  Listener listener;

 private:
  Ear& hear(bool from_requester, const Bytes& bytes) {
    const Message message{.from_requester = from_requester, .secured = false, .bytes = bytes};
    if (std::optional<Exchange> exchange = listener.hear(message, index_++)) exchanges.push_back(std::move(*exchange));
    return *this;
  }
  std::size_t index_ = 0;
};

Bytes chunk(Code code, std::uint32_t sequence, View data, bool last, std::size_t total, std::uint8_t version = k12) {
  return Chunk{
      .last = last, .handle = 9, .sequence = sequence, .large_message_size = static_cast<std::uint32_t>(total), .data = to_bytes(data)}
      .encode(code, version);
}

Bytes chunk_get(std::uint32_t sequence, std::uint8_t version = k12) { return ChunkGet{.handle = 9, .sequence = sequence}.encode(version); }

}  // namespace

TEST_CASE("listener: a request and its response") {
  Ear ear;
  ear.request(kGetDigests);
  CHECK(ear.listener.waiting());
  ear.response(kDigests);
  CHECK_FALSE(ear.listener.waiting());
  REQUIRE(ear.exchanges.size() == 1);
  CHECK(ear.exchanges[0].request == kGetDigests);
  CHECK(ear.exchanges[0].response == kDigests);
  CHECK(ear.exchanges[0].log_index == 0);
}

TEST_CASE("N25 RequestResynch is heard wherever it comes, and only as the last response") {
  const Bytes resynch{0x12, 0x7F, 0x43, 0}, busy{0x12, 0x7F, 0x03, 0};
  const auto acknowledged = [](const Bytes& inner, std::uint32_t sequence) {
    return ChunkSendAck{.early_error = !inner.empty(), .handle = 9, .sequence = sequence, .response = inner}.encode(k12);
  };
  SUBCASE("alone") {
    Ear ear;
    CHECK(ear.request(kGetDigests).response(resynch).listener.asked_to_resynch());
    CHECK_FALSE(ear.request(kGetDigests).response(busy).listener.asked_to_resynch());
  }
  SUBCASE("to RESPOND_IF_READY") {
    Ear ear;
    CHECK(ear.request(kGetDigests).response(kNotReady).request(kRespond).response(resynch).listener.asked_to_resynch());
  }
  SUBCASE("to CHUNK_GET") {
    Ear ear;
    CHECK(ear.request(kGetDigests).response(kLarge).request(chunk_get(0)).response(resynch).listener.asked_to_resynch());
  }
  SUBCASE("reassembled from chunks") {
    Bytes large = resynch;
    large.resize(70);  // what fits into one message needs no chunks
    Ear ear;
    ear.request(kGetDigests).response(kLarge).request(chunk_get(0));
    ear.response(chunk(Code::chunk_response, 0, View(large).first(60), false, 70)).request(chunk_get(1));
    CHECK_FALSE(ear.listener.asked_to_resynch());
    CHECK(ear.response(chunk(Code::chunk_response, 1, View(large).subspan(60), true, 70)).listener.asked_to_resynch());
  }
  SUBCASE("in an acknowledgement, before and after the last chunk") {
    for (const bool last : {false, true}) {
      Ear ear;
      ear.request(chunk(Code::chunk_send, 0, Bytes(60, 0x83), false, 100));
      if (last) ear.response(acknowledged({}, 0)).request(chunk(Code::chunk_send, 1, Bytes(40, 0x83), true, 100));
      CHECK_FALSE(ear.listener.asked_to_resynch());
      CHECK(ear.response(acknowledged(resynch, last ? 1 : 0)).listener.asked_to_resynch());
    }
  }
  SUBCASE("not when nobody has asked") {
    Ear ear;
    CHECK_FALSE(ear.response(resynch).listener.asked_to_resynch());
  }
}

TEST_CASE("N13 a response that comes twice is the answer to nothing") {
  Ear ear;
  ear.request(kGetDigests).response(kDigests).response(kDigests).response({0x12, 0x03, 0, 1});
  CHECK(ear.exchanges.size() == 1);
}

TEST_CASE("N20 what nobody asked for is the answer to nothing") {
  Ear ear;
  ear.response(kDigests).response({0x12, 0x7F, 0x01, 0}).response({0x12, 0x7F, 0x0F, 0, 1});
  CHECK(ear.exchanges.empty());
  ear.request(kGetDigests).response(kDigests);
  CHECK(ear.exchanges.size() == 1);
}

TEST_CASE("N192 CHALLENGE_AUTH after CHALLENGE was refused is the answer to nothing") {
  Ear ear;
  ear.request({0x12, 0x83, 0, 0}).response({0x12, 0x7F, 0x01, 0}).response({0x12, 0x03, 0, 1});
  REQUIRE(ear.exchanges.size() == 1);
  CHECK(ear.exchanges[0].is_error());
}

TEST_CASE("listener: ResponseNotReady leaves the request outstanding") {
  Ear ear;
  ear.request(kGetDigests).response(kNotReady).request(kRespond).response(kNotReady).request(kRespond);
  CHECK(ear.listener.waiting());
  ear.response(kDigests);
  REQUIRE(ear.exchanges.size() == 1);
  CHECK(ear.exchanges[0].request == kGetDigests);
}

TEST_CASE("listener: Busy is an exchange of its own") {
  Ear ear;
  ear.request(kGetDigests).response({0x12, 0x7F, 0x03, 0}).request(kGetDigests).response(kDigests);
  REQUIRE(ear.exchanges.size() == 2);
  CHECK(ear.exchanges[0].is_error());
  CHECK(ear.exchanges[1].log_index == 2);
}

TEST_CASE("listener: a large response in chunks, in both layouts") {
  const Bytes whole(100, 0x12);
  for (const std::uint8_t version : {k12, k14}) {
    Bytes request = kGetDigests;
    request[0] = version;
    Ear ear;
    ear.request(request).response(kLarge);
    ear.request(chunk_get(0, version)).response(chunk(Code::chunk_response, 0, View(whole).first(60), false, 100, version));
    ear.request(chunk_get(5, version)).response({version, 0x7F, 0x01, 0});  // a wrong number; the transfer goes on
    ear.request(chunk_get(1, version)).response(chunk(Code::chunk_response, 1, View(whole).subspan(60), true, 100, version));
    REQUIRE(ear.exchanges.size() == 1);
    CHECK(ear.exchanges[0].request == request);
    CHECK(ear.exchanges[0].response == whole);
  }
}

TEST_CASE("listener: a large request in chunks") {
  const Bytes whole(100, 0x83);
  Ear ear;
  ear.request(chunk(Code::chunk_send, 0, View(whole).first(60), false, 100)).response(ChunkSendAck{false, 9, 0, {}}.encode(k12));
  CHECK_FALSE(ear.listener.waiting());
  ear.request(chunk(Code::chunk_send, 1, View(whole).subspan(60), true, 100));
  CHECK(ear.listener.waiting());
  ear.response(ChunkSendAck{false, 9, 1, kDigests}.encode(k12));
  REQUIRE(ear.exchanges.size() == 1);
  CHECK(ear.exchanges[0].request == whole);
  CHECK(ear.exchanges[0].response == kDigests);
  CHECK(ear.exchanges[0].log_index == 0);
}

TEST_CASE("A27 LargeResponse in place of the last acknowledgement") {
  const Bytes request(100, 0x83), response(80, 0x03);
  Ear ear;
  ear.request(chunk(Code::chunk_send, 0, View(request).first(60), false, 100)).response(ChunkSendAck{false, 9, 0, {}}.encode(k12));
  ear.request(chunk(Code::chunk_send, 1, View(request).subspan(60), true, 100)).response(kLarge);
  ear.request(chunk_get(0)).response(chunk(Code::chunk_response, 0, View(response).first(50), false, 80));
  ear.request(chunk_get(1)).response(chunk(Code::chunk_response, 1, View(response).subspan(50), true, 80));
  REQUIRE(ear.exchanges.size() == 1);
  CHECK(ear.exchanges[0].request == request);
  CHECK(ear.exchanges[0].response == response);
}

TEST_CASE("listener: chunks of nothing that is pending") {
  expect_error(ErrorId::peer, "no large response is pending", [&] { Ear().request(chunk_get(0)); });
}

TEST_CASE("N282 a listener refuses a chunk of another handle") {
  const Bytes whole(100, 0x83);
  expect_error(ErrorId::peer, "Handle", [&] {
    Ear ear;
    ear.request(kGetDigests).response({0x12, 0x7F, 0x0F, 0, 8});
    ear.request(chunk_get(0)).response(chunk(Code::chunk_response, 0, View(whole).first(60), false, 100));
  });
}

TEST_CASE("N283 a listener refuses chunks out of sequence") {
  const Bytes whole(100, 0x83);
  expect_error(ErrorId::peer, "does not begin with chunk 0",
               [&] { Ear().request(chunk(Code::chunk_send, 1, View(whole).first(60), false, 0)); });
  expect_error(ErrorId::peer, "ChunkSeqNo", [&] {
    Ear ear;
    ear.request(kGetDigests).response(kLarge);
    ear.request(chunk_get(1)).response(chunk(Code::chunk_response, 1, View(whole).first(60), false, 100));
  });
}

TEST_CASE("N295 an early error ends a request that nobody has in full") {
  const Bytes whole(100, 0x83);
  Ear ear;
  ear.request(chunk(Code::chunk_send, 0, View(whole).first(60), false, 100));
  ear.response(ChunkSendAck{true, 9, 0, {0x12, 0x7F, 0x03, 0}}.encode(k12));
  CHECK_FALSE(ear.listener.waiting());
  ear.request(kGetDigests).response(kDigests);
  CHECK(ear.exchanges.size() == 1);
}

TEST_CASE("listener: another request gives up what was pending, secured messages are passed over") {
  Ear ear;
  ear.request(kGetDigests).response(kLarge).request(kGetDigests).response(kDigests);
  CHECK(ear.exchanges.size() == 1);
  CHECK_FALSE(ear.listener.hear({.from_requester = true, .secured = true, .bytes = {1}}, 9));
  CHECK_FALSE(ear.listener.waiting());
}

TEST_CASE("listener: what is asked in a session is answered in it") {
  Listener listener;
  const auto hear = [&](bool from_requester, const Bytes& bytes, std::uint32_t session) {
    return listener.hear({.from_requester = from_requester, .secured = false, .bytes = bytes, .inside = session}, 3);
  };
  CHECK_FALSE(hear(true, kGetDigests, 7));
  for (const std::uint32_t other : {0U, 8U})
    expect_error(ErrorId::peer, "not exchanged in the session of its request", [&] { hear(false, kDigests, other); });
  const std::optional<Exchange> inside = hear(false, kDigests, 7);
  REQUIRE(inside);
  CHECK(inside->inside == 7);
  CHECK_FALSE(hear(true, kGetDigests, 0));
  expect_error(ErrorId::peer, "not exchanged in the session of its request", [&] { hear(false, kDigests, 7); });
  CHECK(hear(false, kDigests, 0)->inside == 0);
  CHECK_FALSE(hear(false, kDigests, 7));  // nobody has asked
}

TEST_CASE("listener: a request and what follows of it stay in one session") {
  const auto message = [](const Bytes& bytes, std::uint32_t session, bool from_requester = true) {
    return Message{.from_requester = from_requester, .secured = false, .bytes = bytes, .inside = session};
  };
  Listener large;
  large.hear(message(kGetDigests, 0), 0);
  large.hear(message(kLarge, 0, false), 1);
  expect_error(ErrorId::peer, "CHUNK_GET: session", [&] { large.hear(message(chunk_get(0), 7), 2); });
  Listener late;
  late.hear(message(kGetDigests, 7), 0);
  late.hear(message(kNotReady, 7, false), 1);
  expect_error(ErrorId::peer, "RESPOND_IF_READY: session", [&] { late.hear(message(kRespond, 0), 2); });
  const Bytes whole(100, 0x83);
  Listener sent;
  sent.hear(message(chunk(Code::chunk_send, 0, View(whole).first(60), false, 100), 0), 0);
  expect_error(ErrorId::peer, "CHUNK_SEND: session",
               [&] { sent.hear(message(chunk(Code::chunk_send, 1, View(whole).subspan(60), true, 100), 7), 1); });
}

TEST_CASE("exchange: the part of a response that is signed") {
  const Exchange exchange{.request = kGetDigests, .response = {1, 2, 3, 4, 5}, .log_index = 0, .signature_size = 2};
  CHECK(equal(exchange.unsigned_response(), Bytes{1, 2, 3}));
}
