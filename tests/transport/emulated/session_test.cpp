// The requester and the emulated device open sessions with each other: in the process, and over each binding of the server.
#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "core/evidence/expect_error.h"
#include "core/protocol/collect.h"
#include "core/session/opener.h"
#include "support/pki.h"
#include "transport/base/binding.h"
#include "transport/emulated/emulated.h"
#include "transport/emulated/endpoint.h"
#include "transport/emulated/mctp_requesters.h"
#include "transport/emulated/server.h"
#include "transport/mctp/mctp_link.h"
#include "transport/socket/emu.h"
#include "transport/socket/peer.h"
#include "transport/socket/tcp.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

const Bytes kPsk(32, 0x5C), kHint{1, 2, 3};

DeviceProfile device() {
  DeviceProfile out;
  DeviceSlot slot;
  slot.key = pki::sample().leaf.key.private_key();
  slot.certificates = pki::sample().all();
  slot.key_usage |= key_usage::key_ex;
  out.slots.push_back(std::move(slot));
  out.measurements.push_back({1, MeasurementType::immutable_rom, false, Bytes(10, 1), {}, {}});
  out.sessions.emplace();
  out.sessions->psk.push_back({kHint, std::make_shared<const SecretBytes>(SecretBytes::take(Bytes(kPsk)))});
  out.sessions->heartbeat_period = 60;
  out.sessions->key_updates = KeyUpdates::both;
  return out;
}

RequesterIdentity identity() {
  std::string file;
  for (const Bytes& certificate : pki::sample().all()) file += pki::pem(certificate);
  return RequesterIdentity::with_chain(as_bytes(file), "requester.pem", pki::sample().leaf.key.private_key());
}

struct Run {
  std::uint8_t version = k14;
  bool psk = false, identifies = false;
  SessionOptions options = {};

  // What was seen of the session.
  SessionSeen collect_over(Link& link) {
    Wanted wanted;
    wanted.versions = {version};
    wanted.measurements = MeasurementMode::all;
    wanted.in_session = true;
    options.exercise = true;
    if (psk) {
      options.psk = SecretBytes::take(Bytes(kPsk));
      options.psk_hint = kHint;
    }
    if (identifies) options.identity = identity();
    wanted.session = std::make_shared<Opener>(std::move(options));
    Evidence evidence;
    collect(link, wanted, {}, evidence);
    Connection connection(link.binding());
    spdm::Listener listener;
    for (std::size_t i = 0; i < evidence.log.size(); ++i)
      if (std::optional<Exchange> exchange = listener.hear(evidence.log[i], i)) connection.observe(std::move(*exchange));
    CHECK(connection.measurements().size() == 1);
    REQUIRE(connection.sessions().size() == 1);
    return connection.sessions().front();
  }
};

void check_exercised(const SessionSeen& seen) {
  CHECK(seen.state == SessionSeen::State::ended);
  CHECK(seen.heartbeats > 0);
  CHECK(seen.key_updates > 0);
}

// A server that runs until the end of the test.
class Running {
 public:
  explicit Running(DeviceProfile profile, ServeOptions options = {})
      : server_(std::make_shared<const DeviceProfile>(std::move(profile)), std::move(options)), thread_([this] { server_.run(); }) {}
  ~Running() {
    server_.stop();
    thread_.join();
  }
  Stream connect() { return Stream::connect("127.0.0.1", server_.port(), soon()); }

 private:
  Server server_;
  std::thread thread_;
};

// The same of an endpoint.
class RunningEndpoint {
 public:
  explicit RunningEndpoint(MctpRequesters& network)
      : endpoint_(std::make_shared<const DeviceProfile>(device()), std::make_unique<EndpointSocket>(network), {}),
        thread_([this] { endpoint_.run(); }) {}
  ~RunningEndpoint() {
    endpoint_.stop();
    thread_.join();
  }

 private:
  MctpEndpoint endpoint_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("sessions in the process, in every version") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    for (const bool psk : {false, true}) {
      CAPTURE(version);
      CAPTURE(psk);
      const auto link = emulated_link(std::make_shared<const DeviceProfile>(device()));
      CHECK(link->carries_sessions());
      const SessionSeen seen = Run{version, psk}.collect_over(*link);
      CHECK(seen.is_psk() == psk);
      check_exercised(seen);
    }
  }
}

