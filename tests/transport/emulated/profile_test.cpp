// Device profiles: the samples of tests/profiles, every kind of error with its place, and the devices they make.
#include "transport/emulated/profile.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "core/appraisal/measurement.h"
#include "core/error.h"
#include "core/text.h"
#include "core/wire/ide_registers.h"
#include "support/pki.h"
#include "support/temporary.h"
#include "transport/emulated/emulated.h"

using namespace spdm;
using namespace spdm::transport;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

// A directory with the files that the samples name.
class Files : public support::TemporaryDirectory {
 public:
  Files() {
    const pki::Chain& chain = pki::sample();
    std::string all;
    for (const Bytes& certificate : chain.all()) all += pki::pem(certificate);
    write("chain.pem", all);
    write("key.pem", chain.leaf.key.pem());
    write("root.pem", pki::pem(chain.root.der));
    std::string der;
    for (const Bytes& certificate : chain.all()) der.append(certificate.begin(), certificate.end());
    write("chain.der", der);
    write("junk", "junk");
  }

  DeviceProfile parse(const std::string& contents) const { return parse_profile(contents, path() / "profile.yaml"); }
  DeviceProfile sample(const std::string& name) const {
    return parse(read(std::filesystem::path(SPDMCTL_SOURCE_DIR) / "tests/profiles" / name));
  }
};

constexpr const char* kSlot = "slots: [{slot: 0, chain: chain.pem, key: key.pem}]\n";

}  // namespace

TEST_CASE("the samples") {
  const Files files;
  const DeviceProfile minimal = files.sample("minimal.yaml");
  CHECK(minimal.slots.at(0).certificates.size() == 3);
  CHECK(minimal.usable_asym(k12).at(0)->name == "ECDSA-P384");
  CHECK((minimal.flags(k12) & (cap::cert | cap::chal | cap::meas_sig)) == (cap::cert | cap::chal | cap::meas_sig));

  const DeviceProfile full = files.sample("accelerator.yaml");
  CHECK(full.name == "ACME accelerator");
  CHECK(full.versions == std::vector<std::uint8_t>{k12, k13, k14});
  CHECK(full.flags(k13) == (cap::cache | cap::cert | cap::chal | cap::meas_sig | cap::meas_fresh | cap::chunk | cap::alias_cert |
                            cap::ep_info_sig | cap::mel | cap::multi_key_neg | cap::get_key_pair_info));
  CHECK(full.measurements.size() == 8);
  CHECK(full.measurements.back().index == kDeviceModeIndex);
  CHECK(full.measurements.back().value == unhex("15000000 04000000 03000000 04000000", "mode"));
  CHECK(full.measurements.at(4).value == unhex("0500000000000000", "number"));
  CHECK(full.slots.at(2).key_usage == key_usage::measurement);
  CHECK(full.endpoint_info == unhex("01000000 0a 03 02 361b 02 02 0100 01 02", "endpoint info"));
  CHECK(full.empty_slots == 0x0C);
  CHECK(full.measurement_hash->name == "SHA-256");

  CHECK((files.sample("provisioned.yaml").flags(k12) & (cap::cert | cap::pub_key_id)) == cap::pub_key_id);
  const DeviceProfile faulty = files.sample("faulty.yaml");
  CHECK(faulty.faults.size() == 5);
  CHECK(faulty.faults.at(3).before_signing);
  CHECK(faulty.faults.at(1).first == 2);
}

TEST_CASE("names of algorithms in any case") {
  const Files files;
  const DeviceProfile profile =
      files.parse(cat(kSlot, "algorithms: {asym: [ecdsa-p384, ED25519], hash: [sha-384], measurement-hash: Sm3-256}"));
  CHECK(profile.asym == std::vector<const AsymAlgorithm*>{find_asym("ECDSA-P384"), find_asym("Ed25519")});
  CHECK(profile.hash == std::vector<const HashAlgorithm*>{find_hash("SHA-384")});
  CHECK(profile.measurement_hash == find_hash("SM3-256"));
}

