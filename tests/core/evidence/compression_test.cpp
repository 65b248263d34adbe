#include "core/evidence/compression.h"

#include <doctest/doctest.h>
#include <zlib.h>
#include <zstd.h>

#include "core/error.h"
#include "core/evidence/capture_source.h"
#include "core/evidence/capture_writer.h"
#include "core/evidence/file.h"
#include "core/evidence/load.h"
#include "core/evidence/pcap.h"
#include "core/file_kinds.h"
#include "core/shared_library.h"
#include "core/text.h"
#include "expect_error.h"

using namespace spdm;

namespace {

constexpr std::size_t kLimit = 8 * kMiB;

Bytes gzip(View bytes) {
  static const SharedLibrary library("libz.so.1", "", "");
  z_stream stream{};
  REQUIRE(library.function<decltype(&deflateInit2_)>("deflateInit2_")(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                                                                      static_cast<int>(sizeof stream)) == Z_OK);
  Bytes out(bytes.size() + 1000);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(library.function<decltype(&deflate)>("deflate")(&stream, Z_FINISH) == Z_STREAM_END);
  const Bytes made = to_bytes(View(out).first(out.size() - stream.avail_out));
  library.function<decltype(&deflateEnd)>("deflateEnd")(&stream);
  return made;
}

Bytes zstd(View bytes) {
  static const SharedLibrary library("libzstd.so.1", "", "");
  Bytes out(bytes.size() + 1000);
  const std::size_t size =
      library.function<decltype(&ZSTD_compress)>("ZSTD_compress")(out.data(), out.size(), bytes.data(), bytes.size(), 3);
  REQUIRE(size <= out.size());
  out.resize(size);
  return out;
}

constexpr std::array kPackers{&gzip, &zstd};

// Hard to compress, and the same each time.
Bytes noise(std::size_t size) {
  Bytes out(size);
  std::uint32_t state = 1;
  for (std::uint8_t& byte : out) byte = static_cast<std::uint8_t>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  return out;
}

void refused(View bytes, const std::string& why, std::size_t limit = kLimit) {
  expect_error(ErrorId::bad_input, why, [&] { unpacked(bytes, "x.gz", limit); });
  expect_error(ErrorId::bad_input, "x.gz: ", [&] { unpacked(bytes, "x.gz", limit); });
}

Evidence sample() {
  Evidence out;
  out.binding = Binding::doe;
  out.log = {{true, false, {0x10, 0x84, 0, 0}}, {false, false, {0x10, 4, 0, 0, 0, 1, 0, 0x12}}};
  return out;
}

}  // namespace

TEST_CASE("what is compressed is told by its beginning, and comes out as it went in") {
  for (const auto pack : kPackers)
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65'536}, std::size_t{300'000}}) {
      const Bytes plain = noise(size), packed = pack(plain);
      CHECK(is_compressed(packed));
      CHECK(unpacked(packed, "x", kLimit) == plain);
      Bytes twice = packed;
      append(twice, packed);
      CHECK(unpacked(twice, "x", kLimit).size() == 2 * size);
    }
  CHECK(!is_compressed(Bytes{0x1F}));
  CHECK(!is_compressed(Bytes{0x28, 0xB5, 0x2F}));
  CHECK(!is_compressed(Bytes{'{', '}'}));
}

TEST_CASE("captures and evidence are read as they were before they were compressed") {
  const Evidence evidence = sample();
  const std::string json = write_evidence(evidence);
  for (const auto pack : kPackers) {
    for (const Bytes& plain : {write_pcap(evidence), to_bytes(as_bytes(json))}) {
      const Bytes packed = pack(plain);
      CHECK(may_hold_several(packed));
      CHECK(load_evidence(packed, "e").log.size() == 2);
      CHECK(evidence_sha256(load_evidence(packed, "e")) == evidence_sha256(load_evidence(plain, "e")));
    }
    expect_error(ErrorId::bad_input, "e: is neither an evidence file nor", [&] { load_parts(pack(pack(Bytes(9))), "e"); });
    expect_error(ErrorId::bad_input, "e: is empty", [&] { load_parts(pack({}), "e"); });
    expect_error(ErrorId::bad_input, "e: is a policy; expected: evidence file", [&] { load_parts(pack(as_bytes("rules:\n")), "e"); });
  }
}

TEST_CASE("streams that are cut at any byte, or followed by something else") {
  for (const auto pack : kPackers) {
    const Bytes packed = pack(noise(200));
    for (std::size_t size = 4; size < packed.size(); ++size) refused(View(packed).first(size), "stream is cut off");
  }
  Bytes more = gzip(noise(10));
  more.push_back(1);
  refused(more, "bytes that are not gzip follow the end of its gzip stream");
  more.back() = 0;
  append(more, gzip(noise(10)));
  refused(more, "bytes that are not zero follow the padding behind its gzip stream");
  more = zstd(noise(10));
  append(more, Bytes(8, 0xAA));
  refused(more, "its zstd stream is corrupt");
}

