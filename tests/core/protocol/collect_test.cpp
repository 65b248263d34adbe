// The whole conversation: what is asked, in which order, and where it ends.
#include "core/protocol/collect.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "core/evidence/expect_error.h"
#include "core/text.h"
#include "support/fake_link.h"
#include "support/small_device.h"

using namespace spdm;

namespace {

struct Run {
  explicit Run(fake::Device& from) : link([&from](View message) { return from.answer(message); }) {}
  void collect(const Wanted& wanted) { spdm::collect(link, wanted, {}, evidence); }
  std::vector<Code> asked() const {
    std::vector<Code> out;
    for (const Bytes& request : link.requests) out.push_back(read_header(request).code);
    return out;
  }
  std::size_t count(Code code) const {
    const std::vector<Code> all = asked();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), code));
  }

  fake::Link link;
  Evidence evidence;
};

Wanted measuring(MeasurementMode mode = MeasurementMode::all) {
  Wanted out;
  out.measurements = mode;
  return out;
}

Bytes error(ErrorCode code, std::uint8_t version = k12) {
  return ErrorResponse{.version = version, .code = code, .data = 0, .extended = {}}.encode();
}

}  // namespace

TEST_CASE("collect: the order of the specification, in every version") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    fake::Profile profile;
    profile.versions = {version};
    fake::Device device(profile);
    Run run(device);
    run.collect(measuring());
    CHECK(run.asked() == std::vector<Code>{Code::get_version, Code::get_capabilities, Code::negotiate_algorithms, Code::get_digests,
                                           Code::get_certificate, Code::challenge, Code::get_measurements});
    CHECK(run.evidence.log.size() == 14);
    CHECK(run.evidence.nonces.size() == 2);
    CHECK(run.evidence.live);
  }
}

TEST_CASE("what a device lacks is an error, or left out where anything that is there will do") {
  for (const bool if_available : {false, true}) {
    fake::Profile profile;
    profile.versions = {k13};
    profile.flags = cap::cert | cap::chal;
    fake::Device device(profile);
    for (int what = 0; what < 3; ++what) {
      Wanted wanted = what == 0 ? measuring() : Wanted{};
      wanted.extension_log = what == 1;
      wanted.endpoint_info = what == 2;
      wanted.if_available = if_available;
      Run run(device);
      if (!if_available) {
        expect_error(ErrorId::no_spdm, "has no", [&] { run.collect(wanted); });
        continue;
      }
      run.collect(wanted);
      CHECK(run.count(Code::challenge) == 1);
      CHECK(run.asked().back() == Code::challenge);
    }
  }
}

TEST_CASE("where a device cannot be challenged, one signed answer to GET_MEASUREMENTS takes its place") {
  for (const std::uint8_t version : {k10, k11, k12, k13, k14}) {
    fake::Profile profile;
    profile.versions = {version};
    profile.flags = cap::cert | cap::meas_sig;
    fake::Device device(profile);
    Run authenticating(device);
    authenticating.collect(Wanted{});
    CHECK(authenticating.asked().back() == Code::get_measurements);
    CHECK(authenticating.count(Code::get_measurements) == 1);
    CHECK(authenticating.evidence.nonces.size() == 1);
    // Measurements that are wanted anyway prove it, too.
    Run run(device);
    run.collect(measuring());
    CHECK(run.count(Code::get_measurements) == 1);
    // Nobody asks a device that is only looked at.
    Run looking(device);
    Wanted look;
    look.challenge = false;
    looking.collect(look);
    CHECK(looking.count(Code::get_measurements) == 0);
  }
}

TEST_CASE("N25 RequestResynch starts again at GET_VERSION, once") {
  for (const Code at : {Code::get_capabilities, Code::get_digests, Code::challenge, Code::get_measurements})
    for (const unsigned times : {1U, 2U}) {
      fake::Device device;
      unsigned left = times;
      device.intercept = [&](Code code, View) -> std::optional<Bytes> {
        if (code != at || left == 0) return std::nullopt;
        --left;
        return error(ErrorCode::request_resynch);
      };
      Run run(device);
      if (times == 1) {
        run.collect(measuring());
        CHECK(run.evidence.nonces.size() == 2);  // those of the connection that counts
      } else {
        expect_error(ErrorId::peer, "RequestResynch", [&] { run.collect(measuring()); });
      }
      CHECK(run.count(Code::get_version) == 2);
      const std::vector<Code> asked = run.asked();
      const auto refused = std::find(asked.begin(), asked.end(), at);
      CHECK(*(refused + 1) == Code::get_version);  // nothing else after it
    }
}

