// One exchange against a responder that is busy, slow, confused or silent.
#include "core/protocol/requester.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <thread>

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

TEST_CASE("a message is kept with the time at which it was sent, or had come") {
  const auto now = [] { return std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()); };
  std::chrono::nanoseconds answered{};
  fake::Device device;
  fake::Link link{[&](View message) {
    answered = now();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    return device.answer(message);
  }};
  Asked asked(link);
  const std::chrono::nanoseconds before = now();
  asked.requester.ask(GetVersion{}.encode());
  asked.requester.keep_record(true, Bytes{1, 2, 3, 4});
  const MessageLog& log = asked.log;
  REQUIRE(log.size() == 3);
  for (const Message& message : log) REQUIRE(message.time);
  CHECK(*log[0].time >= before);
  CHECK(*log[0].time <= answered);
  CHECK(*log[1].time >= answered + std::chrono::milliseconds(2));
  CHECK(*log[2].time >= *log[1].time);
  CHECK(*log[2].time <= now());
}

TEST_CASE("N1 answers of less than four bytes") {
  for (std::size_t size = 0; size < 4; ++size) fails({Bytes(size, 0x12)}, ErrorId::peer, "only");
}

TEST_CASE("N2 the request's own code comes back") { fails({{0x12, 0x81, 0, 1}}, ErrorId::peer, "RequestResponseCode"); }

TEST_CASE("N3 the answer to another request") {
  for (const std::uint8_t code : std::initializer_list<std::uint8_t>{0x02, 0x04, 0x06})
    fails({{0x12, code, 0, 1}}, ErrorId::peer, "RequestResponseCode");
}