TEST_CASE("certificates as DER, roots apart, raw chains") {
  const Files files;
  CHECK(files.parse("slots: [{slot: 1, chain: chain.der, key: key.pem, root: root.pem}]").slots.at(0).certificates.size() == 3);
  CHECK(files.parse("slots: [{slot: 1, raw-chain: junk, key: key.pem}]").slots.at(0).chain.size() == 4);
}

TEST_CASE("a type is written as it is reported") {
  const Files files;
  for (std::uint8_t number = 0; number <= static_cast<std::uint8_t>(MeasurementType::structured_manifest); ++number) {
    const auto type = static_cast<MeasurementType>(number);
    CAPTURE(name(type));
    const DeviceProfile profile = files.parse(cat(kSlot, "measurements: [{index: 1, type: ", name(type), ", text: a}]"));
    CHECK(profile.measurements.at(0).type == type);
  }
  for (unsigned bit = 0; bit < 5; ++bit) {
    const std::string word = device_mode_names(1U << bit).at(0);
    CAPTURE(word);
    const DeviceProfile profile = files.parse(cat(kSlot, "device-mode: {operational-state: normal, device-state: [", word, "]}"));
    CHECK(profile.measurements.at(0).value.at(12) == 1U << bit);
  }
}

TEST_CASE("errors name their place and what is allowed") {
  const Files files;
  struct Row {
    std::string yaml, place, what;
  };
  const std::vector<Row> rows{
      {"name: [", ":1:", "end of sequence"},
      {"- 1", ":1:1:", "must be a mapping"},
      {"colour: red", ":1:1:", "unknown key 'colour'"},
      {"name: a\nname: b", ":2:1:", "key 'name' twice"},
      {"versions: 1.2", ":1:11:", "must be a list"},
      {"versions: []", ":1:11:", "names no version"},
      {"versions: ['2.0']", ":1:12:", "'2.0' is unknown"},
      {"capabilities: {set: [FLY_CAP]}", ":1:22:", "'FLY_CAP' is unknown"},
      {"ct-exponent: many", ":1:14:", "is not a number"},
      {"data-transfer-size: 41", ":1:21:", "out of range"},
      {"max-message-size: 100", ":1:1:", "data-transfer-size is more than"},
      {"algorithms: {asym: [ROT13]}", ":1:21:", "'ROT13' is unknown"},
      {"algorithms: {hash: [SHA-1]}", ":1:21:", "'SHA-1' is unknown"},
      {"slots: [{key: key.pem}]", ":1:9:", "key 'slot' is missing"},
      {"slots: [{slot: 8, key: key.pem}]", ":1:16:", "out of range"},
      {"slots: [{slot: 0, key: absent.pem}]", ":1:24:", "absent.pem"},
      {"slots: [{slot: 0, key: junk}]", ":1:24:", "junk"},
      {"slots: [{slot: 0, key: chain.pem}]", ":1:24:", ""},
      {"slots: [{slot: 0, key: key.pem, chain: junk}]", ":1:40:", "neither PEM nor DER"},
      {"slots: [{slot: 0, key: key.pem, chain: .}]", ":1:40:", "not a regular file"},
      {"slots: [{slot: provisioned, key: key.pem, chain: chain.pem}]", ":1:9:", "has no certificates"},
      {"measurement-signatures: maybe", ":1:25:", "neither true nor false"},
      {"measurements: [{index: 0, type: measurement-manifest, text: a}]", ":1:24:", "out of range"},
      {"measurements: [{index: 1, type: feeling, text: a}]", ":1:33:", "'feeling' is unknown"},
      {"measurements: [{index: 1, type: manifest, text: a}]", ":1:33:", "'manifest' was renamed to measurement-manifest"},
      {"measurements: [{index: 6, type: firmware-version, text: a}]", ":1:33:", "was renamed to mutable-firmware-version"},
      {"measurements: [{index: 7, type: security-version, number: 1}]", ":1:33:", "was renamed to mutable-firmware-security-version"},
      {"measurements: [{index: 8, type: hash-extend}]", ":1:33:", "was renamed to hash-extended"},
      {"measurements: [{index: 9, type: structured-manifest, text: a}]", ":1:33:", "was renamed to structured-measurement-manifest"},
      {"device-mode: {operational-state: normal, device-state: [invasive-debug]}", ":1:", "was renamed to invasive-debug-active"},
      {"measurements: [{index: 1, type: measurement-manifest}]", ":1:16:", "nothing is measured"},
      {"measurements: [{index: 1, type: measurement-manifest, text: a, hex: 00}]", ":1:69:", "cannot be combined"},
      {"measurements: [{index: 1, type: measurement-manifest, hex: 0}]", ":1:60:", "not a whole number of hex bytes"},
      {"measurements: [{index: 1, type: 4, text: a}, {index: 1, type: 4, text: b}]", ":1:1:", "measurement 1 twice"},
      {"device-mode: {}", ":1:14:", "key 'operational-state' is missing"},
      {"sessions: perhaps", ":1:11:", "neither true nor false"},
      {"sessions: {colour: red}", ":1:12:", "unknown key 'colour'"},
      {"sessions: true", ":1:1:", "none is possible without a key"},
      {"sessions: {key-exchange: []}", ":1:11:", "no session is possible"},
      {"sessions: {key-exchange: [rot13]}", ":1:27:", "'rot13' is unknown"},
      {"sessions: {aead: [ROT13]}", ":1:19:", "'ROT13' is unknown"},
      {"sessions: {secured-versions: []}", ":1:30:", "names no version"},
      {"sessions: {secured-versions: ['2.0']}", ":1:31:", "'2.0' is unknown"},
      {"sessions: {heartbeat-period: 256}", ":1:30:", "out of range"},
      {"sessions: {key-update: never}", ":1:24:", "'never' is unknown"},
      {"sessions: {psk: [{hint: a}]}", ":1:18:", "key is missing"},
      {"sessions: {psk: [{key-hex: 00}]}", ":1:18:", "hint is missing"},
      {"sessions: {psk: [{hint: a, hint-hex: 00, key-hex: 00}]}", ":1:38:", "cannot be combined"},
      {"sessions: {psk: [{hint: a, key-hex: ''}]}", ":1:37:", "do not fit"},
      {"sessions: {psk: [{hint: a, key: absent}]}", ":1:33:", "absent"},
      {"sessions: {mutual-authentication: maybe}", ":1:35:", "'maybe' is unknown"},
      {"sessions: {mutual-authentication: optimized}", ":1:11:", "asks the requester for nothing"},
      {"sessions: {requester-key: junk}", ":1:27:", ""},
      {"sessions: {requester-key: chain.pem}", ":1:27:", ""},
      {"sessions: {requester-slot: 8}", ":1:28:", "out of range"},
      {"sessions: {events: {colour: red}}", ":1:21:", "unknown key 'colour'"},
      {"sessions: {events: perhaps}", ":1:20:", "neither true nor false"},
      {"sessions: {events: {types: [never]}}", ":1:29:", "'never' is unknown"},
      {"sessions: {events: {types: [event-lost, event-lost]}}", ":1:41:", "listed twice"},
      {"sessions: {events: {happen: [{after: 1}]}}", ":1:30:", "type"},
      {"sessions: {events: {happen: [{type: event-lost, indices: [1]}]}}", ":1:58:", "only measurements have indices"},
      {"sessions: {events: {happen: [{type: measurement-changed, slots: [1]}]}}", ":1:65:", "only certificates are in slots"},
      {"sessions: {events: {happen: [{type: measurement-changed, indices: [0]}]}}", ":1:68:", "out of range"},
      {"sessions: {events: {happen: [{type: certificate-changed, slots: [8]}]}}", ":1:66:", "out of range"},
      {"sessions: {events: {happen: [{type: measurement-changed, text: x}]}}", ":1:30:", "nothing is said to have this value"},
      {"sessions: {requester-asym: [ROT13]}", ":1:29:", "'ROT13' is unknown"},
      {"slots: [{slot: 0, key: key.pem}]\nide: true", ":1:1:", "in sessions only"},
      {"slots: [{slot: 0, key: key.pem}]\ntdisp: true", ":1:1:", "in sessions only"},
      {"ide: perhaps", ":1:6:", "neither true nor false"},
      {"ide: {port: []}", ":1:7:", "unknown key 'port'"},
      {"ide: {ports: []}", ":1:14:", "0 entries"},
      {"ide: {ports: [{bus: 256}]}", ":1:21:", "out of range"},
      {"ide: {ports: [{device: 32}]}", ":1:24:", "out of range"},
      {"ide: {ports: [{function: 8}]}", ":1:26:", "out of range"},
      {"ide: {ports: [{colour: red}]}", ":1:16:", "unknown key 'colour'"},
      {"ide: {link-streams: 9}", ":1:21:", "out of range"},
      {"ide: {selective-streams: 257}", ":1:26:", "out of range"},
      {"ide: {address-blocks: 16}", ":1:23:", "out of range"},
      {"ide: {algorithm: 32}", ":1:18:", "out of range"},
      {"ide: {features: [tea-limited]}", ":1:18:", "'tea-limited' is unknown"},
      {"ide: {stream-ids: [256]}", ":1:20:", "out of range"},
      {"ide: {registers: [0x42]}", ":1:18:", "IDE registers"},
      {"ide: {registers: [0x42, 0, 1]}", ":1:18:", "IDE registers"},
      {"tdisp: perhaps", ":1:8:", "neither true nor false"},
      {"tdisp: {states: run}", ":1:9:", "unknown key 'states'"},
      {"tdisp: {functions: []}", ":1:20:", "0 entries"},
      {"tdisp: {functions: [{segment: 256}]}", ":1:31:", "out of range"},
      {"tdisp: {address-width: 256}", ":1:24:", "out of range"},
      {"tdisp: {lock-flags: [lock-pick]}", ":1:22:", "'lock-pick' is unknown"},
      {"tdisp: {state: open}", ":1:16:", "'open' is unknown"},
      {"tdisp: {report: {ranges: [{pages: 1}]}}", ":1:27:", "key 'first-page' is missing"},
      {"tdisp: {report: {ranges: [{first-page: 0, pages: 0}]}}", ":1:50:", "out of range"},
      {"tdisp: {report: {ranges: [{first-page: 0x10000000000000, pages: 1}]}}", ":1:40:", "out of range"},
      {"tdisp: {report: {ranges: [{first-page: 0xfffffffffffff, pages: 2}]}}", ":1:27:", "ends beyond the address space"},
      {"tdisp: {report: {ranges: [{first-page: 0, pages: 1, attributes: [soft]}]}}", ":1:66:", "'soft' is unknown"},
      {"tdisp: {report: {info: [dma]}}", ":1:25:", "'dma' is unknown"},
      {"tdisp: {report: {device-specific: '" + std::string(2 * 0xFFFF, '0') + "'}}", ":1:17:", "do not fit"},
      {"tdisp: {raw-report: '" + std::string(2 * 0x10000, '0') + "'}", ":1:21:", "does not fit"},
      {"tdisp: {portion: 0}", ":1:18:", "out of range"},
      {"faults: [{on: DIGESTS, do: busy, in-session: maybe}]", ":1:46:", "neither true nor false"},
      {"faults: [{on: QUERY, do: busy}]", ":1:10:", "'QUERY' is not a response"},
      {"faults: [{on: DIGEST, do: busy}]", ":1:10:", "'DIGEST' is not a response"},
      {"faults: [{on: DIGESTS, do: explode}]", ":1:10:", "no such action"},
      {"faults: [{on: DIGESTS, do: busy, times: 0}]", ":1:41:", "out of range"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    try {
      files.parse(row.yaml);
      FAIL_CHECK("was taken");
    } catch (const Error& why) {
      const std::string message = why.what();
      CAPTURE(message);
      CHECK(why.id == ErrorId::config);
      CHECK(message.find("profile.yaml" + row.place) != std::string::npos);
      CHECK(message.find(row.what) != std::string::npos);
    }
  }
  CHECK_THROWS_AS(load_profile(files.path() / "absent.yaml"), Error);
}

TEST_CASE("sessions of a profile") {
  const Files files;
  files.write("requester.pub", as_text(pki::sample().leaf.key.spki()));
  files.write("psk.bin", "0123456789abcdef");
  CHECK_FALSE(files.parse(kSlot).sessions);
  CHECK_FALSE(files.parse(cat(kSlot, "sessions: false")).sessions);
  for (const char* all : {"sessions: true", "sessions: {}"}) {
    CAPTURE(all);
    const DeviceProfile profile = files.parse(cat(kSlot, all));
    REQUIRE(profile.sessions);
    CHECK(profile.sessions->usable_key_exchange(k12).front()->name == "secp384r1");
    CHECK(profile.sessions->usable_key_exchange(k12).size() == 6);
    CHECK(profile.sessions->usable_aead(k12).front()->name == "AES-256-GCM");
    CHECK((profile.flags(k12) & ~files.parse(kSlot).flags(k12)) == (cap::encrypt | cap::mac | cap::key_ex | cap::key_upd));
    CHECK(profile.flags(k10) == files.parse(kSlot).flags(k10));
    CHECK((profile.slots.at(0).key_usage & key_usage::key_ex) != 0);
  }
  CHECK(files.parse(cat("sessions: true\nslots: [{slot: 0, key: key.pem, key-usage: [challenge]}]")).slots.at(0).key_usage ==
        key_usage::challenge);

  const DeviceProfile full = files.sample("sessions.yaml");
  const DeviceSessions& sessions = *full.sessions;
  CHECK(sessions.usable_key_exchange(k13).at(0)->name == "ffdhe3072");
  CHECK(sessions.usable_key_exchange(k13).size() == 2);
  CHECK(sessions.usable_aead(k13).size() == 2);
  CHECK(sessions.secured_versions == std::vector<std::uint16_t>{0x1100, 0x1200});
  CHECK(as_text(sessions.psk.at(0).hint) == "sensor 5");
  CHECK(as_text(sessions.psk.at(0).key->view()) == "0123456789abcdef");
  CHECK(sessions.psk.at(1).hint == Bytes{0, 1});
  CHECK(equal(sessions.psk.at(1).key->view(), Bytes(16, 0xAB)));
  CHECK(sessions.heartbeat_period == 20);
  CHECK(sessions.key_updates == KeyUpdates::both);
  CHECK(sessions.required);
  CHECK(sessions.mutual_auth == MutualAuth::digests);
  CHECK(sessions.basic_mutual_auth);
  CHECK(sessions.requester_asym == std::vector<const AsymAlgorithm*>{find_asym("ECDSA-P384")});
  CHECK(sessions.requester_slot == 2);
  CHECK(sessions.requester_chain.size() == 3);
  CHECK(sessions.requester_key == pki::sample().leaf.key.spki());
  CHECK(sessions.requester_root == pki::sample().root.der);
  constexpr std::uint32_t all = cap::encrypt | cap::mac | cap::mut_auth | cap::key_ex | cap::psk_with_context | cap::encap | cap::hbeat |
                                cap::key_upd | cap::handshake_in_the_clear;
  CHECK((full.flags(k13) & all) == all);

  const auto flags = [&](const char* sessions_part) { return files.parse(cat(kSlot, "sessions: ", sessions_part)).flags(k12); };
  constexpr std::string_view psk = "{psk: [{hint: a, key-hex: 00}]";
  CHECK((flags(cat(psk, "}").c_str()) & cap::psk_mask) == cap::psk_with_context);
  CHECK((flags(cat(psk, ", psk-context: false}").c_str()) & cap::psk_mask) == cap::psk);
  CHECK((flags(cat(psk, ", key-exchange: []}").c_str()) & cap::key_ex) == 0);
  CHECK((flags("{encrypt: false}") & (cap::encrypt | cap::mac)) == cap::mac);
  CHECK((flags("{key-update: none}") & cap::key_upd) == 0);
  // Before 1.2 MUT_AUTH_CAP comes with ENCAP_CAP, also where nothing is asked.
  const DeviceProfile optimized = files.parse(cat(kSlot, "sessions: {mutual-authentication: optimized, requester-key: requester.pub}"));
  CHECK((optimized.flags(k11) & cap::encap) != 0);
  CHECK((optimized.flags(k13) & cap::encap) == 0);
}

TEST_CASE("IDE and TDISP of a profile") {
  const Files files;
  const auto with = [&](std::string_view more) { return files.parse(cat(kSlot, "sessions: true\n", more)); };
  CHECK_FALSE(with("").ide);
  CHECK_FALSE(with("ide: false\ntdisp: false").tdisp);
  for (const char* all : {"ide: true\ntdisp: true", "ide: {}\ntdisp: {}"}) {
    CAPTURE(all);
    const DeviceProfile profile = with(all);
    REQUIRE(profile.ide);
    CHECK(profile.ide->ports.size() == 1);
    CHECK(profile.ide->registers == IdeLayout{}.registers());
    REQUIRE(profile.tdisp);
    CHECK(profile.tdisp->functions.empty());
    CHECK(profile.tdisp->state == TdiState::config_unlocked);
    CHECK(profile.tdisp->lock_flags == 7);
    CHECK(profile.tdisp->report.ranges.size() == 1);
  }

  const DeviceProfile ready = files.sample("../cli/data/tee-io.yaml");
  CHECK(ready.ide->ports.at(0).device_function == 8);
  CHECK(ready.ide->ports.at(1).bus == 1);
  const IdeRegisters registers = decode_ide_registers(ready.ide->registers);
  CHECK(registers.selective_streams() == 2);
  CHECK(registers.streams.at(0).addresses.size() == 2);
  CHECK(registers.streams.at(1).id() == kIdleStreamId);
  CHECK(ready.tdisp->functions == std::vector<FunctionId>{{0x0100}, {0x0101}});
  CHECK(ready.tdisp->lock_flags == 0x0F);
  const InterfaceReport& report = ready.tdisp->report;
  CHECK(report.info == 0x0A);
  CHECK(report.msix_control == 0x1F);
  REQUIRE(report.ranges.size() == 3);
  CHECK(report.ranges[0].is_updatable());
  CHECK(report.ranges[1].is_msix_table());
  CHECK(report.ranges[2].first_page == 0xFE011);
  CHECK(report.ranges[2].id == 1);
  CHECK(as_text(report.device_specific) == "ACME");

  const DeviceProfile other = with(
      "ide: {link-streams: 8, features: [pcrc, flow-through, partial-header-encryption, aggregation], algorithm: 3, secure-streams: [2]}\n"
      "tdisp: {functions: [{bus: 1, device: 2, function: 3, segment: 4}], state: error, address-width: 48, raw-report: 0102, portion: 9,\n"
      "        report: {info: [no-fw-update, prs], lnr-control: 2, tph-control: 0x30000}}\n");
  const IdeRegisters made = decode_ide_registers(other.ide->registers);
  CHECK(made.link_streams() == 8);
  CHECK((made.capability & 0x010000FF) == 0x7F);
  CHECK(made.streams.at(0).algorithm() == 3);
  CHECK(made.streams.at(2).is_secure());
  CHECK(other.tdisp->functions == std::vector<FunctionId>{{0x01040113}});
  CHECK(other.tdisp->state == TdiState::error);
  CHECK(other.tdisp->address_width == 48);
  CHECK(other.tdisp->raw_report == Bytes{1, 2});
  CHECK(other.tdisp->portion == 9);
  CHECK(other.tdisp->report.info == 0x11);
  CHECK(other.tdisp->report.lnr_control == 2);
  CHECK(other.tdisp->report.tph_control == 0x30000);
  CHECK(with("ide: {registers: [0x41, 0, 0x05000000, 0x2]}").ide->registers == unhex("41000000 00000000 00000005 02000000", "registers"));

  const DeviceProfile faulty = with("faults: [{on: QUERY_RESP, do: append 00}, {on: MEASUREMENTS, do: flip 15, in-session: true}]");
  CHECK(faulty.faults.at(0).within == PciResponse{PciProtocol::ide_km, 1});
  CHECK_FALSE(faulty.faults.at(0).in_session);
  CHECK(faulty.faults.at(1).in_session);
}

TEST_CASE("an emulated device is a link") {
  const Files files;
  const auto link_to = [&](const std::string& faults) {
    return emulated_link(std::make_shared<const DeviceProfile>(files.parse(std::string(kSlot) + faults)));
  };
  const Bytes request = unhex("10840000", "GET_VERSION");
  const auto in = [](int milliseconds) { return Clock::now() + std::chrono::milliseconds(milliseconds); };
  CHECK(link_to("")->exchange(request, in(1000)).at(1) == 0x04);

  const auto begin = Clock::now();
  CHECK(link_to("faults: [{on: VERSION, do: delay 30}]")->exchange(request, in(1000)).size() == 16);
  CHECK(Clock::now() - begin >= std::chrono::milliseconds(30));

  const auto failure = [&](const std::string& faults, int exchanges) {
    const auto link = link_to(faults);
    std::optional<ErrorId> out;
    for (int i = 0; i < exchanges; ++i) try {
        link->exchange(request, in(30));
      } catch (const Error& why) {
        out = why.id;
      }
    return out;
  };
  CHECK(failure("faults: [{on: VERSION, do: drop}]", 1) == ErrorId::timeout);
  CHECK(failure("faults: [{on: VERSION, do: delay 60000}]", 1) == ErrorId::timeout);
  CHECK(failure("faults: [{on: VERSION, do: close, times: 1}]", 2) == ErrorId::io);

  files.write("profile.yaml", kSlot);
  CHECK(open_emulated("emulated:" + (files.path() / "profile.yaml").string(), {}).link->exchange(request, in(1000)).size() == 16);
  CHECK_THROWS_AS(open_emulated("emulated:", {}), Error);
}

TEST_CASE("events of a profile") {
  const Files files;
  const auto events = [&](std::string_view part) { return files.parse(cat(kSlot, "sessions: {events: ", part, "}")).sessions->events; };
  CHECK_FALSE(files.parse(cat(kSlot, "sessions: true")).sessions->events);
  CHECK_FALSE(events("false"));
  REQUIRE(events("true"));
  CHECK(events("true")->types.empty());
  CHECK(events("true")->happen.empty());
  const DeviceEvents full = *events(
      "{types: [measurement-changed, certificate-changed], happen: [{type: measurement-changed, after: 3, indices: [1, 254], text: x}, "
      "{type: certificate-changed, slots: [0, 7]}, {type: event-lost}]}");
  CHECK(full.types == std::vector<EventType>{EventType::measurement_changed, EventType::certificate_changed});
  REQUIRE(full.happen.size() == 3);
  CHECK(full.happen[0].after == 3);
  CHECK(full.happen[0].places == std::vector<std::uint8_t>{1, 254});
  CHECK(full.happen[0].value == Bytes{'x'});
  CHECK(full.happen[1].type == EventType::certificate_changed);
  CHECK(full.happen[1].after == 0);
  CHECK(full.happen[1].places == std::vector<std::uint8_t>{0, 7});
  CHECK_FALSE(full.happen[1].value);
  CHECK(full.happen[2].type == EventType::event_lost);
  std::string many = "{happen: [";
  for (int i = 0; i < 65; ++i) many += "{type: event-lost}, ";
  CHECK_THROWS_AS(events(many + "]}"), Error);
}
