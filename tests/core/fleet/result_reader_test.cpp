// Reports as files have them.
#include "core/fleet/result_reader.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/evidence/cmw_writer.h"
#include "core/fleet/ear_names.h"
#include "core/text.h"

using namespace spdm;
using Json = nlohmann::ordered_json;

namespace {

struct Read {
  std::vector<Result> results;
  std::vector<Unreadable> unreadable;
  std::vector<std::string> hosts;
};

Read read(const std::string& text, const std::string& host = "file", HostNaming naming = HostNaming::reported) {
  Read out;
  std::size_t at = 0;
  read_results(
      [&](std::span<char> room) {
        const std::size_t count = std::min(room.size(), text.size() - at);
        std::copy_n(text.data() + at, count, room.data());
        at += count;
        return count;
      },
      "f", host,
      {.result = [&](Result result) { out.results.push_back(std::move(result)); },
       .unreadable = [&](Unreadable fault) { out.unreadable.push_back(std::move(fault)); },
       .host = [&](const std::string& name) { out.hosts.push_back(name); }},
      naming);
  return out;
}

Json head() { return {{"schema", kReportSchema}, {"tool", "spdmctl 0.1.0"}}; }

Json line(Json more) {
  Json out = head();
  out.update(more);
  return out;
}

// As the program writes it, so that what is read here is what is written there.
Report full_report() {
  Report report;
  report.verdict = Verdict::fail;
  report.exit = Exit::bad_signature;
  report.reason = "the signature is wrong";
  report.source = "recording.json";
  report.evidence_sha256 = std::string(64, 'e');
  report.host.target = "03:00.0";
  report.host.bdf = "0000:03:00.0";
  report.host.identity = parse_pci_identity("Vendor=1B36:Device=0010:CC=010802:REV=02");
  report.findings = {
      {FindingId::identity_relaxed, "", "w", ""}, {FindingId::bad_signature, "slot 0", "w", ""}, {FindingId::expired, "", "w", ""}};
  ConnectionReport& connection = report.connection.emplace();
  connection.negotiated = true;
  connection.parameters.version = k12;
  connection.parameters.asym = find_asym("ECDSA-P384");
  connection.parameters.hash = connection.parameters.measurement_hash = find_hash("SHA-384");
  SlotReport first, second;
  first.chain.emplace();
  first.chain->root_fingerprint = "unused";
  second.slot = 1;
  second.used = true;
  second.chain.emplace();
  second.chain->trust = Trust::trusted;
  second.chain->root_fingerprint = std::string(64, 'a');
  CertificateInfo root, leaf;
  root.subject = "CN=Root";
  root.sha256 = std::string(64, 'a');
  root.is_ca = true;
  root.not_after = "2044-01-01T00:00:00Z";
  leaf.subject = "CN=Leaf \x1b[31m \\";
  leaf.sha256 = std::string(64, 'b');
  leaf.not_after = "2027-01-01T00:00:00Z";
  leaf.device_info = "Maker:Thing:0001";
  second.chain->certificates = {root, leaf};
  second.chain->anchor = root;
  report.slots = {first, second};
  Measurement firmware, version;
  firmware.block.index = 2;
  firmware.block.type = MeasurementType::mutable_firmware;
  firmware.block.value = {1, 2, 3};
  firmware.is_signed = true;
  version.block.index = 6;
  version.block.type = MeasurementType::firmware_version;
  version.block.raw = true;
  version.block.value = {'2', '.', '3'};
  version.text = "2.3";
  report.measurements = {firmware, version};
  return report;
}

}  // namespace

