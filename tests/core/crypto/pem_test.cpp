#include "core/crypto/pem.h"

#include <doctest/doctest.h>

#include "core/error.h"
#include "core/text.h"

using spdm::Bytes;
using spdm::View;

namespace {

// "LABEL:number of bytes", one for each block.
std::string blocks(const std::string& text) {
  std::string out;
  std::size_t last = 0;
  spdm::crypto::for_each_pem_block(spdm::as_bytes(text), "file", [&](std::string_view label, View der, std::size_t number) {
    CHECK(number == last + 1);
    last = number;
    for (std::size_t i = 0; i < der.size(); ++i) CHECK(der[i] == static_cast<std::uint8_t>(i));
    out += spdm::cat(out.empty() ? "" : " ", label, ":", der.size());
  });
  return out;
}

std::string block(const std::string& label, std::size_t size, std::size_t line = 64, const std::string& end = "\n") {
  Bytes der;
  for (std::size_t i = 0; i < size; ++i) der.push_back(static_cast<std::uint8_t>(i));
  const std::string base64 = spdm::base64(der);
  std::string out = "-----BEGIN " + label + "-----" + end;
  for (std::size_t at = 0; at < base64.size(); at += line) out += base64.substr(at, line) + end;
  return out + "-----END " + label + "-----" + end;
}

std::string refusal(const std::string& text) {
  try {
    blocks(text);
  } catch (const spdm::Error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("PEM: blocks of every size, one after the other") {
  std::string text, expected;
  for (std::size_t size = 1; size <= 200; ++size) {
    text += block("CERTIFICATE", size);
    expected += spdm::cat(size == 1 ? "" : " ", "CERTIFICATE:", size);
  }
  CHECK(blocks(text) == expected);
  text.pop_back();
  CHECK(blocks(text) == expected);  // the last line has no end
}

TEST_CASE("PEM: other forms of a block are read as well, among those of the strict one") {
  const std::string good = block("A", 100);
  CHECK(blocks("words\n" + good + "\n\n# more words\n" + good) == "A:100 A:100");
  CHECK(blocks(good + block("B", 100, 64, "\r\n") + good) == "A:100 B:100 A:100");
  CHECK(blocks(good + block("B", 100, 76) + block("C", 100, 32) + good) == "A:100 B:100 C:100 A:100");
  CHECK(blocks(good + "-----BEGIN B-----\nAAE \n C\n-----END B-----\n" + good).starts_with("A:100"));
  CHECK(blocks(good + "say -----BEGIN B-----\n" + good) == "A:100 A:100");
  CHECK(blocks(block("X509 CRL", 48)) == "X509 CRL:48");  // a whole line, and no shorter one behind it
  CHECK(blocks("") == "");
  CHECK(blocks("nothing of it") == "");
}

TEST_CASE("PEM: what is broken, and what is private, is told with its number") {
  const std::string good = block("A", 100);
  CHECK(refusal(good + "-----BEGIN B-----\n!!!!\n-----END B-----\n").starts_with("file: PEM block 2: "));
  CHECK(refusal(good + good + good.substr(0, 60)).starts_with("file: PEM block 3: "));
  CHECK(refusal(good + "-----BEGIN B-----\nAAEC\n-----END C-----\n").starts_with("file: PEM block 2: "));
  CHECK(refusal(good + block("PRIVATE KEY", 100)) == "file: holds a private key");
  CHECK(refusal(good + block("EC PRIVATE KEY", 100, 76)) == "file: holds a private key");
}
