// One exchange against a responder that is busy, slow, confused or silent.
#include "core/protocol/requester.h"

#include <doctest/doctest.h>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/fake_link.h"
#include "support/small_device.h"

using namespace spdm;

namespace {

const Bytes kVersion12{0x10, 0x04, 0, 0, 0, 1, 0x00, 0x12};
const Bytes kBusy{0x10, 0x7F, 0x03, 0};

Limits quick() {
  Limits out;
  out.busy_retries = 3;
  out.exchange = std::chrono::milliseconds(300);
  return out;
}

struct Asked {
  explicit Asked(fake::Link& fake, Limits limits = quick()) : link(fake), requester(fake, log, limits) {}

  // Up to ALGORITHMS.
  void negotiate(const fake::Device& device, bool chunks = true) {
    const std::uint8_t version = device.profile().versions.back();
    requester.ask(GetVersion{}.encode());
    GetCapabilities get;
    get.capabilities.flags = version >= k12 && chunks ? cap::chunk : 0;
    get.capabilities.data_transfer_size = requester.data_transfer_size();
    get.capabilities.max_message_size = chunks ? requester.limits().max_message : requester.data_transfer_size();
    requester.ask(get.encode(version));
    NegotiateAlgorithms offer;
    offer.base_asym = 0x90, offer.base_hash = 3, offer.other_params = other_params::opaque_fmt1, offer.mel_specification = 1;
    requester.ask(offer.encode(version));
  }
  void digests() { requester.ask(begin(requester.connection().version(), Code::get_digests).take()); }
  const Connection& connection() const { return requester.connection(); }

  fake::Link& link;
  MessageLog log;
  Requester requester;
};

// A device of which only the answers to one request are replaced; the list is used up front to back.
struct Scripted {
  Scripted(std::vector<Bytes> answers, Code code, fake::Profile profile = {}) : device(std::move(profile)) {
    device.intercept = [list = std::move(answers), next = std::size_t{0}, code](Code asked, View) mutable -> std::optional<Bytes> {
      if (next == list.size() || (asked != code && next == 0)) return std::nullopt;
      return list[next++];
    };
  }

  fake::Device device;
  fake::Link link{[this](View message) { return device.answer(message); }};
};

Bytes error(std::uint8_t code, Bytes extended = {}, std::uint8_t version = k12) {
  return ErrorResponse{.version = version, .code = static_cast<ErrorCode>(code), .data = 0, .extended = std::move(extended)}.encode();
}

Bytes not_ready(std::uint8_t exponent, std::uint8_t rdtm, Code code = Code::get_digests) {
  return error(0x42, {exponent, static_cast<std::uint8_t>(code), 0x5E, rdtm});
}

// Sends GET_DIGESTS to a device that answers as told, and expects to fail.
void fails(std::vector<Bytes> answers, ErrorId id, const std::string& part) {
  Scripted scripted(std::move(answers), Code::get_digests);
  Asked asked(scripted.link);
  asked.negotiate(scripted.device);
  expect_error(id, part, [&] { asked.digests(); });
  CHECK_FALSE(asked.connection().digests());
}

}  // namespace

TEST_CASE("N1 answers of less than four bytes") {
  for (std::size_t size = 0; size < 4; ++size) fails({Bytes(size, 0x12)}, ErrorId::peer, "only");
}

TEST_CASE("N2 N3 N4 answers to something else") {
  const Bytes digests = Bytes{0x12, 0x01, 0, 1};
  for (const std::uint8_t code : std::initializer_list<std::uint8_t>{0x81, 0x02, 0x04, 0x06}) {
    Bytes other = digests;
    other[1] = code;
    fails({other}, ErrorId::peer, "RequestResponseCode");
  }
  for (const std::uint8_t version : {k10, k11, k13}) {
    Bytes other = digests;
    other[0] = version;
    fails({other}, ErrorId::peer, "SPDMVersion");
  }
}

TEST_CASE("N13 an answer that arrives twice is not the answer to the next request") {
  Scripted scripted({}, Code::get_digests);
  Asked asked(scripted.link);
  asked.negotiate(scripted.device);
  asked.digests();
  const Bytes again = asked.log.back().bytes;
  scripted.device.intercept = [&](Code, View) { return again; };
  expect_error(ErrorId::peer, "RequestResponseCode", [&] {
    asked.requester.ask(GetCertificate{.slot = 0, .large = false, .slot_size_requested = false, .offset = 0, .length = 100}.encode(k12));
  });
}