TEST_CASE("result reader: what a report says") {
  const Read in = read(line(to_json(full_report())).dump());
  REQUIRE(in.results.size() == 1);
  CHECK(in.unreadable.empty());
  const Result& result = in.results[0];
  CHECK(result.host == "file");
  CHECK(result.device == "0000:03:00.0");
  CHECK(result.model == "1b36:0010");
  CHECK(result.vendor == "1b36");
  CHECK(result.verdict == Verdict::fail);
  CHECK(result.exit == Exit::bad_signature);
  CHECK(result.reason == "the signature is wrong");
  CHECK(result.cause == "bad-signature");
  CHECK(result.version == "1.2");
  CHECK(result.algorithms == "ECDSA-P384, SHA-384, measurements SHA-384");
  CHECK(result.trusted);
  CHECK(result.root_subject == "CN=Root");
  CHECK(result.root_sha256 == std::string(64, 'a'));
  CHECK(result.firmware == "2.3");
  REQUIRE(result.certificates.size() == 2);
  CHECK(result.certificates[1].subject == "CN=Leaf \\x1b[31m \\\\");  // escaped once
  CHECK(result.certificates[1].not_after == "2027-01-01T00:00:00Z");
  REQUIRE(result.measurements.size() == 1);
  CHECK(result.measurements[0].index == 2);
  CHECK(result.measurements[0].type == "mutable-firmware");
  CHECK(result.measurements[0].value == "010203");
  CHECK(result.measurements[0].is_signed);
  CHECK(result.evidence_sha256 == std::string(64, 'e'));
  REQUIRE(result.findings.size() == 3);
  CHECK(result.findings[1].id == "bad-signature");
  CHECK(result.findings[1].severity == "failure");
  CHECK(result.findings[1].where == "slot 0");
  CHECK(result.findings[1].why == "w");
}

TEST_CASE("result reader: the key of a device is one that a good signature proves") {
  Report report = full_report();
  report.slots[1].chain->leaf_key_sha256 = std::string(64, 'c');
  SignatureReport& signature = report.signatures.emplace_back();
  signature.slot = 1;
  signature.result = SignatureResult::good;
  const auto key = [&] { return read(line(to_json(report)).dump()).results.at(0).key; };
  CHECK(key() == std::string(64, 'c'));
  report.signatures.front().result = SignatureResult::bad;
  CHECK(key().empty());
  report.signatures.front().result = SignatureResult::good;
  report.signatures.front().slot = 0;
  CHECK(key().empty());
  report.signatures.front().slot = 1;
  report.slots[1].chain->trust = Trust::untrusted;
  CHECK(key().empty());
}

TEST_CASE("result reader: what a device is called, and its model, come from what there is") {
  Report report = full_report();
  report.host.bdf.reset();
  report.host.identity.reset();
  Result result = read(line(to_json(report)).dump()).results.at(0);
  CHECK(result.device == "03:00.0");
  CHECK(result.model == "Maker:Thing");
  CHECK(result.vendor == "Maker");
  report.slots[1].chain->certificates[1].cma_identities = {"Vendor=10de:Device=2330:CC=030200:REV=a1"};
  report.host.target.clear();
  result = read(line(to_json(report)).dump()).results.at(0);
  CHECK(result.device == "recording.json");
  CHECK(result.model == "10de:2330");
  report.slots.clear();
  result = read(line(to_json(report)).dump()).results.at(0);
  CHECK(result.model.empty());
  CHECK(result.root_sha256.empty());
}

TEST_CASE("result reader: documents and lines, in any mixture") {
  const Json device = to_json(full_report());
  const Json document = line({{"devices", {device, device}}, {"verdict", "fail"}, {"exit_code", 11}});
  const Read in = read(line(device).dump() + "\n" + document.dump() + "\n" + document.dump(2) + "\n" + line(device).dump());
  CHECK(in.results.size() == 6);
  CHECK(in.unreadable.empty());
}

TEST_CASE("result reader: the host names itself, before or behind its devices, or the file does") {
  const Json device = to_json(full_report());
  Json before = line({{"hostname", "h1"}, {"devices", {device}}}), behind = line({{"devices", {device}}}), one = line(device);
  behind["hostname"] = "h2";
  one["hostname"] = "h3";
  const Json none = line({{"devices", Json::array()}, {"hostname", "h4"}});
  const Read in = read(cat(before.dump(), behind.dump(2), one.dump(), line(device).dump(), none.dump()), "name-of-file");
  REQUIRE(in.results.size() == 4);
  CHECK(in.results[0].host == "h1");
  CHECK(in.results[1].host == "h2");
  CHECK(in.results[2].host == "h3");
  CHECK(in.results[3].host == "name-of-file");
  CHECK(in.hosts == std::vector<std::string>{"h4"});  // it has no devices, but it has reported

  // What a host says of itself is weaker than what who gathered the reports has added, and nothing where files are named.
  Report report = full_report();
  report.host.hostname = "h5";
  Json added = line(to_json(report));
  added["hostname"] = "h6";
  const std::string both = line(to_json(report)).dump() + added.dump();
  CHECK(read(both).results[0].host == "h5");
  CHECK(read(both).results[1].host == "h6");
  CHECK(read(both, "file", HostNaming::by_file).results[0].host == "file");
  CHECK(read(both, "file", HostNaming::by_file).results[1].host == "file");  // the host may have set it
}