TEST_CASE("N4 an answer of another version") {
  for (const std::uint8_t version : {k10, k11, k13}) fails({{version, 0x01, 0, 1}}, ErrorId::peer, "SPDMVersion");
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

TEST_CASE("N19 before 1.2 nobody says how much it takes") {
  for (const std::uint8_t version : {k11, k12}) {
    CAPTURE(int{version});
    fake::Profile profile;
    profile.versions = {version};
    fake::Device device(profile);
    device.intercept = [](Code code, View) -> std::optional<Bytes> {
      return code == Code::get_measurements ? std::optional(Bytes(5196, 0x11)) : std::nullopt;
    };
    fake::Link link([&](View message) { return device.answer(message); });
    Asked asked(link);
    asked.negotiate(device);
    const Bytes request{version, 0xE0, 0, 1};
    // It is read, and is no MEASUREMENTS.
    expect_error(ErrorId::peer, version == k12 ? "5196 bytes; we take 4608" : "RequestResponseCode", [&] { asked.requester.ask(request); });
  }
}

TEST_CASE("N21 ERROR with reserved codes") {
  for (const std::uint8_t code : std::initializer_list<std::uint8_t>{0x00, 0x13, 0x3F, 0x40, 0xFD, 0xFE})
    fails({error(code)}, ErrorId::peer, "reserved error code");
}

TEST_CASE("N24 ERROR cut off") { fails({{0x12, 0x7F, 0x03}}, ErrorId::peer, "only 3 bytes"); }

TEST_CASE("N22 Busy for ever") {
  fake::Link link([](View) { return kBusy; });
  Asked asked(link);
  expect_error(ErrorId::busy, "GET_VERSION: the responder stays Busy: it answered ERROR Busy 4 times in 0.0 s",
               [&] { asked.requester.ask(GetVersion{}.encode()); });
  CHECK(link.requests.size() == 4);  // three retries
}

TEST_CASE("N22 Busy until the time is over") {
  fake::Link link([](View) { return kBusy; });
  Limits patient = quick();
  patient.busy_retries = 1000000;
  Asked asked(link, patient);
  expect_error(ErrorId::timeout, " s, and nothing else", [&] { asked.requester.ask(GetVersion{}.encode()); });
  CHECK(link.requests.size() < 100);
}

TEST_CASE("N22 no answer that is none gives a request more time: Busy, ResponseNotReady, chunks") {
  fake::Profile profile;
  profile.slots = 0x03;
  profile.send_limit = 42;  // DIGESTS comes in chunks
  Scripted scripted({}, Code::get_digests, profile);
  Bytes request;
  scripted.device.intercept = [&, time = 0](Code code, View message) mutable -> std::optional<Bytes> {
    if (code == Code::respond_if_ready) return scripted.device.serve(request);
    if (code != Code::get_digests || ++time > 3) return std::nullopt;
    request = to_bytes(message);
    return time < 3 ? error(0x03) : not_ready(10, 200);
  };
  Limits patient = quick();
  patient.exchange = std::chrono::hours(1);
  Asked asked(scripted.link, patient);
  asked.negotiate(scripted.device);
  const std::size_t first = scripted.link.requests.size();
  asked.digests();
  std::vector<Code> asked_for;
  for (std::size_t i = first; i < scripted.link.requests.size(); ++i) asked_for.push_back(read_header(scripted.link.requests[i]).code);
  for (const Code code : {Code::respond_if_ready, Code::chunk_get})
    CHECK(std::find(asked_for.begin(), asked_for.end(), code) != asked_for.end());
  for (std::size_t i = first; i < scripted.link.requests.size(); ++i) CHECK(scripted.link.deadlines[i] == scripted.link.deadlines[first]);
}

TEST_CASE("N23 Busy, then the answer") {
  fake::Link link({kBusy, kBusy, kVersion12});
  Asked asked(link);
  asked.requester.ask(GetVersion{}.encode());
  CHECK(asked.log.size() == 6);
  REQUIRE(asked.connection().exchanges().size() == 1);
  CHECK(asked.connection().exchanges()[0].response == kVersion12);
}

TEST_CASE("N26 VersionMismatch in any version is an error and changes no version") {
  for (const std::uint8_t version : {k10, k11, k12, k14}) {
    Scripted scripted({error(0x41, {}, version)}, Code::get_digests);
    Asked asked(scripted.link);
    asked.negotiate(scripted.device);
    expect_error(ErrorId::peer, "VersionMismatch", [&] { asked.digests(); });
    CHECK(asked.connection().version() == k12);
    asked.digests();
    CHECK(asked.connection().digests());
  }
}

TEST_CASE("N40 ResetRequired to a request that resets nothing") { fails({error(0x0C)}, ErrorId::peer, "ResetRequired"); }

TEST_CASE("N41 ResetRequired in 1.3 from a responder without CERT_INSTALL_RESET_CAP") {
  fake::Profile profile;
  profile.versions = {k13};
  Scripted scripted({error(0x0C, {}, k13)}, Code::get_digests, profile);
  REQUIRE((profile.flags & cap::cert_install_reset) == 0);
  Asked asked(scripted.link);
  asked.negotiate(scripted.device);
  expect_error(ErrorId::peer, "ResetRequired", [&] { asked.digests(); });
}

TEST_CASE("N44 NoPendingRequests to a request of ours") { fails({error(0x45)}, ErrorId::peer, "NoPendingRequests"); }

TEST_CASE("A13 ERROR to GET_ENCAPSULATED_REQUEST when idle") {
  for (const std::uint8_t code : std::initializer_list<std::uint8_t>{0x04, 0x45}) {
    Scripted scripted({error(code)}, Code::get_encapsulated_request);
    Asked asked(scripted.link);
    asked.negotiate(scripted.device);
    CHECK_THROWS_AS(asked.requester.ask(begin(k12, Code::get_encapsulated_request).take()), Error);
    asked.digests();
    CHECK(asked.connection().errors().size() == 1);
  }
}

TEST_CASE("A30 VersionMismatch with version 1.0 before the version is settled") {
  fake::Link link({{0x10, 0x7F, 0x41, 0}, kVersion12});
  Asked asked(link);
  expect_error(ErrorId::peer, "VersionMismatch", [&] { asked.requester.ask(GetVersion{}.encode()); });
  asked.requester.ask(GetVersion{}.encode());
  CHECK(asked.connection().versions());
}

TEST_CASE("N28 ResponseNotReady without all of its data") { fails({error(0x42, {1, 0x81, 0})}, ErrorId::peer, "RDTM"); }

TEST_CASE("N29 ResponseNotReady about another request") { fails({not_ready(1, 4, Code::challenge)}, ErrorId::peer, "RequestCode"); }

TEST_CASE("N30 ResponseNotReady with a wait of centuries") {
  fails({not_ready(255, 4)}, ErrorId::peer, "RDTExponent");
  fails({not_ready(31, 255)}, ErrorId::timeout, "not ready in time");  // hours: longer than we wait
}

TEST_CASE("N31 ResponseNotReady with an RDTM of 0 or 1") {
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
    expect_error(ErrorId::timeout, "not ready in time: the responder answered ResponseNotReady ", [&] { asked.digests(); });
    CHECK(asked.link.requests.size() <= 3 + 1 + 300);  // no more often than once a millisecond
  }
}

