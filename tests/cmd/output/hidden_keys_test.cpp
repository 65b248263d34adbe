// No key of a link is shown, however the message that brings it came.
#include "cmd/output/hidden_keys.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "core/text.h"
#include "core/wire/chunk.h"
#include "core/wire/encapsulated.h"
#include "core/wire/pci_vendor.h"
#include "support/pci_requests.h"

using namespace spdm;
using spdm::cmd::HiddenKeys;
using spdm::cmd::hide_key;

namespace {

constexpr std::uint8_t kKeyByte = 0xA5;  // stands nowhere else in these messages

Bytes key_prog() { return pci_requests::key_prog(3, {0x12}, 1, Bytes(32, kKeyByte), 0x0102030405060708); }

Bytes enveloped(View message, std::uint8_t version = k12, bool large = false, Code code = Code::vendor_defined_request) {
  return wrap(PciProtocol::ide_km, message, large).encode(code, version);
}

Bytes of_cxl(std::uint8_t object, Code code) {
  VendorDefined out = wrap(PciProtocol::ide_km, Writer().u8(object).zeros(6).bytes(Bytes(32, kKeyByte)).zeros(12).take());
  out.vendor_id = {0x98, 0x1E};
  return out.encode(code, k12);
}

std::size_t key_bytes(const Bytes& bytes) { return static_cast<std::size_t>(std::count(bytes.begin(), bytes.end(), kKeyByte)); }

// All but the key stands as it was.
void hides_the_key_alone(const Bytes& message) {
  CAPTURE(hex(message));
  REQUIRE(key_bytes(message) == 32);
  const HiddenKeys::Shown shown = hide_key(message);
  CHECK(shown.hidden);
  Bytes expected = message;
  std::replace(expected.begin(), expected.end(), kKeyByte, std::uint8_t{0});
  CHECK(hex(shown.bytes) == hex(expected));
}

void hides_nothing(const Bytes& message) {
  const HiddenKeys::Shown shown = hide_key(message);
  CHECK_FALSE(shown.hidden);
  CHECK(shown.bytes == message);
}

}  // namespace

TEST_CASE("N351 the key of KEY_PROG is not shown, all else of it is") {
  hides_the_key_alone(enveloped(key_prog()));
  hides_the_key_alone(enveloped(key_prog(), k14));
  hides_the_key_alone(enveloped(key_prog(), k14, true));
  hides_the_key_alone(EncapsulatedRequest{.id = 1, .request = enveloped(key_prog())}.encode(k12));
}

TEST_CASE("N351 of a KEY_PROG of another size nothing is shown from the key on") {
  Bytes message = key_prog();
  message.push_back(kKeyByte);
  const HiddenKeys::Shown longer = hide_key(enveloped(message));
  CHECK(longer.hidden);
  CHECK(key_bytes(longer.bytes) == 0);
  for (std::size_t size = 1; size < message.size(); ++size) CHECK(key_bytes(hide_key(enveloped(View(message).first(size))).bytes) == 0);
  // And where the envelope itself is cut.
  const Bytes whole = enveloped(key_prog());
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK(key_bytes(hide_key(View(whole).first(size)).bytes) == 0);
}

TEST_CASE("N351 keys of CXL are not shown, although its messages stay bytes") {
  for (const auto& [object, code] :
       {std::pair{std::uint8_t{2}, Code::vendor_defined_request}, {std::uint8_t{8}, Code::vendor_defined_response}}) {
    const HiddenKeys::Shown shown = hide_key(of_cxl(object, code));
    CHECK(shown.hidden);
    CHECK(key_bytes(shown.bytes) == 0);
  }
  hides_nothing(of_cxl(1, Code::vendor_defined_response));
}

TEST_CASE("what brings no key is shown") {
  hides_nothing(enveloped(pci_requests::k_set_go(3, {0x12}, 1)));
  VendorDefined tdisp = wrap(PciProtocol::tdisp, key_prog());
  hides_nothing(tdisp.encode(Code::vendor_defined_request, k12));
  VendorDefined other = wrap(PciProtocol::ide_km, key_prog());
  other.vendor_id = {0x86, 0x80};
  hides_nothing(other.encode(Code::vendor_defined_request, k12));
  hides_nothing({k12, 0x84, 0, 0});
  hides_nothing({});
}

TEST_CASE("N351 a key in chunks is shown in none of them") {
  for (const std::uint8_t version : {k12, k14})
    for (const std::size_t size : {std::size_t{1}, std::size_t{5}, std::size_t{20}, std::size_t{100}}) {
      CAPTURE(size);
      const Bytes whole = enveloped(key_prog(), version);
      HiddenKeys keys;
      std::size_t before = 0, hidden = 0;
      for (std::uint32_t sequence = 0; before < whole.size(); ++sequence) {
        Chunk chunk{.last = false, .handle = 0, .sequence = sequence, .large_message_size = 0, .data = {}};
        chunk.large_message_size = static_cast<std::uint32_t>(whole.size());
        chunk.data = to_bytes(View(whole).subspan(before, std::min(size, whole.size() - before)));
        before += chunk.data.size();
        hidden += key_bytes(chunk.data);
        Message message{.from_requester = true, .secured = false, .bytes = chunk.encode(Code::chunk_send, version)};
        const HiddenKeys::Shown shown = keys.next(message);
        CHECK(shown.hidden == (key_bytes(chunk.data) != 0));
        CHECK(key_bytes(shown.bytes) == 0);
        CHECK(shown.bytes.size() == message.bytes.size());
      }
      CHECK(hidden == 32);
      // The next message in chunks has none.
      const Chunk next{.last = true, .handle = 1, .sequence = 0, .large_message_size = 90, .data = Bytes(90, kKeyByte)};
      CHECK_FALSE(keys.next({.from_requester = true, .secured = false, .bytes = next.encode(Code::chunk_send, version)}).hidden);
    }
}

TEST_CASE("records are shown as they came") {
  const Bytes record = enveloped(key_prog());  // that they look like a message has no meaning
  CHECK_FALSE(HiddenKeys().next({.from_requester = true, .secured = true, .bytes = record}).hidden);
}
