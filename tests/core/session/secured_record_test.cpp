// Records as each binding has them, and every way in which one can be wrong.
#include "core/session/secured_record.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "core/crypto/aead.h"
#include "core/error.h"
#include "core/protocol/link.h"
#include "core/session/storage_envelope.h"
#include "core/text.h"
#include "support/session_suite.h"

using namespace spdm;
using support::record_keys;

namespace {

constexpr std::uint32_t kId = 0xFFFE0102;
const Bytes kMessage{0x12, 0xE8, 0x00, 0x00, 0x55};

std::vector<RecordShape> shapes() {
  std::vector<RecordShape> out;
  for (const Binding binding : {Binding::none, Binding::mctp, Binding::doe, Binding::tcp, Binding::storage})
    for (const bool encrypted : {true, false}) out.push_back({binding, kId, encrypted, find_aead("AES-256-GCM")});
  return out;
}

std::string told(const RecordShape& shape) { return cat(name(shape.binding), shape.encrypted ? " encrypted" : " authenticated"); }

RecordShape shape_of(Binding binding, bool encrypted = true) { return {binding, kId, encrypted, find_aead("AES-256-GCM")}; }

bool carries_number(const RecordShape& shape) { return shape.binding == Binding::mctp || shape.binding == Binding::storage; }

RecordKeys keys_at(std::uint64_t number) {
  RecordKeys out = record_keys();
  out.next = number;
  return out;
}

// Refused, and the keys stay as they are.
void check_refused(const RecordShape& shape, View record, std::string_view why, std::uint64_t number = 0) {
  RecordKeys keys = keys_at(number);
  try {
    open_record(shape, keys, record);
    FAIL_CHECK("opened; expected: ", why);
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::peer);
    CHECK_MESSAGE(std::string_view(error.what()).find(why) != std::string_view::npos, error.what());
  }
  CHECK(keys.next == number);
}

// Seals as somebody would who has the key and keeps to nothing.
Bytes seal_raw(const RecordShape& shape, View plaintext) {
  const RecordKeys keys = record_keys();
  Writer out;
  out.u32(shape.session_id);
  if (carries_number(shape)) out.u16(0);
  out.u16(plaintext.size() + kAeadTagSize);
  if (!shape.encrypted) out.bytes(plaintext);
  Bytes record = out.take();
  append(record, crypto::seal(*shape.aead, keys.key, keys.iv.view(), record, shape.encrypted ? plaintext : View{}));
  return record;
}

}  // namespace

TEST_CASE("record: what is sealed is opened, with each binding, encrypted or authenticated only, number after number") {
  for (const RecordShape& shape : shapes()) {
    CAPTURE(told(shape));
    RecordKeys ours = record_keys(), theirs = record_keys();
    for (std::uint64_t number = 0; number < 3; ++number) {
      const Bytes record = seal_record(shape, ours, kMessage);
      CHECK(ours.next == number + 1);
      CHECK(record.size() <= kMessage.size() + kRecordOverhead);
      CHECK(record_session_id(record) == kId);
      CHECK(open_record(shape, theirs, record) == kMessage);
      CHECK(theirs.next == number + 1);
    }
  }
}

TEST_CASE("record: the fields that are not encrypted") {
  const auto begin = [](const RecordShape& shape, std::uint64_t number, std::size_t size) {
    RecordKeys keys = keys_at(number);
    return hex(View(seal_record(shape, keys, kMessage)).first(size));
  };
  // Session id, the lower half of the number with MCTP, and the length of all that follows.
  CHECK(begin(shape_of(Binding::doe), 7, 6) ==
        "0201feff"
        "1700");
  CHECK(begin(shape_of(Binding::none), 7, 6) ==
        "0201feff"
        "1700");
  CHECK(begin(shape_of(Binding::mctp), 7, 8) ==
        "0201feff"
        "0700"
        "1800");
  CHECK(begin(shape_of(Binding::mctp), 0x1FFFE, 8) ==
        "0201feff"
        "feff"
        "1800");
  CHECK(begin(shape_of(Binding::tcp), 7, 6) ==
        "0201feff"
        "1b00");
  // Authenticated only, the message is legible, and has no length of its own.
  CHECK(begin(shape_of(Binding::doe, false), 7, 11) ==
        "0201feff"
        "1500"
        "12e8000055");
  CHECK(begin(shape_of(Binding::mctp, false), 7, 14) ==
        "0201feff"
        "0700"
        "1600"
        "05"
        "12e8000055");
  CHECK(begin(shape_of(Binding::tcp, false), 7, 15) ==
        "0201feff"
        "1900"
        "07000105"
        "12e8000055");
  // Over storage a descriptor of 20 bytes stands before the message: its length, and an offset that counts from elsewhere.
  CHECK(begin(shape_of(Binding::storage), 0x10007, 8) ==
        "0201feff"
        "0700"
        "2b00");
  CHECK(begin(shape_of(Binding::storage, false), 7, 33) ==
        "0201feff"
        "0700"
        "2900"
        "010000"
        "00040000"
        "05000000"
        "24000000"
        "00000000"
        "00"
        "12e8000055");
}