TEST_CASE("N25 RequestResynch gives the device no more time") {
  fake::Device device;
  bool first = true;
  device.intercept = [&](Code code, View) -> std::optional<Bytes> {
    if (code != Code::challenge || !std::exchange(first, false)) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // a clock that starts again would be seen
    return error(ErrorCode::request_resynch);
  };
  Run run(device);
  Limits limits;
  limits.exchange = std::chrono::hours(2);
  limits.total = std::chrono::hours(1);
  spdm::collect(run.link, measuring(), limits, run.evidence);
  REQUIRE(run.count(Code::get_version) == 2);
  for (const Clock::time_point deadline : run.link.deadlines) CHECK(deadline == run.link.deadlines.front());
}

TEST_CASE("N27 a refused signature is not replaced by an unsigned answer") {
  for (const bool chunks : {false, true}) {
    fake::Profile profile;
    profile.chunks = chunks;
    fake::Device device(profile);
    device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
      if (code == Code::get_measurements && (message[2] & 1) != 0) return error(ErrorCode::unsupported_request);
      return std::nullopt;
    };
    Run run(device);
    expect_error(ErrorId::peer, "UnsupportedRequest", [&] { run.collect(measuring()); });
    for (const Bytes& request : run.link.requests)
      if (read_header(request).code == Code::get_measurements) CHECK(((request[2] & 1) != 0 || request[3] == kMeasurementCount));
  }
}

TEST_CASE("N51 no version in common") {
  fake::Device device;
  device.intercept = [](Code code, View) -> std::optional<Bytes> {
    if (code == Code::get_version) return VersionResponse{{0x2000, 0x0900}}.encode();
    return std::nullopt;
  };
  Run run(device);
  expect_error(ErrorId::no_spdm, "no SPDM version in common", [&] { run.collect({}); });
  CHECK(run.link.requests.size() == 1);
}

TEST_CASE("N54 the responder offers no version but one below the minimum") {
  fake::Profile profile;
  profile.versions = {k10};
  fake::Device device(profile);
  Run run(device);
  Wanted wanted;
  wanted.versions = {k12, k13};
  expect_error(ErrorId::no_spdm, "no SPDM version in common", [&] { run.collect(wanted); });
  CHECK(run.link.requests.size() == 1);
}

TEST_CASE("N118 an algorithm below policy is not offered, so it cannot be chosen") {
  fake::Device device;  // knows P-256 only
  Run run(device);
  Wanted wanted;
  wanted.asym = {find_asym("ECDSA-P384")};
  expect_error(ErrorId::peer, "was not offered", [&] { run.collect(wanted); });
}

TEST_CASE("collect: the algorithms that are wanted are offered, and no others") {
  fake::Device device;
  Run run(device);
  Wanted wanted;
  wanted.asym = {find_asym("ECDSA-P256")};
  wanted.hash = {find_hash("SHA-256")};
  run.collect(wanted);
  Reader reader(run.link.requests[2], "NEGOTIATE_ALGORITHMS");
  const NegotiateAlgorithms offer = NegotiateAlgorithms::decode(reader, k12);
  CHECK(offer.base_asym == find_asym("ECDSA-P256")->bit);
  CHECK(offer.pqc_asym == 0);
  CHECK(offer.base_hash == find_hash("SHA-256")->bit);
}

TEST_CASE("N132 no DIGESTS are asked from a responder without certificates") {
  fake::Profile profile;
  profile.flags = cap::meas_no_sig;
  fake::Device device(profile);
  Run run(device);
  expect_error(ErrorId::no_spdm, "CERT_CAP", [&] { run.collect({}); });
  CHECK(run.count(Code::get_digests) == 0);
}

TEST_CASE("A7 a chain in portions of one byte") {
  fake::Profile profile;
  profile.portion = 1;
  profile.chunks = false;  // who can chunk sends it whole (N142)
  profile.chain_size = 300;
  fake::Device device(profile);
  Run run(device);
  run.collect({});
  CHECK(run.count(Code::get_certificate) == 300);
  CHECK(run.count(Code::challenge) == 1);
}

TEST_CASE("a conversation has a last message, however small the portions") {
  fake::Profile profile;
  profile.portion = 1;
  profile.chunks = false;
  profile.chain_size = 300;
  fake::Device device(profile);
  Run run(device);
  Limits limits;
  limits.messages = 100;
  expect_error(ErrorId::peer, "messages and does not end", [&] { spdm::collect(run.link, {}, limits, run.evidence); });
  CHECK(run.evidence.log.size() == 100);
}