TEST_CASE("result reader: a run that ended before there was a device is a result, too") {
  const Json error{{"id", "no-device"}, {"why", "nothing here"}};
  const Json failure = line({{"verdict", "undetermined"}, {"exit_code", 3}, {"error", error}});
  const Json unread = line({{"source", "x.json"}, {"verdict", "undetermined"}, {"exit_code", 2}, {"error", error}});
  const Json empty = line({{"devices", Json::array()}, {"verdict", "undetermined"}, {"exit_code", 3}, {"error", error}});
  const Read in = read(cat(failure.dump(), "\n", unread.dump(), "\n", empty.dump()));
  REQUIRE(in.results.size() == 3);
  CHECK(in.results[0].device.empty());
  CHECK(in.results[0].exit == Exit::no_device);
  CHECK(in.results[0].cause == "no-device");
  CHECK(in.results[0].reason == "nothing here");
  CHECK(in.results[1].device == "x.json");
  CHECK(in.results[2].device.empty());
}

TEST_CASE("result reader: reports of version 1 are read as those of version 2") {
  const Json error{{"id", "no-device"}, {"message", "nothing here"}, {"hint", "look elsewhere"}, {"device", "0000:03:00.0"}};
  Json failure = line({{"verdict", "undetermined"}, {"exit_code", 3}, {"error", error}});
  Json passed = line(to_json(full_report()));
  failure["schema"] = passed["schema"] = "spdmctl.report/1";
  for (Json& check : passed["checks"]) {
    check["detail"] = check["why"];
    check.erase("why");
  }
  const Read in = read(cat(failure.dump(), "\n", passed.dump(), "\n"));
  CHECK(in.unreadable.empty());
  REQUIRE(in.results.size() == 2);
  CHECK(in.results[0].reason == "nothing here");
  CHECK(in.results[0].device == "0000:03:00.0");
  const Read now = read(line(to_json(full_report())).dump() + "\n");
  REQUIRE(now.results.size() == 1);
  CHECK(in.results[1].verdict == now.results[0].verdict);
  CHECK(in.results[1].model == now.results[0].model);
  CHECK(in.results[1].measurements.size() == now.results[0].measurements.size());
}

TEST_CASE("result reader: a run that ended worse than its devices is a further result") {
  Report report = full_report();
  const Json bad = to_json(report);
  report.verdict = Verdict::pass;
  report.exit = Exit::ok;
  const Json good = to_json(report);
  const auto results = [](Json devices, const char* verdict, int exit) {
    const Read in = read(line({{"devices", std::move(devices)}, {"verdict", verdict}, {"exit_code", exit}}).dump());
    CHECK(in.unreadable.empty());
    CHECK(in.hosts.size() == (in.results.empty() ? 1 : 0));
    return in.results;
  };
  CHECK(results(Json::array({good}), "pass", 0).size() == 1);
  CHECK(results(Json::array({bad, good}), "fail", 11).size() == 2);
  CHECK(results(Json::array({bad}), "undetermined", 5).size() == 1);  // no worse
  CHECK(results(Json::array(), "pass", 0).empty());
  const std::vector<Result> worse = results(Json::array({good}), "undetermined", 1);
  REQUIRE(worse.size() == 2);
  CHECK(worse[1].device.empty());
  CHECK(worse[1].verdict == Verdict::undetermined);
  CHECK(worse[1].reason == "the run as a whole ended worse than any of its devices");
  CHECK(results(Json::array(), "undetermined", 3).size() == 1);
}

TEST_CASE("result reader: who only looked has not judged") {
  Report report = full_report();
  report.verdict = Verdict::pass;
  report.exit = Exit::ok;
  report.judged = false;
  const Read looked = read(line(to_json(report)).dump());
  CHECK(looked.results.empty());
  REQUIRE(looked.unreadable.size() == 1);
  CHECK(looked.unreadable[0].why.find("judges nothing") != std::string::npos);
  report.judged = true;
  CHECK(read(line(to_json(report)).dump()).results.size() == 1);
}

