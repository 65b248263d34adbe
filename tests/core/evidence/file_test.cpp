#include "core/evidence/file.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "core/crypto/crypto.h"
#include "core/evidence/load.h"
#include "core/file_kinds.h"
#include "core/text.h"
#include "link_capture.h"
#include "small_evidence.h"

using namespace small_evidence;

namespace {

Evidence sample() {
  Evidence out;
  out.collector = "spdmctl 0.1.0";
  out.time = "2026-01-31T12:00:00Z";
  out.live = true;
  out.binding = Binding::doe;
  out.host.target = "03:00.0";
  out.host.bdf = "0000:03:00.0";
  out.host.identity = parse_pci_identity("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100");
  out.host.driver = "nvme";
  out.host.owner = "kernel";
  out.host.platform = {.grammar = AuthenticatedGrammar::tsm,
                       .authenticated = "tsm0",
                       .is_authenticated = true,
                       .tsm_connected = "tsm0",
                       .tsm_bound = "",
                       .tsm_dsm = "0000:03:00.0",
                       .certificate_slots = {0, 7},
                       .signatures = 3};
  EncryptionView& encryption = out.host.encryption.emplace();
  encryption.tee_io = true;
  encryption.ide = unhex("4100000004000000 010000fe02000000", "ide");
  encryption.root_port = "0000:00:01.0";
  encryption.root_port_ide = unhex("0000000000000000", "ide");
  encryption.msix_control = 0x801F;
  encryption.bars = {{0, 0xFE80'0000, 0x4000}, {kPciRom, 0, 0x800}};
  out.host.drive =
      DriveView{.model = "Example SSD",
                .serial = "S1",
                .firmware = "2.3",
                .transport = "pcie",
                .discovery = StorageDiscovery{.version = 0x1000, .connections = 1, .operations = 0x66, .order = ByteOrder::big}};
  out.host.mctp = MctpView{.network = 1, .eid = 9, .interface = "mctpi2c4"};
  out.nonces = {Block<32>{1, 2, 3}, Block<32>{}};
  out.provisioned_key = {0x30, 0x01};
  out.log = {{true, false, {0x10, 0x84, 0, 0}}, {false, false, {0x10, 0x04, 0}}, {true, true, {1, 2}}};
  return out;
}

}  // namespace

TEST_CASE("evidence is one line with its keys in a fixed order") {
  CHECK(
      write_evidence(sample()) ==
      R"({"schema":"spdmctl.evidence/1","collector":"spdmctl 0.1.0","time":"2026-01-31T12:00:00Z","live":true,"binding":"doe",)"
      R"("host":{"target":"03:00.0","bdf":"0000:03:00.0",)"
      R"("identity":"Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100","driver":"nvme","owner":"kernel",)"
      R"("platform":{"grammar":"tsm","authenticated":"tsm0","is_authenticated":true,"tsm_connected":"tsm0","tsm_bound":"",)"
      R"("tsm_dsm":"0000:03:00.0","certificate_slots":[0,7],"signatures":3},)"
      R"("encryption":{"tee_io":true,"ide":"4100000004000000010000fe02000000","root_port":"0000:00:01.0",)"
      R"("root_port_ide":"0000000000000000","msix_control":32799,)"
      R"("bars":[{"index":0,"begin":"00000000fe800000","size":"0000000000004000"},)"
      R"({"index":6,"begin":"0000000000000000","size":"0000000000000800"}]},)"
      R"("drive":{"transport":"pcie","model":"Example SSD","serial":"S1","firmware":"2.3",)"
      R"("discovery":{"version":4096,"connections":1,"operations":102,"byte_order":"big-endian"}},"mctp":{"eid":9,"network":1,"interface":"mctpi2c4"}},)"
      R"("nonces":["0102030000000000000000000000000000000000000000000000000000000000",)"
      R"("0000000000000000000000000000000000000000000000000000000000000000"],"provisioned_key":"MAE=",)"
      R"("messages":[{"from":"requester","data":"EIQAAA=="},{"from":"responder","data":"EAQA"},)"
      R"({"from":"requester","secured":true,"data":"AQI="}]})");
  Evidence bare;
  CHECK(write_evidence(bare) ==
        R"({"schema":"spdmctl.evidence/1","collector":"","time":"","live":false,"binding":"none","host":{"target":""},)"
        R"("nonces":[],"messages":[]})");
}

TEST_CASE("what is written is read again") {
  const Evidence before = sample();
  const Evidence after = read_evidence(write_evidence(before), "e.json");
  CHECK(after.collector == before.collector);
  CHECK(after.time == before.time);
  CHECK(after.live);
  CHECK(after.binding == before.binding);
  CHECK(after.host.target == before.host.target);
  CHECK(after.host.bdf == before.host.bdf);
  CHECK(after.host.identity == before.host.identity);
  CHECK(after.host.driver == before.host.driver);
  CHECK(after.host.owner == before.host.owner);
  CHECK(after.host.platform == before.host.platform);
  CHECK(after.host.encryption == before.host.encryption);
  CHECK(after.host.drive == before.host.drive);
  CHECK(after.host.mctp == before.host.mctp);
  CHECK(after.nonces == before.nonces);
  CHECK(after.provisioned_key == before.provisioned_key);
  REQUIRE(after.log.size() == 3);
  CHECK(after.log[2].secured);
  CHECK(!after.log[1].from_requester);
  CHECK(write_evidence(after) == write_evidence(before));
}

TEST_CASE("the plain text of a session says of which, and the hash covers it") {
  Evidence before = sample();
  before.log.push_back({.from_requester = false, .bytes = {0x12, 0x60, 0, 0}, .inside = 0xFFFE0001});
  const std::string line = write_evidence(before);
  CHECK(line.ends_with(R"({"from":"responder","session":4294836225,"data":"EmAAAA=="}]})"));
  const Evidence after = read_evidence(line, "e.json");
  REQUIRE(after.log.size() == 4);
  CHECK(after.log[3].inside == 0xFFFE0001);
  CHECK(!after.log[3].secured);
  CHECK(after.log[2].inside == 0);
  CHECK(write_evidence(after) == line);
  const std::string name = evidence_sha256(before);
  CHECK(evidence_sha256(after) == name);
  before.log[3].inside = 1;
  CHECK(evidence_sha256(before) != name);
  before.log[3].inside = 0;
  CHECK(evidence_sha256(before) != name);
}

TEST_CASE("messages have the times that the collector has seen, and the hash covers them") {
  Evidence before = sample();
  const std::string without = evidence_sha256(before);
  before.log[0].time = std::chrono::nanoseconds(1'788'912'000'000'250'000);
  before.log[2].time = std::chrono::nanoseconds(999'999'999);
  const std::string line = write_evidence(before);
  CHECK(line.find(R"({"from":"requester","time":"2026-09-09T00:00:00.000250000Z","data":"EIQAAA=="},{"from":"responder","data")") !=
        line.npos);
  CHECK(line.ends_with(R"({"from":"requester","secured":true,"time":"1970-01-01T00:00:00.999999999Z","data":"AQI="}]})"));
  const Evidence after = read_evidence(line, "e.json");
  CHECK(after.log[0].time == before.log[0].time);
  CHECK(!after.log[1].time);
  CHECK(after.log[2].time == before.log[2].time);
  CHECK(write_evidence(after) == line);
  CHECK(evidence_sha256(after) == evidence_sha256(before));
  CHECK(evidence_sha256(before) != without);
}

TEST_CASE("evidence that is made from a capture has no times: its hash is what it was before they were read") {
  Evidence evidence = sample();
  evidence.collector.clear();
  const std::string name = evidence_sha256(evidence);
  evidence.log[0].time = std::chrono::nanoseconds(1);
  CHECK(evidence_sha256(evidence) == name);
  std::string line = write_evidence(evidence);
  CHECK(line.find(R"("time":"1970)") == line.npos);
  line.insert(line.find(R"("data")"), R"("time":"1970-01-01T00:00:00.000000001Z",)");
  expect_error(ErrorId::bad_input, "no collector is named", [&] { read_evidence(line, "e.json"); });
}

TEST_CASE("a time has one form: UTC, and nine decimals") {
  Evidence evidence = sample();
  evidence.log[0].time = std::chrono::nanoseconds(1'000'000'000);
  const std::string good = write_evidence(evidence), time = R"("1970-01-01T00:00:01.000000000Z")";
  const auto with = [&](std::string_view other) {
    std::string out = good;
    return out.replace(out.find(time), time.size(), other);
  };
  CHECK(read_evidence(with(R"("2262-04-11T23:47:15.999999999Z")"), "e.json").log[0].time ==
        std::chrono::nanoseconds(9'223'372'035'999'999'999));
  for (const std::string_view wrong :
       {R"("")", R"("1970-01-01T00:00:01Z")", R"("1970-01-01T00:00:01.00000000Z")", R"("1970-01-01T00:00:01.0000000000Z")",
        R"("1970-01-01t00:00:01.000000000z")", R"("1970-01-01 00:00:01.000000000Z")", R"("1970-01-01T00:00:01.000+01:00")",
        R"("1970-01-01T00:00:60.000000000Z")", R"("1969-12-31T23:59:59.000000000Z")", R"("2262-04-11T23:47:16.000000000Z")", "1", "null"})
    expect_error(ErrorId::bad_input, "messages[0].time", [&] { read_evidence(with(wrong), "e.json"); });
}

TEST_CASE("evidence has one name: the SHA-256 of its line, whatever the file looks like") {
  const Evidence evidence = sample();
  const std::string line = write_evidence(evidence);
  const std::string name = evidence_sha256(evidence);
  CHECK(name == hex(crypto::hash(*find_hash("SHA-256"), {reinterpret_cast<const std::uint8_t*>(line.data()), line.size()})));
  CHECK(evidence_sha256(read_evidence(nlohmann::json::parse(line).dump(2), "e")) == name);
  Evidence other = evidence;
  other.live = !other.live;
  CHECK(evidence_sha256(other) != name);
}

TEST_CASE("strings of any kind come through, bytes that are not UTF-8 are replaced") {
  Evidence evidence;
  evidence.host.target = "tab\t quote\" backslash\\ \xC3\xA9 \x01";
  CHECK(read_evidence(write_evidence(evidence), "e").host.target == evidence.host.target);
  evidence.host.target = "ends with \\";
  CHECK(read_evidence(write_evidence(evidence), "e").host.target == evidence.host.target);
  evidence.host.target = "bad \xFF";
  CHECK(read_evidence(write_evidence(evidence), "e").host.target == "bad \xEF\xBF\xBD");
}

TEST_CASE("white space, order of keys and escapes of other writers are taken") {
  const Evidence evidence = read_evidence(
      " {\n\t\"messages\" : [ { \"data\" : \"EIQAAA\\u003d=\" , \"secured\" : false , \"from\" : \"requester\" } ] ,\r\n"
      "\"nonces\":[ ],\"host\":{ \"target\":\"\\u0078\\/\" },\"binding\":\"tcp\",\"live\":true,\"time\":\"2026-01-31T12:00:00.25Z\","
      "\"collector\":\"\",\"schema\":\"spdmctl.evidence\\/1\"} \n",
      "e");
  CHECK(evidence.log.size() == 1);
  CHECK(evidence.host.target == "x/");
  CHECK(evidence.binding == Binding::tcp);
}

TEST_CASE("keys: unknown, missing, twice") {
  refused(R"("live":false)", R"("live":false,"more":1)", R"(unknown key "more")");
  refused(R"({"target":"x"})", R"({"target":"x","bfd":"y"})", R"(host: unknown key "bfd")");
  refused(R"({"target":"x"})", R"({})", R"(host: key "target" is missing)");
  refused(R"("live":false,)", "", R"(key "live" is missing)");
  refused(R"("live":false,)", R"("live":false,"live":true,)", R"(key "live" is given twice)");
  refused(R"("from":"requester",)", "", R"(messages[0]: key "from" is missing)");
  refused(R"("live":)", "\"\\u001b[31m\":", "unknown key \"\\x1b[31m\"");  // nothing of it reaches a terminal raw
}

TEST_CASE("values of the wrong type or outside their range") {
  refused(R"(:"spdmctl.evidence/1")", R"(:"spdmctl.evidence/3")", "schema: 'spdmctl.evidence/3' is neither spdmctl.evidence/1 nor");
  refused(R"(:"spdmctl.evidence/1")", R"(:"spdmctl.evidence/2")", "'detached' belongs only to spdmctl.evidence/2");
  refused(R"("live":false)", R"("live":"false")", "live: is neither true nor false");
  refused(R"("live":false)", R"("live":null)", "live: is neither true nor false");
  refused(R"("binding":"none")", R"("binding":"usb")", "binding: is not a binding");
  refused(R"("binding":"none")", R"("binding":2)", "binding: is not a string");
  refused(R"("time":"")", R"("time":"yesterday")", "time: is not a time in UTC");
  refused(R"("time":"")", R"("time":"2026-01-31T12:00:00")", "time: is not a time in UTC");
  refused(R"("time":"")", R"("time":"2026-01-31T12:00:00.Z")", "time: is not a time in UTC");
  refused(R"("time":"")", R"("time":"2026-01-31 12:00:00Z")", "time: is not a time in UTC");
  refused(R"({"target":"x"})", R"("x")", "host: is not an object");
  refused(R"({"target":"x"})", R"({"target":"x","identity":"Vendor=1"})", "host.identity: PCI identity");
  refused(R"("nonces":[])", R"("nonces":{})", "nonces: is not an array");
  refused(R"("nonces":[])", R"("nonces":["00"])", "nonces[0]: is not 64 hex digits");
  refused(R"("nonces":[])", cat(R"("nonces":[")", std::string(64, 'g'), "\"]"), "nonces[0]: nonce");
  refused(R"("nonces":[])", cat(R"("nonces":[")", std::string(62, '0'), "  \"]"), "nonces[0]: is not 64 hex digits");
  refused(R"("from":"requester")", R"("from":"device")", "messages[0].from: is neither");
  refused(R"("from":"requester")", R"("from":"requester","secured":1)", "messages[0].secured: is neither");
  const auto refused_session = [](std::string_view members, const std::string& why) {
    refused(R"("from":"requester")", cat(R"("from":"requester",)", members), why);
  };
  refused_session(R"("session":0)", "messages[0].session: is 0; a message outside");
  refused_session(R"("session":4294967296)", "messages[0].session: is more than 4294967295");
  refused_session(R"("session":-1)", "messages[0].session: is not a number");
  refused_session(R"("session":"1")", "messages[0].session: is not a number");
  refused_session(R"("session":null)", "messages[0].session: is not a number");
  refused_session(R"("session":1,"session":1)", "key \"session\" is given twice");
  refused_session(R"("session":1,"secured":true)", "messages[0]: is both secured and the plain text");
  CHECK(read_evidence(replaced(R"("from":"requester")", R"("from":"requester","session":1,"secured":false)"), "e").log[0].inside == 1);
  refused("EIQAAA==", "", "messages[0].data: is an empty message");
  refused("EIQAAA==", "EIQ", "messages[0].data: data: base64");
  refused("EIQAAA==", "EI!AAA==", "messages[0].data: data: not base64");
  refused(R"({"from":"requester","data":"EIQAAA=="})", "7", "messages[0]: is not an object");
}

TEST_CASE("what is not JSON") {
  refused("", "is not an object");
  refused("[]", "is not an object");
  refused(cat(kSmall, "x"), "extra data after");
  refused(R"("live":false,)", R"("live":false)", "',' or '}' is missing");
  refused(R"("live":)", R"("live")", "':' is missing");
  refused(R"("nonces":[])", R"("nonces":[,])", "nonces[0]: is not a string");
  refused("]}", ",]}", "messages[1]: is not an object");
  refused("]}", "],}", "is not a string");
  refused(R"("target":"x")", R"("target":"\x")", "host.target: the string has a bad escape");
  refused(R"("target":"x")", R"("target":"\ud800")", "host.target: the string has a bad escape");
  refused(R"("target":"x")", "\"target\":\"\xFF\"", "host.target: the string has a bad escape");
  refused(R"("target":"x")", "\"target\":\"\n\"", "host.target: the string has a bad escape");
  refused(R"("target":"x")", "\"target\":\"\x7F\xC0\"", "host.target: the string has a bad escape");
}

TEST_CASE("deep nesting costs nothing: the reader goes no deeper than the format") {
  const std::string deep(1'000'000, '[');
  refused(deep, "is not an object");
  refused(R"("nonces":[])", cat(R"("nonces":)", deep), "nonces[0]: is not a string");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += R"({"target":)";
  refused(R"({"target":"x"})", objects, "host.target: is not a string");
}

TEST_CASE("too large a file, too many messages") {
  expect_error(ErrorId::bad_input, "exceed the limit of 8388608",
               [] { read_evidence(std::string(spdm::limit_of(spdm::FileKind::evidence) + 1, ' '), "e"); });
  expect_error(ErrorId::bad_input, "exceed the limit of 8388608",
               [] { load_evidence(Bytes(spdm::limit_of(spdm::FileKind::evidence) + 1), "e"); });
  std::string many;
  for (std::size_t i = 0; i <= kMaxEvidenceMessages; ++i) many += R"({"from":"requester","data":"AA=="},)";
  refused(R"("messages":[)", cat(R"("messages":[)", many), "messages[20000]: exceeds the limit of 20000");
}

TEST_CASE("cut at every byte, every byte garbled: an error or evidence, never worse") {
  const std::string whole = write_evidence(sample());
  for (std::size_t size = 0; size < whole.size(); ++size) refused(whole.substr(0, size), "e.json: ");
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const char replacement : {'"', '\\', '{', '\0', '\xFF'}) {
      std::string garbled = whole;
      garbled[at] = replacement;
      try {
        read_evidence(garbled, "e.json");
      } catch (const Error& error) {
        CHECK(error.id == ErrorId::bad_input);
      }
    }
}

TEST_CASE("load_evidence goes by what is in the file") {
  const Evidence evidence = sample();
  const std::string json = " \n" + write_evidence(evidence);
  const auto* text = reinterpret_cast<const std::uint8_t*>(json.data());
  CHECK(load_evidence({text, json.size()}, "e").live);
  CHECK(!load_evidence(capture::write_pcap(evidence), "e").live);
  expect_error(ErrorId::bad_input, "pcapng", [] { load_evidence(Bytes{0x0A, 0x0D, 0x0D, 0x0A}, "e"); });
  expect_error(ErrorId::bad_input, "e: is empty", [] { load_evidence({}, "e"); });
  for (const Bytes& bytes : {Bytes{' '}, Bytes{0, 1, 2, 3, 4}, Bytes{'x'}})
    expect_error(ErrorId::bad_input, "e: is neither", [&] { load_evidence(bytes, "e"); });
}

TEST_CASE("what lies beside the messages of detached evidence is written and read back") {
  Evidence evidence = sample();
  evidence.detached = Detached{.format = "nvidia", .asym = "ECDSA-P384", .hash = "SHA-384", .chains = {{std::nullopt, {0x30, 0}}}};
  const std::string json = write_evidence(evidence);
  CHECK(json.starts_with(R"({"schema":"spdmctl.evidence/2",)"));
  CHECK(json.find(R"("detached":{"format":"nvidia","asym":"ECDSA-P384","hash":"SHA-384","chains":[{"certificates":"MAA="}]},)") !=
        std::string::npos);
  const Evidence again = read_evidence(json, "e.json");
  REQUIRE(again.detached);
  CHECK(write_evidence(again) == json);
  CHECK(again.detached->chain_of(3) == &again.detached->chains.front());

  evidence.detached->chains = {{std::uint8_t{1}, {0x30, 0}}, {std::uint8_t{2}, {0x31}}};
  const Evidence slots = read_evidence(write_evidence(evidence), "e.json");
  CHECK(slots.detached->chain_of(0) == nullptr);
  CHECK(slots.detached->chain_of(2)->certificates == Bytes{0x31});
}

TEST_CASE("detached evidence of a wrong form is refused") {
  Evidence evidence = sample();
  evidence.detached = Detached{.format = "nvidia", .asym = "ECDSA-P384", .hash = "SHA-384", .chains = {{std::uint8_t{1}, {0x30, 0}}}};
  const std::string good = write_evidence(evidence);
  const auto refuses = [&](std::string_view from, std::string_view to, const std::string& why) {
    std::string json = good;
    json.replace(json.find(from), from.size(), to);
    refused(json, why);
  };
  refuses("spdmctl.evidence/2", "spdmctl.evidence/1", "'detached' belongs only to spdmctl.evidence/2");
  refuses("ECDSA-P384", "ECDSA-P385", "detached.asym: is not a signature algorithm of SPDM");
  refuses("SHA-384", "SHA-385", "detached.hash: is not a hash algorithm of SPDM");
  refuses(R"("slot":1)", R"("slot":8)", "detached.chains[0].slot: ");
  refuses(R"("certificates":"MAA=")", R"("certificates":"")", "has no certificates");
  const std::string_view one = R"({"slot":1,"certificates":"MAA="})";
  for (const std::string_view other : {one, std::string_view(R"({"certificates":"MAA="})")})
    refuses(one, cat(one, ",", other), "detached.chains[1]: is a second chain of a slot");
  const std::string large = base64(Bytes(kMaxChainBytes, 0x30));
  refuses(one, cat(one, R"(,{"slot":2,"certificates":")", large, "\"}"), "bytes for all chains together");
}

