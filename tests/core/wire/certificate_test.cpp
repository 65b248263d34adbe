#include "core/wire/certificate.h"

#include "core/wire/decode.h"

using namespace wire;

namespace {

GetCertificate request(std::uint32_t offset, std::uint32_t length, bool large = false) {
  return {.slot = 1, .large = large, .slot_size_requested = false, .offset = offset, .length = length};
}

CertificateResponse response(std::size_t portion, std::uint32_t remainder, bool large = false, std::uint8_t model = 0) {
  return {.slot = 1, .large = large, .model = model, .remainder = remainder, .portion = Bytes(portion, 0xCE)};
}

CertificateResponse read(View message, const GetCertificate& request, const Parameters& parameters) {
  return decode<CertificateResponse>(message, request, parameters);
}

Parameters chunking(std::uint8_t version) {
  Parameters out = parameters(version);
  out.requester.flags |= cap::chunk;
  out.responder.flags |= cap::chunk;
  out.requester.max_message_size = out.responder.max_message_size = 0x20000;
  return out;
}

}  // namespace

TEST_CASE("N133 another slot than asked for") {
  for (const std::uint8_t version : kAllVersions)
    for (const std::uint8_t slot : Octets{0, 2, 15}) {
      Bytes message = response(10, 0).encode(version);
      message[2] = slot;
      malformed("SlotID", [&] { read(message, request(0, 100), parameters(version)); });
    }
}

TEST_CASE("N134 a portion of nothing makes no progress") {
  for (const std::uint32_t remainder : {1U, 0xFFFFU})
    malformed("PortionLength", [&] { read(response(0, remainder).encode(k12), request(0, 100), parameters(k12)); });
}

TEST_CASE("N141 a chain of nothing") {
  malformed("PortionLength", [] { read(response(0, 0).encode(k12), request(0, 100), parameters(k12)); });
}

TEST_CASE("N135 a portion larger than asked for") {
  malformed("PortionLength", [] { read(response(101, 0).encode(k12), request(0, 100), parameters(k12)); });
  CHECK(read(response(100, 5).encode(k12), request(0, 100), parameters(k12)).remainder == 5);
}

TEST_CASE("N136 a portion larger than what came") {
  for (const std::uint8_t version : kAllVersions)
    refused_when_cut(response(64, 10).encode(version), [&](View cut) { read(cut, request(0, 100), parameters(version)); });
  Bytes message = response(64, 10, true).encode(k14);
  refused_when_cut(message, [&](View cut) { read(cut, request(0, 100, true), parameters(k14)); });
}

TEST_CASE("N137 portion and remainder wrap 16 bits") {
  malformed("RemainderLength", [] { read(response(1, 0xFFFF).encode(k12), request(0, 100), parameters(k12)); });
}

TEST_CASE("N8 offset, portion and remainder wrap 16 bits, or 32") {
  malformed("RemainderLength", [] { read(response(10, 0xFFFFFFF0, true).encode(k14), request(16, 100, true), parameters(k14)); });
  malformed("RemainderLength", [] { read(response(1, 1).encode(k12), request(0xFFFE, 1), parameters(k12)); });
  CHECK(read(response(1, 0).encode(k12), request(0xFFFE, 1), parameters(k12)).remainder == 0);
}

TEST_CASE("certificate: portions that contradict the first one") {
  struct Case {
    std::string_view rule;
    std::size_t portion;
    std::uint32_t remainder;
    std::uint8_t model;
    const char* field;
  };
  const Case cases[] = {{"N138", 10, 91, 1, "RemainderLength"},  // grows
                        {"N138", 10, 79, 1, "RemainderLength"},  // shrinks
                        {"N138", 20, 80, 1, "RemainderLength"},
                        {"N139", 10, 90, 1, "RemainderLength"},  // the same for ever
                        {"N145", 10, 80, 2, "CertModel"}};
  for (const Case& c : cases) {
    CAPTURE(c.rule);
    ChainReader chain;
    chain.add(request(0, 10), response(10, 90, false, 1));
    malformed(c.field, [&] { chain.add(request(10, 20), response(c.portion, c.remainder, false, c.model)); });
    CHECK(chain.size() == 10);
  }
  ChainReader chain;
  chain.add(request(0, 10), response(10, 90));
  malformed("Offset", [&] { chain.add(request(20, 10), response(10, 70)); });
  CHECK_FALSE(chain.complete());
}