TEST_CASE("N18 silence leaves the connection as it was") {
  fake::Device device;
  fake::Link link([&](View message) -> Bytes {
    if (message[1] == 0x81) throw Error(ErrorId::timeout, "nothing came");
    return device.answer(message);
  });
  Asked asked(link);
  asked.negotiate(device);
  expect_error(ErrorId::timeout, "nothing came", [&] { asked.digests(); });
  CHECK(asked.connection().exchanges().size() == 3);
  CHECK(asked.connection().negotiated());
  CHECK(asked.log.back().from_requester);  // what was sent stays in the log
}

TEST_CASE("N19 an answer larger than we take") {
  fake::Link link({Bytes(5000, 0x10)}, Binding::none, 4608);
  Asked asked(link);
  expect_error(ErrorId::peer, "we take 4608", [&] { asked.requester.ask(GetVersion{}.encode()); });
  Limits small = quick();
  small.max_message = 128;
  fake::Link wide({Bytes(129, 0x10)});
  Asked bounded(wide, small);
  expect_error(ErrorId::peer, "we take 128", [&] { bounded.requester.ask(GetVersion{}.encode()); });
}

TEST_CASE("N21 N24 ERROR with reserved codes, or cut off") {
  for (const std::uint8_t code : std::initializer_list<std::uint8_t>{0x00, 0x13, 0x3F, 0x40, 0xFD, 0xFE})
    fails({error(code)}, ErrorId::peer, "reserved error code");
  fails({{0x12, 0x7F, 0x03}}, ErrorId::peer, "only 3 bytes");
}

TEST_CASE("N22 Busy for ever") {
  fake::Link link([](View) { return kBusy; });
  Asked asked(link);
  expect_error(ErrorId::busy, "stays Busy", [&] { asked.requester.ask(GetVersion{}.encode()); });
  CHECK(link.requests.size() == 4);  // three retries
}

TEST_CASE("N22 Busy until the time is over") {
  fake::Link link([](View) { return kBusy; });
  Limits patient = quick();
  patient.busy_retries = 1000000;
  Asked asked(link, patient);
  expect_error(ErrorId::timeout, "stays Busy", [&] { asked.requester.ask(GetVersion{}.encode()); });
  CHECK(link.requests.size() < 100);
}

TEST_CASE("N23 control 4: Busy, then the answer") {
  fake::Link link({kBusy, kBusy, kVersion12});
  Asked asked(link);
  asked.requester.ask(GetVersion{}.encode());
  CHECK(asked.log.size() == 6);
  REQUIRE(asked.connection().exchanges().size() == 1);
  CHECK(asked.connection().exchanges()[0].response == kVersion12);
}

TEST_CASE("N26 N40 N41 N44 ERROR that changes nothing") {
  for (const std::uint8_t version : {k10, k11, k12, k14}) {  // N26: VersionMismatch in any version
    Scripted scripted({error(0x41, {}, version)}, Code::get_digests);
    Asked asked(scripted.link);
    asked.negotiate(scripted.device);
    expect_error(ErrorId::peer, "VersionMismatch", [&] { asked.digests(); });
    CHECK(asked.connection().version() == k12);
    asked.digests();
    CHECK(asked.connection().digests());
  }
  fails({error(0x0C)}, ErrorId::peer, "ResetRequired");
  fails({error(0x45)}, ErrorId::peer, "NoPendingRequests");
}

TEST_CASE("control 13: ERROR to GET_ENCAPSULATED_REQUEST when idle") {
  for (const std::uint8_t code : std::initializer_list<std::uint8_t>{0x04, 0x45}) {
    Scripted scripted({error(code)}, Code::get_encapsulated_request);
    Asked asked(scripted.link);
    asked.negotiate(scripted.device);
    CHECK_THROWS_AS(asked.requester.ask(begin(k12, Code::get_encapsulated_request).take()), Error);
    asked.digests();
    CHECK(asked.connection().errors().size() == 1);
  }
}

TEST_CASE("control 30: VersionMismatch with version 1.0 before the version is settled") {
  fake::Link link({{0x10, 0x7F, 0x41, 0}, kVersion12});
  Asked asked(link);
  expect_error(ErrorId::peer, "VersionMismatch", [&] { asked.requester.ask(GetVersion{}.encode()); });
  asked.requester.ask(GetVersion{}.encode());
  CHECK(asked.connection().versions());
}