TEST_CASE("N139 a remainder that never ends is bounded by the first total") {
  fake::Profile profile;
  profile.chunks = false;
  fake::Device device(profile);
  std::uint32_t portions = 0;
  device.intercept = [&](Code code, View) -> std::optional<Bytes> {
    if (code != Code::get_certificate) return std::nullopt;
    ++portions;
    return CertificateResponse{.slot = 0, .large = false, .model = 0, .remainder = 50, .portion = Bytes(10)}.encode(k12);
  };
  Run run(device);
  expect_error(ErrorId::peer, "RemainderLength", [&] { run.collect({}); });
  CHECK(portions == 2);
}

TEST_CASE("A5 slots 0, 1 and 3") {
  fake::Profile profile;
  profile.slots = 0x0B;
  fake::Device device(profile);
  {
    Run run(device);
    Wanted all;
    all.all_slots = true;
    run.collect(all);
    CHECK(run.count(Code::get_certificate) == 3);
    CHECK(run.count(Code::challenge) == 3);
  }
  {
    Run run(device);
    Wanted choosy;
    choosy.trusts = [](const Connection&, std::uint8_t slot) { return slot == 1; };
    run.collect(choosy);
    CHECK(run.count(Code::get_certificate) == 2);
    CHECK(run.link.requests.back()[2] == 1);  // CHALLENGE of slot 1
  }
  Run run(device);
  Wanted missing;
  missing.slot = 2;
  expect_error(ErrorId::no_spdm, "slot 2", [&] { run.collect(missing); });
}

TEST_CASE("collect: measurement modes") {
  fake::Device device;
  struct Case {
    MeasurementMode mode;
    std::vector<std::uint8_t> operations;
  };
  const Case cases[] = {{MeasurementMode::all, {0xFF}}, {MeasurementMode::each, {0xFF, 1, 2, 7}}, {MeasurementMode::count, {0}}};
  for (const Case& c : cases) {
    Run run(device);
    run.collect(measuring(c.mode));
    std::vector<std::uint8_t> operations;
    for (const Bytes& request : run.link.requests)
      if (read_header(request).code == Code::get_measurements) operations.push_back(request[3]);
    CHECK(operations == c.operations);
    CHECK((run.link.requests.back()[2] & 1) == 1);  // the last one is signed
  }
}

TEST_CASE("collect: a device that cannot send all blocks at once is asked for each, signed") {
  fake::Profile profile;
  profile.chunks = false;
  fake::Device device(profile);
  bool hide = false;
  device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::get_measurements) return std::nullopt;
    if (message[3] == kAllMeasurements) return error(ErrorCode::response_too_large);
    if (hide && message[3] == 2) return error(ErrorCode::invalid_request);
    return std::nullopt;
  };
  Run run(device);
  run.collect(measuring());
  CHECK(run.count(Code::get_measurements) == 2 + 7);  // all, the number, 1 to 7
  hide = true;
  Run hidden(device);
  expect_error(ErrorId::peer, "1 of the announced measurements", [&] { hidden.collect(measuring()); });
}

TEST_CASE("collect: an index that is refused keeps no other from being read, and is told") {
  fake::Profile profile;
  profile.chunks = false;
  fake::Device device(profile);
  bool all = true;
  device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::get_measurements) return std::nullopt;
    if (!all && message[3] == kAllMeasurements) return error(ErrorCode::unspecified);
    if (message[3] == 2) return error(ErrorCode::unspecified);
    return std::nullopt;
  };
  const auto signed_of = [](const fake::Link& link) {
    std::vector<std::uint8_t> out;
    for (const Bytes& request : link.requests)
      if (read_header(request).code == Code::get_measurements && (request[2] & 1) != 0) out.push_back(request[3]);
    return out;
  };
  SUBCASE("each index by itself") {
    Run run(device);
    expect_error(ErrorId::peer, "1 of 3 measurements were not obtained: index 2: ERROR Unspecified",
                 [&] { run.collect(measuring(MeasurementMode::each)); });
    CHECK(signed_of(run.link) == std::vector<std::uint8_t>{7, 1, 7});  // ERROR has reset L1/L2
  }
  SUBCASE("the last one") {
    Wanted wanted = measuring(MeasurementMode::indices);
    wanted.indices = {1, 7, 2};
    Run run(device);
    expect_error(ErrorId::peer, "1 of 3 measurements were not obtained: index 2", [&] { run.collect(wanted); });
    CHECK(signed_of(run.link) == std::vector<std::uint8_t>{2, 1, 7});
  }
  SUBCASE("that were asked for because all at once are refused") {
    all = false;
    Run run(device);
    Wanted wanted = measuring();
    wanted.vendor_defined = {VendorDefined{}};  // what comes after them is still asked
    expect_error(ErrorId::peer, "", [&] { run.collect(wanted); });
    CHECK(run.count(Code::get_measurements) == 2 + 254);
    CHECK(run.count(Code::vendor_defined_request) == 1);
    Run told(device);
    expect_error(ErrorId::peer, "1 of 3 measurements were not obtained: index 2: ERROR Unspecified", [&] { told.collect(measuring()); });
  }
  SUBCASE("one that was asked for alone is told as before") {
    Wanted wanted = measuring(MeasurementMode::indices);
    wanted.indices = {2};
    Run run(device);
    expect_error(ErrorId::peer, "GET_MEASUREMENTS: the responder answered ERROR Unspecified", [&] { run.collect(wanted); });
  }
}

