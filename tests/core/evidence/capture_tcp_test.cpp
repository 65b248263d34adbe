#include "core/evidence/capture_tcp.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/text.h"
#include "expect_error.h"

using namespace spdm;

namespace {

TcpSegment segment(std::uint32_t sequence, std::string_view payload, std::size_t number = 1) {
  TcpSegment out;
  out.place.file = "x";
  out.place.number = number;
  out.sequence = sequence;
  out.payload = as_bytes(payload);
  return out;
}

std::string ready(const TcpStream& stream) { return std::string(as_text(stream.ready())); }

}  // namespace

TEST_CASE("TCP: bytes come in order, whatever the order of the segments, and beyond the end of the sequence numbers") {
  for (const std::uint32_t first : {0U, 1000U, 0xFFFFFFFDU}) {
    TcpStream stream;
    stream.start(first);
    stream.add(segment(first + 4, "ef"));
    stream.add(segment(first + 2, "cd"));
    CHECK(ready(stream).empty());
    REQUIRE(stream.gap());
    CHECK(stream.gap()->missing == 2);
    stream.add(segment(first, "ab"));
    CHECK(ready(stream) == "abcdef");
    CHECK(!stream.gap());
    stream.take(4);
    CHECK(ready(stream) == "ef");
    stream.add(segment(first + 6, ""));
    stream.add(segment(first + 6, "g"));
    CHECK(ready(stream) == "efg");
  }
}

TEST_CASE("TCP: what is sent again must be the same, in order or not, whole or in part") {
  TcpStream stream;
  stream.start(100);
  stream.add(segment(100, "abcd"));
  stream.take(3);
  stream.add(segment(100, "abcd"));
  stream.add(segment(102, "cdef"));
  CHECK(ready(stream) == "def");
  expect_error(ErrorId::bad_input, "x: packet 7 at offset 0: sends byte 1 of its TCP connection again, and it is another",
               [&] { stream.add(segment(101, "Xc", 7)); });
  stream.add(segment(108, "ij", 3));
  stream.add(segment(107, "hiJ", 4));
  expect_error(ErrorId::bad_input, "packet 4 at offset 0: sends byte 9 of its TCP connection again", [] {
    TcpStream other;
    other.start(100);
    other.add(segment(108, "ij", 3));
    other.add(segment(108, "iJ", 4));
    other.add(segment(100, "abcdefgh", 5));
  });
}

TEST_CASE("TCP: SYN counts as a byte, and a byte that asks whether the peer is alive does not") {
  TcpStream stream;
  stream.start(101);
  TcpSegment syn = segment(100, "ab");
  syn.begins = true;
  stream.add(syn);
  stream.add(segment(102, "?"));
  CHECK(ready(stream) == "ab");
}

TEST_CASE("TCP: without its beginning a connection begins with the first segment that has bytes") {
  TcpStream stream;
  stream.add(segment(500, ""));
  CHECK(!stream.is_started());
  stream.add(segment(600, "cd"));
  stream.add(segment(598, "ab"));
  stream.add(segment(599, "bcde"));
  CHECK(ready(stream) == "cde");
}

TEST_CASE("TCP: bytes before the first one are of before the capture, but not behind a SYN, and not any number of them") {
  TcpStream begun, late;
  begun.start(600);
  begun.add(segment(599, "?"));  // asks whether the peer is alive
  expect_error(ErrorId::bad_input, "begins 2 bytes before the first byte of its TCP connection", [&] { begun.add(segment(598, "ab")); });
  late.add(segment(600, "cd"));
  late.add(segment(598, "ab"));
  expect_error(ErrorId::bad_input, "begins 1048577 bytes before the first byte of its TCP connection",
               [&] { late.add(segment(static_cast<std::uint32_t>(599 - kMaxTcpAhead), "ab")); });
}

TEST_CASE("TCP: what is missing at the end, by a FIN and by what was acknowledged") {
  TcpStream stream;
  stream.start(100);
  stream.add(segment(100, "abcd"));
  stream.note_acknowledged(104);
  stream.note_acknowledged(105);  // a FIN that was not captured
  CHECK(stream.missing_at_end() == 0);
  stream.note_acknowledged(110);
  stream.note_acknowledged(104);
  stream.note_acknowledged(110 + 2 * kMaxTcpAhead);  // of somebody else
  CHECK(stream.missing_at_end() == 6);
  TcpStream ended;
  ended.start(100);
  TcpSegment fin = segment(107, "");
  fin.ends = true;
  ended.add(fin);
  ended.add(segment(100, "abcd"));
  CHECK(ended.missing_at_end() == 3);
  ended.add(segment(104, "efg"));
  ended.note_acknowledged(108);
  CHECK(ended.missing_at_end() == 0);
}

TEST_CASE("TCP: fragments, segments that were cut, and too much that is missing") {
  TcpStream stream;
  stream.start(0);
  TcpSegment fragment = segment(0, "ab");
  fragment.is_fragment = true;
  expect_error(ErrorId::bad_input, "is a fragment of IP", [&] { stream.add(fragment); });
  TcpSegment cut = segment(0, "ab");
  cut.missing = 3;
  expect_error(ErrorId::bad_input, "lacks 3 bytes: it was cut when it was captured", [&] { stream.add(cut); });
  stream.add(segment(kMaxTcpAhead, "ab"));
  expect_error(ErrorId::bad_input, "comes after 1048577 bytes of its TCP connection that are missing",
               [&] { stream.add(segment(kMaxTcpAhead + 1, "ab")); });
  for (std::uint32_t i = 1; i < kMaxTcpWaiting; ++i) stream.add(segment(1 + i, "a"));
  expect_error(ErrorId::bad_input, "bytes of its TCP connection that are missing", [&] { stream.add(segment(5, "ab")); });
}

TEST_CASE("TCP: long connections take no more memory than what is compared takes") {
  TcpStream stream;
  stream.start(0xFFFF0000);
  const std::string piece(60'000, 'a');
  std::uint32_t sequence = 0xFFFF0000;
  for (int i = 0; i < 100; ++i, sequence += static_cast<std::uint32_t>(piece.size())) {
    stream.add(segment(sequence, piece));
    REQUIRE(stream.ready().size() == piece.size());
    stream.take(piece.size());
  }
  expect_error(ErrorId::bad_input, "sends byte 0 of its TCP connection again, after 6000000 bytes: too late to be compared",
               [&] { stream.add(segment(0xFFFF0000, "b")); });
  expect_error(ErrorId::bad_input, "again, and it is another", [&] { stream.add(segment(sequence - 2, "bb")); });
}