TEST_CASE("result reader: what is no report is told, and nothing else is lost") {
  const std::string good = line(to_json(full_report())).dump() + "\n";
  const std::vector<std::pair<std::string, std::string>> cases{
      {"garbage", "is not an object"},
      {"[]", "is not an object"},
      {R"(["application/x", "e30"])", "has no \"schema\""},
      {R"({"eat_profile":"tag:x,2020:y","submods":{}})", "is not a profile"},
      {R"({"eat_profile":"tag:github.com,2023:veraison/ear","submods":{"a":{"ear.status":"none"}}})",
       "submods.a: has no \"spdmctl.report\""},
      {"{}", "has no \"schema\""},
      {R"({"schema":"spdmctl.evidence/1"})", "spdmctl verify"},
      {R"({"schema":"spdmctl.report/3"})", "is spdmctl.report/3, not spdmctl.report/2 or spdmctl.report/1"},
      {R"({"schema":7})", "schema: is not a string"},
      {R"({"schema":"spdmctl.report/2"})", "has no \"verdict\""},
      {R"({"schema":"spdmctl.report/2","verdict":"maybe"})", "\"maybe\" is not known"},
      {R"({"schema":"spdmctl.report/2","verdict":"pass"})", "has no \"exit_code\""},
      {R"({"schema":"spdmctl.report/2","verdict":"pass","exit_code":0})", "has neither"},
      {R"({"schema":"spdmctl.report/2","verdict":"pass","exit_code":99})", "99 is not a known exit code"},
      {R"({"schema":"spdmctl.report/2","verdict":"pass","exit_code":11,"source":"x"})", "says pass with exit code 11"},
      {R"({"schema":"spdmctl.report/2","verdict":"fail","exit_code":0,"source":"x"})", "says fail with exit code 0"},
      {R"({"schema":"spdmctl.report/2","verdict":"undetermined","exit_code":0,"source":"x"})", "says undetermined with exit code 0"},
      {R"({"schema":"spdmctl.report/2","verdict":"fail","exit_code":0,"devices":[]})", "says fail with exit code 0"},
      {R"({"schema":"spdmctl.report/2","devices":[{"verdict":"pass","exit_code":3,"source":"x"}]})",
       "devices[0]: says pass with exit code 3"},
      {R"({"schema":"spdmctl.report/2","devices":[{"verdict":"pass"}]})", "devices[0]: has no \"exit_code\""},
      {R"({"schema":"spdmctl.report/2","devices":[{"verdict":"pass","exit_code":0,"source":"x","measurements":[{"index":256}]}]})",
       "devices[0].measurements[0].index: is more than 255"},
  };
  for (const auto& one : cases) {
    const auto& text = one.first;
    const auto& why = one.second;
    const Read in = read(cat(good, text, "\n", good));
    CHECK_MESSAGE(in.results.size() == 2, text);
    REQUIRE_MESSAGE(in.unreadable.size() == 1, text);
    CHECK(in.unreadable[0].line == 2);
    CHECK_MESSAGE(in.unreadable[0].why.find(why) != std::string::npos, in.unreadable[0].why);
  }
  const Read empty = read(" \n");
  REQUIRE(empty.unreadable.size() == 1);
  CHECK(empty.unreadable[0].line == 0);
}

TEST_CASE("result reader: of a document that is cut, what was read before counts") {
  const Json device = to_json(full_report());
  const std::string text = line({{"devices", {device, device, device}}}).dump();
  const Read in = read(text.substr(0, text.size() - 100));
  CHECK(in.results.size() == 2);
  CHECK(in.unreadable.size() == 1);
}