TEST_CASE("A7 a chain in portions of one byte") {
  ChainReader chain;
  for (std::uint32_t i = 0; i < 300; ++i) {
    CHECK_FALSE(chain.complete());
    CertificateResponse one = response(1, 299 - i);
    one.portion[0] = static_cast<std::uint8_t>(i);
    chain.add(request(i, 0xFFFF - i), one);
  }
  CHECK(chain.complete());
  CHECK(chain.chain()[299] == static_cast<std::uint8_t>(299));
  chain.add(request(0, 100), response(50, 0));  // read again
  CHECK(chain.complete());
  CHECK(chain.size() == 50);
}

TEST_CASE("N140 chains beyond what we take") {
  const Parameters p = parameters(k14);
  malformed("RemainderLength", [&] { read(response(10, kMaxCertificateChain, true).encode(k14), request(0, 100, true), p); });
  malformed("RemainderLength", [&] { read(response(10, 0xFFFFFFFF, true).encode(k14), request(0, 100, true), p); });
}

TEST_CASE("N144 a large portion of 0xFFFFFFFF") {
  Bytes message = response(10, 0, true).encode(k14);
  for (std::size_t i = 8; i < 12; ++i) message[i] = 0xFF;
  malformed("PortionLength", [&] { read(message, request(0, 100, true), parameters(k14)); });
}

TEST_CASE("N142 the whole chain was asked for and would fit, yet something remains") {
  malformed("RemainderLength", [] { read(response(10, 5).encode(k12), request(0, 0xFFFF), chunking(k12)); });
  CHECK(read(response(10, 5).encode(k12), request(0, 0xFFFF), parameters(k12)).remainder == 5);
  CHECK(read(response(10, 5).encode(k12), request(0, 100), chunking(k12)).remainder == 5);
  Parameters tight = chunking(k12);
  tight.responder.max_message_size = 4096;
  CHECK(read(response(10, 5).encode(k12), request(0, 0xFFFF), tight).remainder == 5);
}

TEST_CASE("N143 the large form when the other was asked for, and the reverse") {
  malformed("LargeCertChain", [] { read(response(10, 0, true).encode(k14), request(0, 100), parameters(k14)); });
  malformed("LargeCertChain", [] { read(response(10, 0).encode(k14), request(0, 100, true), parameters(k14)); });
  Bytes message = response(10, 0).encode(k14);
  message[2] |= 0x80;
  malformed("", [&] { read(message, request(0, 100, true), parameters(k14)); });
}

TEST_CASE("N145 a certificate model on a single-key connection") {
  malformed("single-key", [] { read(response(10, 0, false, 1).encode(k13), request(0, 100), parameters(k13)); });
}

TEST_CASE("N146 no certificate model although there is a chain") {
  malformed("none", [] { read(response(10, 0, false, 0).encode(k13), request(0, 100), multi_key()); });
}

TEST_CASE("certificate: models that a slot can have and others") {
  for (const std::uint8_t model : Octets{4, 7})
    malformed("CertModel", [&] { read(response(10, 0, false, model).encode(k13), request(0, 100), multi_key()); });
  CHECK(read(response(10, 0, false, 3).encode(k13), request(0, 100), multi_key()).model == 3);
  GetCertificate slot0 = request(0, 100);
  slot0.slot = 0;
  CertificateResponse generic = response(10, 0, false, 3);
  generic.slot = 0;
  malformed("slot 0", [&] { read(generic.encode(k13), slot0, multi_key()); });
  Bytes reserved = response(10, 0).encode(k12);
  reserved[3] = 0xFF;
  CHECK(read(reserved, request(0, 100), parameters(k12)).model == 0);
}

TEST_CASE("N147 data although only the slot size was asked for") {
  GetCertificate size_only = request(0, 0);
  size_only.slot_size_requested = true;
  malformed("PortionLength", [&] { read(response(1, 100).encode(k13), size_only, parameters(k13)); });
}

TEST_CASE("A28 only the slot size was asked for, and it is the largest") {
  GetCertificate size_only = request(0, 0);
  size_only.slot_size_requested = true;
  const CertificateResponse out = read(response(0, 0xFFFF).encode(k13), size_only, parameters(k13));
  CHECK(out.remainder == 0xFFFF);
  ChainReader chain;
  chain.add(size_only, out);
  CHECK_FALSE(chain.complete());
}

TEST_CASE("certificate: requests for slots that do not exist") {
  Bytes message = request(0, 100).encode(k12);
  message[2] = 8;
  malformed("SlotID", [&] { decode<GetCertificate>(message, k12); });
}