TEST_CASE("sessions over each binding of the server") {
  Running emulator(device());
  ServeOptions framing;
  framing.framing = Framing::tcp;
  Running plain(device(), framing);
  for (const bool psk : {false, true}) {
    for (const Binding binding : {Binding::mctp, Binding::doe, Binding::tcp}) {
      CAPTURE(psk);
      CAPTURE(name(binding));
      check_exercised(Run{k13, psk}.collect_over(*emu_link(emulator.connect(), binding, 4600, soon())));
    }
    check_exercised(Run{k13, psk}.collect_over(*tcp_link(plain.connect())));
  }
}

TEST_CASE("sessions with an MCTP endpoint") {
  MctpRequesters network;
  const RunningEndpoint endpoint(network);
  for (const bool psk : {false, true}) {
    CAPTURE(psk);
    check_exercised(Run{k13, psk}.collect_over(*mctp_link(std::make_unique<RequesterSocket>(network), {1, 9}, {})));
  }
}

TEST_CASE("mutual authentication between the two") {
  for (const std::uint8_t version : {k11, k12, k13, k14}) {
    for (const MutualAuth kind : {MutualAuth::optimized, MutualAuth::encapsulated, MutualAuth::digests}) {
      for (const bool in_clear : {false, true}) {
        CAPTURE(version);
        CAPTURE(name(kind));
        CAPTURE(in_clear);
        DeviceProfile profile = device();
        profile.sessions->mutual_auth = kind;
        profile.sessions->basic_mutual_auth = true;
        profile.sessions->handshake_in_the_clear = in_clear;
        profile.sessions->requester_chain = pki::sample().all();
        const auto link = emulated_link(std::make_shared<const DeviceProfile>(profile));
        Run run{version, false, true};
        run.options.handshake_in_the_clear = in_clear;
        const SessionSeen seen = run.collect_over(*link);
        CHECK(seen.mutual_auth() == kind);
        CHECK(seen.requester_slot == 0);
        check_exercised(seen);
      }
    }
  }
}

TEST_CASE("the requester sees each fault of sessions") {
  struct Row {
    const char *on, *action, *part;
    bool psk = false, in_clear = false;
    ErrorId id = ErrorId::peer;
  };
  constexpr std::array rows{
      Row{"KEY_EXCHANGE_RSP", "bad-signature", ""},
      Row{"KEY_EXCHANGE_RSP", "stale-nonce", ""},
      Row{"KEY_EXCHANGE_RSP", "bad-verify-data", "VerifyData"},
      Row{"PSK_EXCHANGE_RSP", "bad-verify-data", "VerifyData", true},
      Row{"FINISH_RSP", "bad-verify-data", "VerifyData", false, true},
      Row{"FINISH_RSP", "bad-tag", "tag"},
      Row{"FINISH_RSP", "code 0x67", ""},
      Row{"PSK_FINISH_RSP", "code 0x65", "", true},
      Row{"MEASUREMENTS", "bad-tag", "tag"},
      Row{"MEASUREMENTS", "skip-number", "tag"},
      Row{"MEASUREMENTS", "repeat-record", "tag"},
      Row{"MEASUREMENTS", "cut-record -1", ""},
      Row{"MEASUREMENTS", "cut-record 3", ""},
      Row{"MEASUREMENTS", "other-session", "session"},
      Row{"MEASUREMENTS", "drop-session", "InvalidSession"},
      Row{"MEASUREMENTS", "in-clear", ""},
      Row{"KEY_UPDATE_ACK", "keep-keys", ""},
      Row{"KEY_UPDATE_ACK", "old-key", ""},
      Row{"ENCAPSULATED_RESPONSE_ACK", "ask-again", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.on);
    CAPTURE(row.action);
    DeviceProfile profile = device();
    profile.faults = {parse_fault(row.on, row.action)};
    profile.sessions->handshake_in_the_clear = row.in_clear;
    const auto link = emulated_link(std::make_shared<const DeviceProfile>(profile));
    Run run{k13, row.psk};
    run.options.handshake_in_the_clear = row.in_clear;
    expect_error(row.id, row.part, [&] { (void)run.collect_over(*link); });
  }
}

TEST_CASE("a device that measures in sessions only") {
  DeviceProfile profile = device();
  profile.sessions->required = true;
  const auto link = emulated_link(std::make_shared<const DeviceProfile>(profile));
  Wanted outside;
  outside.measurements = MeasurementMode::all;
  Evidence evidence;
  CHECK_THROWS_AS(collect(*link, outside, {}, evidence), Error);
  check_exercised(Run{}.collect_over(*emulated_link(std::make_shared<const DeviceProfile>(profile))));
}
