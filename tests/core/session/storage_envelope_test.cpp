// What stands around a message inside of a secured message of a drive: what we write, and what others may.
#include "core/session/storage_envelope.h"

#include <doctest/doctest.h>

#include <initializer_list>
#include <string_view>

#include "core/error.h"
#include "core/text.h"

using namespace spdm;

namespace {

const Bytes kMessage{0x12, 0xE0, 0x00, 0x00, 0x55};

struct Envelope {
  std::uint8_t count = 1;
  std::size_t base = 3;
  std::uint8_t type = 4, status = 0;
  std::uint32_t length = 5, offset = 36;

  // `gap`: bytes between descriptor and message.
  Bytes around(const Bytes& message, std::size_t gap = 0) const {
    Writer out;
    out.u8(count).zeros(base - 1);
    out.u8(0).u8(type).u8(status).u8(0).u32(length).u32(offset).u32(0);
    return out.zeros(kStorageEnvelope - base - 16 + gap).bytes(message).take();
  }
};

void check_refused(const Bytes& application, std::string_view why) {
  try {
    (void)take_from_envelope(application);
    FAIL_CHECK("taken; expected: ", why);
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::peer);
    CHECK_MESSAGE(std::string_view(error.what()).find(why) != std::string_view::npos, error.what());
  }
}

}  // namespace

TEST_CASE("envelope: what we write is what the known implementation writes") {
  CHECK(hex(put_in_envelope(kMessage)) ==
        "010000"
        "00040000"
        "05000000"
        "24000000"
        "00000000"
        "00"
        "12e0000055");
  CHECK(put_in_envelope(kMessage) == Envelope{}.around(kMessage));
  CHECK(put_in_envelope({}).size() == kStorageEnvelope);
}

TEST_CASE("envelope: both places of the descriptor are read, and the offsets that implementations count") {
  for (const std::size_t base : {3U, 4U}) {
    for (const std::uint32_t offset : {36U, 34U, 32U}) {
      CAPTURE(base);
      CAPTURE(offset);
      CHECK(take_from_envelope(Envelope{.base = base, .offset = offset}.around(kMessage)) == kMessage);
    }
    // Elsewhere: counted from the reserved bytes in front of the record.
    CHECK(take_from_envelope(Envelope{.base = base, .offset = 14 + 20 + 3}.around(kMessage, 3)) == kMessage);
  }
  // A descriptor says how long the message is; what follows it is not part of it.
  CHECK(take_from_envelope(Envelope{.length = 4}.around(kMessage)) == Bytes{0x12, 0xE0, 0x00, 0x00});
}

TEST_CASE("N314 envelope: descriptors that do not fit what came") {
  const auto with = [](const Envelope& envelope) { return envelope.around(kMessage); };
  const Bytes good = with({});
  for (std::size_t size = 0; size < kStorageEnvelope; ++size)
    check_refused(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)), "descriptors");
  check_refused(with({.count = 0}), "descriptors: 0, an SPDM message has 1");
  check_refused(with({.count = 2}), "descriptors: 2");
  for (const std::uint8_t type : std::initializer_list<std::uint8_t>{0, 1, 2, 3, 5, 0x40})
    check_refused(with({.type = type}), "descriptor: none of an SPDM message");
  check_refused(with({.length = 6}), "none of an SPDM message of at most 5 bytes");
  check_refused(with({.length = 0xFFFFFFFF}), "none of an SPDM message");
  for (const std::uint32_t offset : {0U, 13U, 14U, 20U, 33U}) check_refused(with({.offset = offset}), "lies before the message");
  check_refused(with({.offset = 35}), "5 bytes at 21 of 25");
  check_refused(with({.length = 0, .offset = 14 + 26}), "0 bytes at 26 of 25");
  check_refused(with({.offset = 0xFFFFFFFF}), "bytes at 4294967281 of 25");
  check_refused(with({.status = 2}), "descriptor status: 0x02, the drive refuses the message");
  // At both places at once: type 4 at the one is the status of the other.
  Bytes both(kStorageEnvelope + 5);
  both[0] = 1;
  both[4] = both[5] = 4;
  check_refused(both, "fits at two places");
}
