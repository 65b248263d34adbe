#include "core/session/key_schedule.h"

#include <doctest/doctest.h>

#include <string>

#include "core/session/secured_session.h"
#include "core/text.h"
#include "support/session_suite.h"

using namespace spdm;

namespace {

Bytes of_hex(std::string_view digits) { return unhex(digits, "known answer"); }

std::string shown(const TrafficSecret& secret) { return hex(secret.secret().view()); }

// As a reference implementation printed them for a session of 1.3 with SHA-384 and AES-256-GCM.
constexpr std::string_view kDheSecret = "7675ad60a241b85760f97938b1b385034f653bea77b4ad65537eaaae5e81a72c47697160cabc7eac4290ed2ab9725669";
constexpr std::string_view kTh1 = "105a22649b7dc967f06dc3652b2b9b5d7d2129202852b339ad2fb38779a6ab39c56451dfde5693fd27eb96122896d456";
constexpr std::string_view kTh2 = "47bc5c2e2eba4f481404d8c6f779ee67a2662f070fe2fe90585e5b48d30e0ad446b5d7df003c2ec2dcc9e0093aa35e4e";

SessionSuite suite(std::uint8_t version) { return support::session_suite(version, "SHA-384", "AES-256-GCM"); }

}  // namespace

TEST_CASE("bin_str: length, version, label and context, and nothing between them") {
  CHECK(hex(bin_str(k12, "finished", {}, 48)) ==
        "3000"
        "7370646d312e3220"
        "66696e6973686564");
  CHECK(hex(bin_str(k14, "key", Bytes{0xAA, 0xBB}, 0x0120)) ==
        "2001"
        "7370646d312e3420"
        "6b6579"
        "aabb");
}

TEST_CASE("key schedule: the secrets and keys of a reference implementation, key exchange") {
  const KeySchedule schedule = KeySchedule::from_key_exchange(suite(k13), SecretBytes::take(of_hex(kDheSecret)));
  const TrafficSecret request = schedule.handshake(Direction::request, of_hex(kTh1));
  const TrafficSecret response = schedule.handshake(Direction::response, of_hex(kTh1));
  CHECK(shown(request) == "5f15fffb3f50b74b15495df98fa0f002ef3d0405199fa8526ba85c05f42215672a4d25332ff6d24785b5d4fc4a9f9a7a");
  CHECK(shown(response) == "4cca37fe6653c3fc597664728e5b8eab48f9206ec4f00058f3064aff70f96ff2764d5ef070b4a721da7cbd7a34a83922");
  CHECK(hex(request.record_keys().key.view()) == "8eff5e93f82b88f134ffb0cf5a5fdece1644ba4a5b3c3825612b8b95b77b7201");
  CHECK(hex(request.record_keys().iv.view()) == "d80d7808d531697f5a44107e");
  CHECK(hex(response.record_keys().key.view()) == "8460ebe0c00df8d2e7e4d975c49ff6e7781c287c881d766da5e4b4076347d8eb");
  CHECK(hex(response.record_keys().iv.view()) == "738014eee4a527ca88367381");
  CHECK(request.record_keys().next == 0);
  const TrafficSecret asking = schedule.application(Direction::request, of_hex(kTh2));
  const TrafficSecret answering = schedule.application(Direction::response, of_hex(kTh2));
  CHECK(shown(asking) == "5c9b81e48d3ce8d04aa2db38f91e2855c8783281d56fc9dda10f2cc67e43d7cfa801e1cde500c2a1f52a76473725f427");
  CHECK(shown(answering) == "70608c241cf264dceb6201e8bb9abfcec21b0aa7c610c28c909492295841a74c3c0582ba6caa82ddd091ae9d2b63da9d");
  CHECK(shown(asking.updated()) == "b35009738eda8de6f478e390de761d8524a3a366b041eda1dd928e667c55d278538247f59f0fc3a96f5dd17502e6af17");
  CHECK(shown(answering.updated()) == "bec339d72816be104113fb33a5c89a0e97284014017c03e238e409693a4539f7df85d29cc2e4260a88144bc028fb954f");
}

TEST_CASE("key schedule: the keys of a reference implementation, PSK; its salt is all ones from 1.3 on, and zeros before") {
  const Bytes psk = of_hex("5465737450736b4461746100");
  const auto keys = [&](std::uint8_t version, Direction direction, std::string_view th1) {
    return KeySchedule::from_psk(suite(version), SecretBytes::take(Bytes(psk))).handshake(direction, of_hex(th1)).record_keys();
  };
  constexpr std::string_view th1_of_13 = "f8c647c3685cec4540cbf661621655c1253471a16410d71881fcbcb78756cd3ec2738f648d243bb9e690552b2b25484c";
  CHECK(hex(keys(k13, Direction::request, th1_of_13).key.view()) == "1e4bb7c35220471f9372a35c876b2c794aebe016ace1868429d5e0cc36a80b95");
  CHECK(hex(keys(k13, Direction::response, th1_of_13).iv.view()) == "0326f28cfc5abb130c2060d1");
  constexpr std::string_view th1_of_11 = "346e5138e9c64cad3ac5438bb29eb05c1c6a8bdd8c2474780247a3da8764c6391738d4974d00a2a450432ec958617eb7";
  CHECK(hex(keys(k11, Direction::request, th1_of_11).key.view()) == "cb286ceca01fc5faeff259e6ddf865a29cf66cf2d01347d1a0594e8fd44df1f6");
}

TEST_CASE("key schedule: the size of a key is that of the AEAD, and of a secret that of the hash") {
  const SessionSuite small = support::session_suite(k12, "SHA-512", "AES-128-GCM");
  const TrafficSecret secret = support::key_schedule(small).handshake(Direction::request, Bytes(64, 2));
  CHECK(secret.secret().size() == 64);
  CHECK(secret.record_keys().key.size() == 16);
  CHECK(secret.record_keys().iv.size() == kAeadIvSize);
  CHECK(secret.updated().secret().size() == 64);
}

TEST_CASE("key schedule: VerifyData is the HMAC under the finished key") {
  const TrafficSecret secret = support::key_schedule().handshake(Direction::request, Bytes(32, 2));
  const Bytes info = bin_str(k12, "finished", {}, 32);
  const SecretBytes finished = crypto::hkdf_expand(*find_hash("SHA-256"), secret.secret(), info, 32);
  CHECK(secret.verify_data(Bytes(32, 9)) == crypto::hmac(*find_hash("SHA-256"), finished, Bytes(32, 9)));
  CHECK(TrafficSecret().empty());
  CHECK_FALSE(secret.empty());
}