TEST_CASE("record: the IV is that of the key with the number, little-endian, over its first eight bytes") {
  const RecordShape shape = shape_of(Binding::doe);
  RecordKeys keys = keys_at(0x0102030405060708);
  const Bytes record = seal_record(shape, keys, kMessage);
  Bytes iv = to_bytes(keys.iv.view());
  for (std::size_t i = 0; i < 8; ++i) iv[i] = static_cast<std::uint8_t>(iv[i] ^ (8 - i));
  const std::optional<Bytes> plaintext = crypto::open(*shape.aead, keys.key, iv, View(record).first(6), View(record).subspan(6));
  REQUIRE(plaintext);
  CHECK(hex(*plaintext) ==
        "0500"
        "12e8000055");
}

TEST_CASE("record: each byte counts") {
  for (const RecordShape& shape : shapes()) {
    CAPTURE(told(shape));
    RecordKeys keys = record_keys();
    Bytes record = seal_record(shape, keys, kMessage);
    for (std::uint8_t& byte : record) {
      for (const unsigned bit : {0x01U, 0x80U}) {
        byte = static_cast<std::uint8_t>(byte ^ bit);
        check_refused(shape, record, "secured message: ");
        byte = static_cast<std::uint8_t>(byte ^ bit);
      }
    }
  }
}

TEST_CASE("record: one that is cut, or has a byte more, is refused") {
  for (const RecordShape& shape : shapes()) {
    CAPTURE(told(shape));
    RecordKeys keys = record_keys();
    Bytes record = seal_record(shape, keys, kMessage);
    for (std::size_t size = 0; size < record.size(); ++size) check_refused(shape, View(record).first(size), "secured message: ");
    if (shape.binding == Binding::storage) continue;  // there zeros fill the blocks of a transfer
    record.resize(record.size() + (shape.binding == Binding::doe ? 4 : 1));
    check_refused(shape, record, "bytes follow the record");
  }
}

TEST_CASE("record: DOE pads with up to three zeros") {
  for (const bool encrypted : {true, false}) {
    const RecordShape shape = shape_of(Binding::doe, encrypted);
    for (std::size_t padding = 0; padding < 4; ++padding) {
      RecordKeys keys = record_keys();
      Bytes record = seal_record(shape, keys, kMessage);
      record.resize(record.size() + padding);
      RecordKeys theirs = record_keys();
      CHECK(open_record(shape, theirs, record) == kMessage);
      if (padding == 0) continue;
      record.back() = 1;
      check_refused(shape, record, "padding: not zero");
    }
  }
}

TEST_CASE("record: over storage zeros may follow, as many as fill the blocks of a transfer, and nothing else") {
  const RecordShape shape = shape_of(Binding::storage);
  RecordKeys keys = record_keys(), theirs = record_keys();
  Bytes record = seal_record(shape, keys, kMessage);
  record.resize(512);
  CHECK(open_record(shape, theirs, record) == kMessage);
  record.back() = 1;
  check_refused(shape, record, "padding: not zero");
}

TEST_CASE("record: neither twice, nor with one left out, nor of another session") {
  for (const RecordShape& shape : shapes()) {
    CAPTURE(told(shape));
    RecordKeys keys = record_keys();
    const Bytes first = seal_record(shape, keys, kMessage), second = seal_record(shape, keys, kMessage);
    CHECK(first != second);
    const std::string_view why = carries_number(shape) ? "sequence number: not the next" : "tag: it does not match";
    check_refused(shape, first, why, 1);
    check_refused(shape, second, why, 0);
    RecordShape other = shape;
    other.session_id ^= 0x00010000;
    check_refused(other, first, "another session's");
  }
}

TEST_CASE("record: MCTP carries the lower half of the number, and the whole counts") {
  const RecordShape shape = shape_of(Binding::mctp);
  RecordKeys keys = keys_at(0xFFFF);
  const Bytes last = seal_record(shape, keys, kMessage), next = seal_record(shape, keys, kMessage);
  RecordKeys theirs = keys_at(0xFFFF);
  CHECK(open_record(shape, theirs, last) == kMessage);
  CHECK(open_record(shape, theirs, next) == kMessage);
  CHECK(theirs.next == 0x10001);
  check_refused(shape, next, "tag: it does not match", 0);
}

TEST_CASE("record: the last number is used once, and none after it") {
  const RecordShape shape = shape_of(Binding::doe);
  RecordKeys ours = keys_at(kMaxSequence), theirs = keys_at(kMaxSequence);
  const Bytes record = seal_record(shape, ours, kMessage);
  CHECK(open_record(shape, theirs, record) == kMessage);
  CHECK_THROWS_AS(seal_record(shape, ours, kMessage), Error);
  CHECK(ours.next == kMaxSequence + 1);
  check_refused(shape, record, "none left", kMaxSequence + 1);
}

