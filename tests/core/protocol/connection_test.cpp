// What a connection takes, in which order, and what it keeps when a message is refused.
#include "core/protocol/connection.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "support/small_device.h"

using namespace spdm;

namespace {

class Talk {
 public:
  explicit Talk(fake::Profile profile = {}) : device(std::move(profile)) {}

  void ask(const Bytes& request) {
    connection.observe({.request = request, .response = device.answer(request), .log_index = 0, .signature_size = 0});
  }
  void negotiate(std::uint32_t flags = 0) {
    const std::uint8_t version = device.profile().versions.back();
    ask(GetVersion{}.encode());
    ask(capabilities(flags).encode(version));
    ask(offer().encode(version));
  }
  GetCapabilities capabilities(std::uint32_t flags = 0) const {
    GetCapabilities out;
    out.capabilities.flags = flags;
    out.capabilities.data_transfer_size = out.capabilities.max_message_size = 0x20000;
    return out;
  }
  NegotiateAlgorithms offer() const {
    NegotiateAlgorithms out;
    out.base_asym = 0x90, out.base_hash = 3, out.other_params = other_params::opaque_fmt1, out.mel_specification = 1;
    return out;
  }
  GetCertificate portion(std::uint32_t offset, std::uint32_t length = 100) const {
    return {.slot = 0, .large = false, .slot_size_requested = false, .offset = offset, .length = length};
  }

  fake::Device device;
  Connection connection{Binding::none};
};

const Bytes kGetDigests{0x12, 0x81, 0, 0};

}  // namespace

TEST_CASE("N5 the version was not offered by the responder") {
  Talk talk;
  talk.ask(GetVersion{}.encode());
  for (const std::uint8_t version : {k10, k11, k13, k14})
    expect_error(ErrorId::peer, "not in VERSION", [&] {
      talk.connection.observe({.request = talk.capabilities().encode(version), .response = Bytes(20), .log_index = 0, .signature_size = 0});
    });
}

TEST_CASE("N89 CAPABILITIES or ALGORITHMS a second time") {
  Talk talk;
  talk.negotiate();
  expect_error(ErrorId::peer, "sent twice", [&] { talk.ask(talk.capabilities().encode(k12)); });
  expect_error(ErrorId::peer, "sent twice", [&] { talk.ask(talk.offer().encode(k12)); });
  CHECK(talk.connection.exchanges().size() == 3);
  talk.negotiate();  // GET_VERSION starts anew
  CHECK(talk.connection.exchanges().size() == 3);
}

TEST_CASE("connection: messages before their time") {
  Talk talk;
  expect_error(ErrorId::peer, "no VERSION", [&] { talk.ask(talk.capabilities().encode(k12)); });
  talk.ask(GetVersion{}.encode());
  expect_error(ErrorId::peer, "no CAPABILITIES", [&] {
    talk.connection.observe({.request = talk.offer().encode(k12), .response = Bytes(36), .log_index = 0, .signature_size = 0});
  });
}

TEST_CASE("N131 digests that change are the ones to compare with") {
  Talk talk;
  talk.negotiate();
  talk.ask(kGetDigests);
  const Bytes before = talk.connection.digests()->find(0)->digest;
  talk.device.tamper = [](Code, Bytes& response) { response[4] ^= 1; };
  talk.ask(kGetDigests);
  CHECK(talk.connection.digests()->find(0)->digest != before);
}

TEST_CASE("N132 DIGESTS from a responder without certificates") {
  fake::Profile profile;
  profile.flags = cap::meas_no_sig;
  Talk talk(profile);
  talk.negotiate();
  expect_error(ErrorId::peer, "CERT_CAP", [&] { talk.ask(kGetDigests); });
  CHECK_FALSE(talk.connection.digests());
}

TEST_CASE("N138 a chain that is refused half way") {
  Talk talk;
  talk.negotiate();
  talk.ask(talk.portion(0).encode(k12));
  talk.device.tamper = [](Code, Bytes& response) { ++response[6]; };
  expect_error(ErrorId::peer, "RemainderLength", [&] { talk.ask(talk.portion(100).encode(k12)); });
  CHECK(talk.connection.chain(0).size() == 100);
  CHECK(talk.connection.exchanges().size() == 4);
  talk.device.tamper = {};
  for (std::uint32_t offset = 100; offset < 600; offset += 100) talk.ask(talk.portion(offset).encode(k12));
  CHECK(talk.connection.chain(0).complete());
  CHECK(talk.connection.chain(0).chain() == talk.device.chain(0));
}