TEST_CASE("zeros behind gzip, as tapes have them; frames of zstd that are to be skipped, as pzstd writes them") {
  for (const std::size_t zeros : {1U, 511U, 200'000U}) {
    Bytes padded = gzip(noise(10));
    padded.resize(padded.size() + zeros);
    CHECK(unpacked(padded, "x", kLimit) == noise(10));
  }
  const Bytes skipped{0x5A, 0x2A, 0x4D, 0x18, 3, 0, 0, 0, 1, 2, 3};
  Bytes packed = skipped;
  for (int i = 0; i < 2; ++i) {
    append(packed, zstd(noise(10)));
    append(packed, skipped);
  }
  CHECK(is_compressed(packed));
  CHECK(unpacked(packed, "x", kLimit).size() == 20);
}

TEST_CASE("what is taken piece by piece is the same, compressed or not") {
  const Bytes plain = noise(200'000);
  for (const Bytes& file : {plain, gzip(plain), zstd(plain), Bytes{}, Bytes{1, 2, 3}}) {
    // A pipe gives what it has.
    const Pieces slow = [whole = pieces_of(file)](std::span<char> room) mutable {
      return whole(room.first(std::min<std::size_t>(room.size(), 999)));
    };
    const Pieces pieces = unpacked(slow, "x");
    Bytes out;
    for (Bytes room(777);;) {
      const std::size_t size = pieces({reinterpret_cast<char*>(room.data()), room.size()});
      if (size == 0) break;
      append(out, View(room).first(size));
    }
    CHECK(out == (is_compressed(file) ? plain : file));
  }
}

TEST_CASE("streams with any byte garbled: an error or bytes, never worse") {
  for (const auto pack : kPackers) {
    const Bytes packed = pack(as_bytes("all work and no play, all work and no play, all work and no play"));
    for (std::size_t at = 4; at < packed.size(); ++at) {
      Bytes garbled = packed;
      garbled[at] ^= 0xFF;
      try {
        const Bytes plain = unpacked(garbled, "x", kLimit);
        CHECK(plain.size() <= kLimit);
      } catch (const Error& error) {
        CHECK(error.id == ErrorId::bad_input);
      }
    }
  }
  Bytes garbled = gzip(noise(200));
  garbled[garbled.size() - 6] ^= 1;  // of the checksum
  refused(garbled, "its gzip stream is corrupt (incorrect data check), near byte ");
}

TEST_CASE("what comes out has a limit, in bytes and against what went in") {
  for (const auto pack : kPackers) {
    const Bytes packed = pack(noise(5'000));
    CHECK(unpacked(packed, "x", 5'000).size() == 5'000);
    refused(packed, "unpacks to more than 4999 bytes, the limit for a file of this kind", 4'999);
    CHECK(unpacked(pack(Bytes(kAnyRatio)), "x", kLimit).size() == kAnyRatio);
  }
  refused(zstd(Bytes(6 * kMiB)), "unpacks to more than 1000 times its size");
  refused(gzip(Bytes(40 * kMiB)), "unpacks to more than 1000 times its size", 64 * kMiB);
}

TEST_CASE("a zstd stream whose window takes more memory than 8 MiB") {
  // The header of a frame (RFC 8878 3.1.1.1): no checksum, no size, a window of 16 MiB; then an empty last block.
  refused(Bytes{0x28, 0xB5, 0x2F, 0xFD, 0, (24 - 10) << 3, 1, 0, 0}, "takes too much memory");
  CHECK(unpacked(Bytes{0x28, 0xB5, 0x2F, 0xFD, 0, (23 - 10) << 3, 1, 0, 0}, "x", kLimit).empty());
}

TEST_CASE("a library that is not there is named, and what has it") {
  try {
    SharedLibrary("libnowhere.so.7", "to read gzip", "install nowhere7");
    FAIL_CHECK("no error");
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::unsupported);
    CHECK(std::string(error.what()) == "the library libnowhere.so.7 is needed to read gzip, and could not be opened");
    CHECK(error.hint == "install nowhere7");
  }
  expect_error(ErrorId::unsupported, "the library libz.so.1 lacks the function nowhere",
               [] { SharedLibrary("libz.so.1", "", "").function<void (*)()>("nowhere"); });
}

TEST_CASE("preparing neither waits nor throws, whatever the file is") {
  for (const char* const file : {"/", "/dev/null", "/nowhere", SPDMCTL_SOURCE_DIR "/README.md"}) CHECK_NOTHROW(prepare_to_unpack(file));
}