TEST_CASE("record: a length without room for the tag") {
  for (const RecordShape& shape : shapes()) {
    RecordKeys keys = record_keys();
    Bytes record = seal_record(shape, keys, kMessage);
    const std::size_t at = carries_number(shape) ? 6 : 4;
    record[at] = 15;
    check_refused(shape, record, "no room for the tag");
  }
}

TEST_CASE("record: ApplicationDataLength lies within the record; what follows the data is ignored") {
  const RecordShape shape = shape_of(Binding::doe);
  check_refused(shape, seal_raw(shape, {}), "ApplicationDataLength");
  check_refused(shape, seal_raw(shape, Bytes{1}), "ApplicationDataLength");
  check_refused(shape, seal_raw(shape, Bytes{3, 0, 7, 8}), "application data");
  check_refused(shape, seal_raw(shape, Bytes{4, 0, 7, 8}), "application data");  // as long as all of the plaintext
  RecordKeys keys = record_keys();
  CHECK(open_record(shape, keys, seal_raw(shape, Bytes{1, 0, 7, 8, 9})) == Bytes{7});
}

TEST_CASE("record: the random bytes that MCTP and storage allow are ignored") {
  const auto opened = [](Binding binding, const Bytes& data) {
    Bytes plaintext = Writer().u16(data.size()).bytes(data).take();
    plaintext.resize(plaintext.size() + 32, 0xEE);
    RecordKeys keys = record_keys();
    return open_record(shape_of(binding), keys, seal_raw(shape_of(binding), plaintext));
  };
  CHECK(opened(Binding::mctp, {0x05, 7, 8}) == Bytes{7, 8});
  CHECK(opened(Binding::storage, put_in_envelope(Bytes{7, 8})) == Bytes{7, 8});
}

TEST_CASE("record: another kind of message inside is refused") {
  for (const bool encrypted : {true, false}) {
    const auto inside = [&](Binding binding, const Bytes& data) {
      Writer plaintext;
      if (encrypted) plaintext.u16(data.size());
      return seal_raw(shape_of(binding, encrypted), plaintext.bytes(data).take());
    };
    const auto refused = [&](Binding binding, const Bytes& data, std::string_view why) {
      check_refused(shape_of(binding, encrypted), inside(binding, data), why);
    };
    refused(Binding::mctp, {}, "message type");
    refused(Binding::mctp, {0x01, 7}, "not SPDM");
    refused(Binding::mctp, {0x06, 7}, "not SPDM");
    refused(Binding::mctp, {0x85, 7}, "not SPDM");
    refused(Binding::storage, {}, "descriptors");
    refused(Binding::tcp, {}, "inner length");
    refused(Binding::tcp, {3, 0, 1}, "inner type");
    refused(Binding::tcp, {3, 0, 2, 5, 7}, "inner version");
    refused(Binding::tcp, {3, 0, 1, 6, 7}, "not SPDM");
    refused(Binding::tcp, {2, 0, 1, 5, 7}, "inner length");
    refused(Binding::tcp, {4, 0, 1, 5, 7}, "inner length");
    RecordKeys keys = record_keys();
    CHECK(open_record(shape_of(Binding::tcp, encrypted), keys, inside(Binding::tcp, {3, 0, 1, 5, 7})) == Bytes{7});
  }
}

TEST_CASE("record: the longest message, and one byte more") {
  for (const RecordShape& shape : shapes()) {
    CAPTURE(told(shape));
    const std::size_t before = (shape.encrypted ? 2U : 0U) + (shape.binding == Binding::mctp ? 1U : 0U) +
                               (shape.binding == Binding::tcp ? 4U : 0U) + (shape.binding == Binding::storage ? kStorageEnvelope : 0U);
    const std::size_t most = 0xFFFF - kAeadTagSize - before;
    RecordKeys ours = record_keys(), theirs = record_keys();
    CHECK(open_record(shape, theirs, seal_record(shape, ours, Bytes(most, 7))).size() == most);
    CHECK_THROWS_AS(seal_record(shape, ours, Bytes(most + 1, 7)), Error);
    CHECK_THROWS_AS(seal_record(shape, ours, Bytes(0x20000, 7)), Error);
    CHECK(ours.next == 1);
  }
}

TEST_CASE("record: with each AEAD that is there") {
  for (const AeadAlgorithm& aead : aead_algorithms()) {
    if (!crypto::supports(aead)) continue;
    CAPTURE(aead.name);
    const SessionSuite suite = support::session_suite(k12, "SHA-384", aead.name);
    for (const bool encrypted : {true, false}) {
      const RecordShape shape{Binding::doe, kId, encrypted, &aead};
      RecordKeys ours = record_keys(suite), theirs = record_keys(suite);
      Bytes record = seal_record(shape, ours, kMessage);
      CHECK(open_record(shape, theirs, record) == kMessage);
      theirs.next = 0;
      record.back() ^= 1;
      CHECK_THROWS_AS(open_record(shape, theirs, record), Malformed);
    }
  }
}