TEST_CASE("result reader: hostile sizes") {
  Json device = to_json(full_report());
  device["reason"] = std::string(1 << 20, 'x');
  device["measurements"][0]["value"] = std::string(200'000, 'a');
  device["unknown"] = std::string(3 << 20, 'y');
  for (int i = 0; i < 1000; ++i) device["measurements"].push_back({{"index", i % 256}, {"type", "x"}, {"value", "00"}});
  const Read in = read(line(device).dump());
  REQUIRE(in.results.size() == 1);
  CHECK(in.results[0].reason.size() < 600);
  CHECK(in.results[0].measurements.size() == 254);
  CHECK(in.results[0].measurements[0].value.find("SHA-256") != std::string::npos);
  // What is cut is not cut in the middle of a character.
  device["reason"] = std::string(511, 'x') + "ääää";
  CHECK(read(line(device).dump()).results.at(0).reason == std::string(511, 'x') + "...");
}

TEST_CASE("result reader: a source that fails is not a report that is broken") {
  const auto source = [](std::span<char>) -> std::size_t { throw Error(ErrorId::io, "gone"); };
  CHECK_THROWS_AS(read_results(source, "f", "h", {[](const Result&) {}, [](const Unreadable&) {}, [](const std::string&) {}}), Error);
}

namespace {

Json ear_of(const EarNames& names, std::string_view status, std::string_view verdict, int exit) {
  Json submod;
  submod[names.status] = status;
  submod[names.vector] = Json{{"instance-identity", 2}};
  submod[names.report] = Json{{"verdict", verdict}, {"exit_code", exit}, {"reason", "why"}, {"target", "t"}, {"bdf", "0000:03:00.0"}};
  Json out{{"eat_profile", names.profile}, {"iat", 1}};
  out["submods"]["label"] = std::move(submod);
  return out;
}

}  // namespace

TEST_CASE("an EAR of either profile is read back, and what contradicts itself is not") {
  for (const EarNames& names : kEarProfiles) {
    for (const int indent : {-1, 2}) {
      const Read good = read(ear_of(names, "affirming", "pass", 0).dump(indent) + "\n" +
                             ear_of(names, "contraindicated", "fail", 10).dump(indent) + "\n");
      CHECK(good.unreadable.empty());
      REQUIRE(good.results.size() == 2);
      CHECK(good.results[0].verdict == Verdict::pass);
      CHECK(good.results[0].device == "0000:03:00.0");
      CHECK(good.results[0].host == "file");
      CHECK(good.results[1].exit == Exit::untrusted);
      CHECK(good.results[1].reason == "why");
    }
    CHECK(read(ear_of(names, "none", "pass", 0).dump()).results.size() == 1);
    CHECK(read(ear_of(names, "contraindicated", "undetermined", 3).dump()).results.size() == 1);
    for (const Json& bad :
         {ear_of(names, "affirming", "fail", 10), ear_of(names, "none", "fail", 10), ear_of(names, "warning", "undetermined", 3),
          ear_of(names, "affirming", "pass", 10), ear_of(names, "good", "pass", 0)}) {
      const Read none = read(bad.dump());
      CHECK(none.results.empty());
      CHECK(none.unreadable.size() == 1);
    }
  }
  // The names of one profile under the other one, no claim of ours, another profile.
  Json mixed = ear_of(kEarProfiles[0], "affirming", "pass", 0);
  mixed["eat_profile"] = kEarProfiles[1].profile;
  CHECK(read(mixed.dump()).results.empty());
  Json foreign = ear_of(kEarProfiles[1], "affirming", "pass", 0);
  foreign["submods"]["label"].erase("spdmctl_report");
  CHECK(read(foreign.dump()).unreadable.size() == 1);
  foreign["eat_profile"] = "tag:ietf.org,2027:rats/ear#09";
  const Read unknown = read(foreign.dump());
  REQUIRE(unknown.unreadable.size() == 1);
  CHECK(unknown.unreadable[0].why.find("2027") != std::string::npos);
}

TEST_CASE("an EAR in a wrapper is read, a signed one is told, and other arrays are not taken for one") {
  const std::string ear = ear_of(kEarProfiles[1], "affirming", "pass", 0).dump();
  const std::string type = media_type_of_token("application/eat-ucs+json", kEarProfiles[1].profile);
  const std::string record = write_cmw(CmwForm::json, type, as_bytes(ear));
  CHECK(read(record + record).results.size() == 2);
  const auto why = [](const std::string& text) {
    const Read none = read(text);
    CHECK(none.results.empty());
    REQUIRE(none.unreadable.size() == 1);
    return none.unreadable[0].why;
  };
  CHECK(why(write_cmw(CmwForm::json, "application/eat+jwt", as_bytes("eyJ"))).find("signed EAR") != std::string::npos);
  CHECK(why("eyJhbGciOiJFUzI1NiJ9.e30.AA\n").find("signed EAR") != std::string::npos);
  CHECK(why(write_cmw(CmwForm::json, type, as_bytes("[" + record + "]"))).find("not an attestation result") != std::string::npos);
  const Read followed = read(write_cmw(CmwForm::json, type, as_bytes(ear + " {}")));
  CHECK(followed.results.size() == 1);
  CHECK(followed.unreadable.size() == 1);
  CHECK(why("[1, 2]").find("no wrapper") != std::string::npos);
  CHECK(why(R"(["text", "e30"])").find("no wrapper") != std::string::npos);
  CHECK(why(R"(["application/x", "?"])").find("base64url") != std::string::npos);
}