TEST_CASE("N33 each ResponseNotReady opens a window of its own") {
  // The first promises the answer within 2 ms, and 14 such windows pass.
  Scripted scripted({}, Code::get_digests);
  std::vector<std::uint8_t> tokens;
  Asked asked(scripted.link);
  asked.negotiate(scripted.device);
  scripted.device.intercept = [&, left = 14U](Code code, View message) mutable -> std::optional<Bytes> {
    if (code == Code::respond_if_ready) tokens.push_back(message[3]);
    if (left > 0) {
      --left;
      return error(0x42, {10, static_cast<std::uint8_t>(Code::get_digests), static_cast<std::uint8_t>(left), 2});
    }
    return scripted.device.serve(begin(k12, Code::get_digests).take());
  };
  asked.digests();
  CHECK(asked.connection().digests());
  CHECK(tokens == std::vector<std::uint8_t>{13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0});  // of the latest each time
}

TEST_CASE("N33 which time was too short is told as it is") {
  Scripted slow({not_ready(25, 4)}, Code::get_digests);  // 33 seconds: more than we have
  Asked short_of_time(slow.link);
  short_of_time.negotiate(slow.device);
  try {
    short_of_time.digests();
    FAIL("it was not ready");
  } catch (const Error& error) {
    CHECK(std::string(error.what()).ends_with("the responder answered ResponseNotReady 1 time"));
    CHECK(error.hint == "the device needs more time than --timeout allows");
  }
}

TEST_CASE("N34 the late answer is of another kind") {
  fails({not_ready(1, 100), {0x12, 0x02, 0, 1}}, ErrorId::peer, "RequestResponseCode");
  fails({not_ready(1, 100), error(0x01)}, ErrorId::peer, "InvalidRequest");
}

TEST_CASE("N35 the late answer has another version") { fails({not_ready(1, 100), {0x13, 0x01, 0, 1}}, ErrorId::peer, "SPDMVersion"); }

TEST_CASE("A4 ResponseNotReady, then the answer") {
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

TEST_CASE("what follows a message") {
  struct Case {
    std::string_view rule;
    Binding binding;
    Bytes more;
    bool good;
  };
  const std::vector<Case> cases{
      {"N9", Binding::doe, {0}, true},           {"N9", Binding::doe, {0, 0, 0}, true},
      {"N9", Binding::doe, {0, 0, 1}, false},  // padding is zero
      {"N10", Binding::doe, Bytes(4, 0), false}, {"N10", Binding::doe, Bytes(4096, 0), false},
      {"N11", Binding::mctp, {0}, false},        {"N11", Binding::tcp, {0}, false},
      {"N11", Binding::none, {0}, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.rule);
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

TEST_CASE("a device sends no more than its budget, in however many messages, and what fits is kept") {
  fake::Profile profile;
  fake::Device device(profile);
  const std::uint8_t version = device.profile().versions.back();
  device.intercept = [&](Code code, View) -> std::optional<Bytes> {
    if (code != Code::vendor_defined_request) return std::nullopt;
    return VendorDefined{3, {0x36, 0x1B}, false, Bytes(60'000)}.encode(Code::vendor_defined_response, version);
  };
  fake::Link link([&](View message) { return device.answer(message); }, Binding::none, 65'600);
  Limits limits = quick();
  limits.bytes = 200'000;
  Asked asked(link, limits);
  asked.negotiate(device, false);
  const Bytes request = VendorDefined{3, {0x36, 0x1B}, false, {}}.encode(Code::vendor_defined_request, version);
  for (int i = 0; i < 3; ++i) asked.requester.ask(request);
  expect_error(ErrorId::peer, "the limit for all messages of one device is 200000 bytes", [&] { asked.requester.ask(request); });
  std::size_t kept = 0;
  for (const Message& message : asked.log) kept += message.bytes.size();
  CHECK(kept > 180'000);
  CHECK(kept <= 200'000);
  // A conversation that begins again has what is left of it, and no budget of its own.
  Requester again(link, asked.log, limits);
  again.ask(GetVersion{}.encode());
  for (int i = 0; i < 2000; ++i) try {
      again.ask(GetVersion{}.encode());
    } catch (const Error& error) {
      CHECK(error.id == ErrorId::peer);
    }
  kept = 0;
  for (const Message& message : asked.log) kept += message.bytes.size();
  CHECK(kept <= 200'000);
}