TEST_CASE("N28 N29 N30 N31 ResponseNotReady that cannot be") {
  fails({error(0x42, {1, 0x81, 0})}, ErrorId::peer, "RDTM");
  fails({not_ready(1, 4, Code::challenge)}, ErrorId::peer, "RequestCode");
  fails({not_ready(255, 4)}, ErrorId::peer, "RDTExponent");
  fails({not_ready(31, 255)}, ErrorId::timeout, "not ready in time");  // hours: longer than we wait
  fails({not_ready(1, 0)}, ErrorId::peer, "RDTM");
  fails({not_ready(1, 1)}, ErrorId::peer, "RDTM");
}

TEST_CASE("N32 ResponseNotReady to the first three requests") {
  const Code codes[] = {Code::get_version, Code::get_capabilities, Code::negotiate_algorithms};
  for (const Code code : codes) {
    Scripted scripted({not_ready(1, 4, code)}, code);
    Asked asked(scripted.link);
    expect_error(ErrorId::peer, "ResponseNotReady is not allowed", [&] { asked.negotiate(scripted.device); });
    CHECK(asked.log.back().bytes[2] == 0x42);  // nothing was sent after it
  }
}

TEST_CASE("N33 ResponseNotReady again and again") {
  for (const std::uint8_t next : std::initializer_list<std::uint8_t>{0, 10}) {
    Scripted scripted({}, Code::get_digests);
    scripted.device.intercept = [&, first = true](Code code, View) mutable -> std::optional<Bytes> {
      if (code != Code::get_digests && code != Code::respond_if_ready) return std::nullopt;
      const std::uint8_t exponent = first ? std::uint8_t{10} : next;
      first = false;
      return not_ready(exponent, 20);
    };
    Asked asked(scripted.link);
    asked.negotiate(scripted.device);
    expect_error(ErrorId::timeout, "not ready in time", [&] { asked.digests(); });
    CHECK(asked.link.requests.size() <= 3 + 1 + 20);  // no more often than RDTM
  }
}

TEST_CASE("N34 N35 the late answer is another one") {
  fails({not_ready(1, 100), {0x12, 0x02, 0, 1}}, ErrorId::peer, "RequestResponseCode");
  fails({not_ready(1, 100), {0x13, 0x01, 0, 1}}, ErrorId::peer, "SPDMVersion");
  fails({not_ready(1, 100), error(0x01)}, ErrorId::peer, "InvalidRequest");
}

TEST_CASE("control 4: ResponseNotReady, then the answer") {
  Scripted scripted({}, Code::get_digests);
  Bytes request;
  scripted.device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
    if (code == Code::get_digests) {
      request = to_bytes(message);
      return not_ready(3, 2);
    }
    if (code != Code::respond_if_ready) return std::nullopt;
    CHECK(hex(message) == "12ff815e");
    return scripted.device.serve(request);
  };
  Limits patient = quick();
  Asked asked(scripted.link, patient);
  asked.negotiate(scripted.device);
  try {
    asked.digests();
    CHECK(asked.connection().digests());
    CHECK(asked.connection().exchanges().size() == 4);
    CHECK(hex(asked.connection().exchanges()[3].request) == "12810000");
  } catch (const Error& error) {
    CHECK(error.id == ErrorId::timeout);  // a machine so slow that 16 us were over at once
  }
}

TEST_CASE("N9 N10 N11 what follows a message") {
  struct Case {
    Binding binding;
    Bytes more;
    bool good;
  };
  const std::vector<Case> cases{
      {Binding::doe, {0}, true},          {Binding::doe, {0, 0, 0}, true},       {Binding::doe, {0, 0, 1}, false},
      {Binding::doe, Bytes(4, 0), false}, {Binding::doe, Bytes(4096, 0), false}, {Binding::mctp, {0}, false},
      {Binding::tcp, {0}, false},         {Binding::none, {0}, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.more.size());
    Bytes message = kVersion12;
    append(message, c.more);
    fake::Link link({message}, c.binding, 8192);
    Asked asked(link);
    if (c.good) {
      asked.requester.ask(GetVersion{}.encode());
      CHECK(asked.connection().exchanges()[0].response == kVersion12);  // the padding is not hashed
      CHECK(asked.log.back().bytes == message);                         // but kept
    } else {
      expect_error(ErrorId::peer, "after the end of the message", [&] { asked.requester.ask(GetVersion{}.encode()); });
    }
  }
}