TEST_CASE("N145 the certificate model is another one than in DIGESTS") {
  Connection connection(Binding::none);
  const auto observe = [&](Bytes request, Bytes response) {
    connection.observe({.request = std::move(request), .response = std::move(response), .log_index = 0, .signature_size = 0});
  };
  observe(GetVersion{}.encode(), VersionResponse{{0x1300}}.encode());
  GetCapabilities get;
  get.capabilities.data_transfer_size = get.capabilities.max_message_size = 4096;
  CapabilitiesResponse capabilities;
  capabilities.capabilities = get.capabilities;
  capabilities.capabilities.flags = cap::cert | cap::chal | cap::multi_key_neg | cap::get_key_pair_info;
  observe(get.encode(k13), capabilities.encode(k13));
  NegotiateAlgorithms offer;
  offer.measurement_specification = 0;
  offer.base_asym = 0x10, offer.base_hash = 1, offer.other_params = other_params::multi_key;
  AlgorithmsResponse selection;
  selection.base_asym = 0x10, selection.base_hash = 1;
  observe(offer.encode(k13), selection.encode(k13));
  REQUIRE(connection.parameters().multi_key_responder);
  DigestsResponse digests{.supported_slots = 3, .provisioned_slots = 3, .slots = {}};
  digests.slots.push_back({0, Bytes(32, 1), 1, CertModel::device, key_usage::challenge});
  digests.slots.push_back({1, Bytes(32, 2), 2, CertModel::generic, 0});
  observe({0x13, 0x81, 0, 0}, digests.encode(connection.parameters()));
  const GetCertificate ask{.slot = 1, .large = false, .slot_size_requested = false, .offset = 0, .length = 100};
  for (const std::uint8_t model : std::initializer_list<std::uint8_t>{1, 2, 3}) {
    const CertificateResponse response{.slot = 1, .large = false, .model = model, .remainder = 0, .portion = Bytes(50)};
    if (model == 3)
      observe(ask.encode(k13), response.encode(k13));
    else
      expect_error(ErrorId::peer, "CertModel", [&] { observe(ask.encode(k13), response.encode(k13)); });
  }
  CHECK(connection.chain(1).complete());
}

TEST_CASE("N183 a CHALLENGE_AUTH that is refused leaves nothing behind") {
  fake::Profile profile;
  profile.versions = {k13};
  Talk talk(profile);
  talk.negotiate();
  Challenge challenge;
  challenge.context.fill(9);
  talk.device.tamper = [](Code, Bytes& response) { response[response.size() - 65] ^= 1; };  // RequesterContext
  expect_error(ErrorId::peer, "RequesterContext", [&] { talk.ask(challenge.encode(k13)); });
  CHECK(talk.connection.challenges().empty());
  CHECK(talk.connection.statements().empty());
  CHECK(talk.connection.exchanges().size() == 3);
}

TEST_CASE("connection: CHALLENGE_AUTH is the answer to nothing but CHALLENGE") {
  Talk talk;
  talk.negotiate();
  for (const Code code : {Code::get_key_pair_info, Code::set_certificate, Code::get_csr})
    expect_error(ErrorId::peer, "RequestResponseCode", [&] {
      talk.connection.observe({.request = begin(k12, code).take(), .response = {0x12, 0x03, 0, 1}, .log_index = 0, .signature_size = 0});
    });
}

TEST_CASE("N2 a request with the code of a response") {
  Talk talk;
  talk.negotiate();
  for (const Code code : {Code::digests, Code::challenge_auth, Code::measurements})
    expect_error(ErrorId::peer, "is not a request", [&] {
      talk.connection.observe(
          {.request = begin(k12, code).take(), .response = begin(k12, code).take(), .log_index = 0, .signature_size = 0});
    });
}

TEST_CASE("N4 answers that are not read further still have the version of the connection") {
  Talk talk;
  talk.negotiate();
  for (const std::uint8_t version : {k11, k13})
    expect_error(ErrorId::peer, "SPDMVersion", [&] {
      talk.connection.observe(
          {.request = begin(k12, Code::get_csr).take(), .response = begin(version, Code::csr).take(), .log_index = 0, .signature_size = 0});
    });
  talk.connection.observe(
      {.request = begin(k12, Code::get_csr).take(), .response = begin(k12, Code::csr).u32(0).take(), .log_index = 0, .signature_size = 0});
  CHECK(talk.connection.exchanges().size() == 4);
}

TEST_CASE("N302 the extension log shrinks, or grows, while it is read") {
  fake::Profile profile;
  profile.versions = {k13};
  profile.flags |= cap::mel;
  profile.mel = Bytes(100, 0x4D);
  profile.portion = 40;
  for (const int change : {-1, 0, +1}) {
    Talk talk(profile);
    talk.negotiate();
    talk.ask(GetMel{.offset = 0, .length = 40}.encode(k13));
    CHECK_FALSE(talk.connection.mel_complete());
    talk.device.tamper = [&](Code, Bytes& response) { response[8] = static_cast<std::uint8_t>(response[8] + change); };
    if (change < 0) {
      expect_error(ErrorId::peer, "RemainderLength", [&] { talk.ask(GetMel{.offset = 40, .length = 40}.encode(k13)); });
      continue;
    }
    talk.ask(GetMel{.offset = 40, .length = 40}.encode(k13));
    talk.ask(GetMel{.offset = 80, .length = 40}.encode(k13));
    CHECK(talk.connection.mel_complete());  // the total of the first portion is what is read
    CHECK(talk.connection.mel().size() == 100);
  }
}

TEST_CASE("connection: nothing follows a signature") {
  Talk talk;
  talk.negotiate();
  talk.device.tamper = [](Code, Bytes& response) { response.push_back(0); };
  GetMeasurements measure;
  measure.operation = kAllMeasurements;
  measure.signature = true;
  for (const Bytes& request : {Challenge{}.encode(k12), measure.encode(k12)})
    expect_error(ErrorId::peer, "1 bytes after the end of the message", [&] { talk.ask(request); });
  CHECK(talk.connection.statements().empty());
}