TEST_CASE("the signature of a host stands behind the evidence, and is no part of its hash") {
  const Evidence evidence = sample();
  const std::string plain = evidence_line(evidence, FileKind::evidence), with = evidence_line(evidence, FileKind::evidence, "a.b.c");
  CHECK(plain == write_evidence(evidence) + "\n");
  CHECK(with == plain.substr(0, plain.size() - 2) + R"(,"signature":"a.b.c"})" + "\n");
  const Evidence again = read_evidence(with, "e.json");
  CHECK(again.signature == "a.b.c");
  CHECK(write_evidence(again) == write_evidence(evidence));
  CHECK(evidence_sha256(again) == evidence_sha256(evidence));
  CHECK(read_evidence(plain, "e.json").signature.empty());
}

TEST_CASE("a signature is a string of bounded length, once") {
  const auto with = [](const std::string& member) { return cat(kSmall.substr(0, kSmall.size() - 1), ",", member, "}"); };
  const std::string longest(kMaxEvidenceSignature, 'x');
  CHECK(read_evidence(with(cat(R"("signature":")", longest, '"')), "e.json").signature == longest);
  refused(with(cat(R"("signature":")", longest, R"(x")")), "signature: is not 1 to 2048 characters");
  refused(with(R"("signature":"")"), "signature: is not 1 to 2048 characters");
  refused(with(R"("signature":1)"), "signature: is not a string");
  refused(with(R"("signature":{})"), "signature: is not a string");
  refused(with(R"("signature":null)"), "signature: is not a string");
  refused(with(R"("signature":"a","signature":"a")"), "key \"signature\" is given twice");
}

TEST_CASE("no more bytes of messages than one device may send, and no longer text than a person reads") {
  const std::string large = cat(R"({"from":"responder","data":")", base64(Bytes(kMaxEvidenceBytes / 4)), R"("},)");
  const std::string four = large + large + large + large;  // with the messages of the sample it is more
  refused(R"("messages":[)", cat(R"("messages":[)", four), "messages[4]: has ");
  refused(R"("messages":[)", cat(R"("messages":[)", four), "the limit for all messages is 4194304 bytes");
  Evidence evidence = sample();
  evidence.log.assign(4, {.from_requester = false, .secured = false, .bytes = Bytes(kMaxEvidenceBytes / 4)});
  CHECK(read_evidence(write_evidence(evidence), "e.json").log.size() == 4);

  evidence = sample();
  evidence.host.target = std::string(kMaxEvidenceText, 'x');
  CHECK(read_evidence(write_evidence(evidence), "e.json").host.target.size() == kMaxEvidenceText);
  evidence.host.target += 'x';
  expect_error(ErrorId::bad_input, "host.target: has 16385 bytes", [&] { read_evidence(write_evidence(evidence), "e.json"); });
  evidence = sample();
  evidence.error = Interruption{ErrorId::peer, std::string(kMaxEvidenceText + 1, 'x'), ""};
  expect_error(ErrorId::bad_input, "error.message: has 16385 bytes", [&] { read_evidence(write_evidence(evidence), "e.json"); });
}

TEST_CASE("the hash of evidence is that of its line") {
  const Evidence evidence = sample();
  CHECK(evidence_sha256(evidence) == hex(crypto::hash(*find_hash("SHA-256"), as_bytes(write_evidence(evidence)))));
}
