#include "core/evidence/session_transcript.h"

#include <doctest/doctest.h>

#include "core/text.h"

using namespace spdm;

namespace {

const HashAlgorithm& sha256() { return *find_hash("SHA-256"); }
constexpr std::string_view kHashOfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

}  // namespace

TEST_CASE("TH of a key exchange: A, D, the hash of the chain, and the messages; with mutual authentication the requester's too") {
  SessionTranscript transcript = SessionTranscript::of_key_exchange(sha256(), Bytes{0xA1, 0xA2}, Bytes{0xD1}, as_bytes("abc"));
  CHECK(hex(transcript.bytes()) == cat("a1a2", "d1", kHashOfAbc));
  transcript.append(Bytes{0x11});
  transcript.append_requester(Bytes{0xE1}, as_bytes("abc"));
  transcript.append(Bytes{0x22});
  CHECK(hex(transcript.bytes()) == cat("a1a2", "d1", kHashOfAbc, "11", "e1", kHashOfAbc, "22"));
  CHECK(transcript.hash() == crypto::hash(sha256(), transcript.bytes()));
}

TEST_CASE("TH of a key exchange: no D, and none of the requester's, where there is one key only") {
  SessionTranscript transcript = SessionTranscript::of_key_exchange(sha256(), Bytes{0xA1}, {}, as_bytes("abc"));
  transcript.append_requester({}, as_bytes("abc"));
  CHECK(hex(transcript.bytes()) == cat("a1", kHashOfAbc, kHashOfAbc));
}

TEST_CASE("TH with a PSK: A and the messages, no certificates") {
  SessionTranscript transcript = SessionTranscript::of_psk(sha256(), Bytes{0xA1});
  transcript.append(Bytes{0x11});
  CHECK(hex(transcript.bytes()) == "a111");
}