TEST_CASE("collect: a broken answer to one index ends the reading, also behind one that is refused") {
  fake::Device device;
  device.intercept = [&](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::get_measurements) return std::nullopt;
    if (message[3] == 1) return error(ErrorCode::unspecified);
    if (message[3] == 2) return Bytes{0x12, 0x60, 0};
    return std::nullopt;
  };
  Run run(device);
  expect_error(ErrorId::peer, "only 3 bytes", [&] { run.collect(measuring(MeasurementMode::each)); });
}

TEST_CASE("collect: what was seen before an error is kept") {
  fake::Device device;
  fake::Link link([&](View message) -> Bytes {
    if (message[1] == 0x83) throw Error(ErrorId::io, "the peer closed");
    return device.answer(message);
  });
  Evidence evidence;
  expect_error(ErrorId::io, "closed", [&] { collect(link, {}, {}, evidence); });
  CHECK(evidence.log.size() == 11);
  CHECK(evidence.log.back().from_requester);
  CHECK(evidence.nonces.size() == 1);
}

TEST_CASE("collect: a nonce that a verifier chose") {
  fake::Device device;
  Run run(device);
  Wanted wanted = measuring();
  wanted.nonce.emplace().fill(0x42);
  run.collect(wanted);
  for (const Bytes& request : run.link.requests)
    if (request[1] == 0x83 || request[1] == 0xE0) CHECK(equal(View(request).subspan(4, 32), Bytes(32, 0x42)));
}

TEST_CASE("collect: extension log, endpoint information, vendor-defined") {
  fake::Profile profile;
  profile.versions = {k13};
  profile.flags |= cap::mel | cap::ep_info_sig;
  profile.mel = Bytes(100, 0x4D);
  profile.portion = 40;
  profile.chunks = false;
  fake::Device device(profile);
  device.intercept = [](Code code, View message) -> std::optional<Bytes> {
    if (code != Code::vendor_defined_request) return std::nullopt;
    Bytes answer = to_bytes(message);
    answer[1] = 0x7E;
    return answer;
  };
  Run run(device);
  Wanted wanted;
  wanted.extension_log = wanted.endpoint_info = true;
  wanted.vendor_defined.push_back({.standard_id = 3, .vendor_id = {0x36, 0x1B}, .large = false, .payload = {1, 2, 3}});
  run.collect(wanted);
  CHECK(run.count(Code::get_measurement_extension_log) == 3);
  CHECK(run.count(Code::get_endpoint_info) == 1);
  CHECK(run.count(Code::vendor_defined_request) == 1);
  fake::Device plain;
  for (const bool log : {false, true}) {
    Run refused(plain);
    Wanted lacking;
    lacking.extension_log = log;
    lacking.endpoint_info = !log;
    expect_error(ErrorId::no_spdm, log ? "MEL_CAP" : "EP_INFO_CAP", [&] { refused.collect(lacking); });
  }
}

TEST_CASE("collect: from 1.3 on each question about measurements has a context of its own") {
  for (const std::uint8_t version : {k12, k13, k14}) {
    CAPTURE(version_name(version));
    fake::Profile profile;
    profile.versions = {version};
    fake::Device device(profile);
    Run run(device);
    run.collect(measuring());
    Reader reader(run.link.requests.back(), "GET_MEASUREMENTS");
    CHECK((GetMeasurements::decode(reader, version).context == RequesterContext{}) == (version < k13));
  }
}
