// The whole document of a report: every member that it may have, as programs of others read it.
#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "core/appraisal/report.h"
#include "core/format/json_writer.h"

using namespace spdm;

namespace {

const std::string kHostile = "a\"b\\c\x1b[31m\xFF\xE2\x80\xAE\xC3\xA4";

CertificateInfo certificate() {
  CertificateInfo out;
  out.subject = out.issuer = out.key = out.signature_algorithm = out.device_info = kHostile;
  out.serial = "01";
  out.not_before = "2026-01-01T00:00:00Z";
  out.not_after = "2027-01-01T00:00:00Z";
  out.sha256 = std::string(64, 'a');
  out.tbs_sha256 = std::string(64, 'b');
  out.key_sha256 = std::string(64, 'c');
  out.is_ca = true;
  out.path_length = 0;
  out.key_usage = out.extended_key_usage = out.spdm_oids = out.cma_identities = out.policies = {"x", kHostile};
  out.ocsp = out.ca_issuers = out.crl_distribution_points = {"http://example.com/"};
  ExtensionInfo& extension = out.extensions.emplace_back();
  extension.oid = kHostile;
  extension.name = "tcg-dice-TcbInfo";
  extension.critical = extension.processed = true;
  extension.fault = kHostile;
  extension.size = 5;
  TcbInfo& info = extension.tcb_infos.emplace_back();
  info.vendor = info.model = info.version = info.element = kHostile;
  info.svn = info.layer = info.index = 1;
  info.fwids = {{kHostile, {1, 2}}};
  info.flags = info.flags_mask = bit_of(TcbFlag::debug);
  info.vendor_info = info.type = Bytes{9};
  info.integrity_registers = {{kHostile, 3, {{"SHA-256", {4}}}}, {}};
  extension.ueid = {1};
  extension.composite = std::make_shared<const CompositeDeviceId>(CompositeDeviceId{1, "aa", {"SHA-256", {1}}});
  OpenDiceInput dice;
  dice.code_hash = dice.code_descriptor = dice.configuration_hash = Bytes{1};
  dice.configuration_descriptor = dice.authority_hash = dice.authority_descriptor = Bytes{2};
  dice.mode = DiceMode::debug;
  dice.profile_name = kHostile;
  extension.open_dice = std::make_shared<const OpenDiceInput>(dice);
  extension.wrapper = std::make_shared<const MessageWrapper>(MessageWrapper{"cbor-tag", kHostile, 1, 2, 3, "concise-evidence", 4, "bb"});
  out.extensions.emplace_back();
  out.more_extensions = 2;
  return out;
}

ChainResult chain() {
  ChainResult out;
  out.model = CertModel::alias;
  out.certificates = {certificate(), {}};
  out.anchor = certificate();
  out.anchor_file = out.anchor_scope = out.root_fingerprint = kHostile;
  out.trust = Trust::trusted;
  out.sound = true;
  out.leaf_key_sha256 = "ff";
  out.completed = {{kHostile, "aa", kHostile}};
  out.crls = {{kHostile, "", "", "", "", RevocationSource::crl, ""},
              {kHostile, kHostile, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "07", RevocationSource::ocsp, "08"}};
  out.revocations = {{kHostile, kHostile, "01", kHostile, "2026-01-01T00:00:00Z", "2025-01-01T00:00:00Z", "keyCompromise", {}}};
  out.pin = PinInfo{kHostile, PinKind::root, "cc", true, k12, false};
  out.findings = {{FindingId::bad_signature, kHostile, kHostile, kHostile}, {FindingId::expired, "", "w", ""}};
  return out;
}

void fill_host(HostView& host) {
  host.target = kHostile;
  host.bdf = host.driver = host.owner = host.slot = host.removable = host.hostname = kHostile;
  host.identity = parse_pci_identity("Vendor=1B36:Device=0010:CC=010802:REV=02");
  host.platform.grammar = AuthenticatedGrammar::tsm;
  host.platform.authenticated = kHostile;
  host.platform.is_authenticated = true;
  host.platform.tsm_connected = host.platform.tsm_bound = host.platform.tsm_dsm = kHostile;
  host.platform.certificate_slots = {0, 1};
  host.platform.signatures = 2;
  host.encryption.emplace().tee_io = true;
  host.drive.emplace().model = kHostile;
  host.mctp = MctpView{1, 9, kHostile};
  host.is_claimed = true;
}

void fill_connection(ConnectionReport& connection) {
  connection.offered_versions = {"1.1.0", "1.2.0"};
  connection.negotiated = connection.negotiation_proven = true;
  Parameters& p = connection.parameters;
  p.version = k12;
  p.responder.flags = cap::cert | cap::chal | cap::key_ex | cap::psk | cap::encrypt | cap::mac;
  p.responder.ct_exponent = 20;
  p.requester.flags = p.responder.flags;
  p.asym = find_asym("ECDSA-P384");
  p.hash = find_hash("SHA-384");
  p.measurement_raw_only = true;
  connection.supported_asym = {"ECDSA-P384"};
  connection.supported_hash = {"SHA-384"};
  SessionReport session;
  session.id = 0xFFFF0001;
  session.key_exchange = "SECP384R1";
  session.aead = "AES-256-GCM";
  session.secured_version = "1.1";
  session.requester_slot = 0;
  session.requester_asym = "ECDSA-P384";
  session.requests = 3;
  session.proven = true;
  connection.sessions = {session, {}};
}

void fill_measurements(Report& report) {
  Measurement all;
  all.block.index = 2;
  all.block.type = MeasurementType::mutable_firmware;
  all.block.raw = true;
  all.block.value = {0xA1, 0x61, 0x61, 0x01};
  all.is_signed = true;
  all.session = 1;
  all.device_mode = DeviceMode{1, 2, 3, 4};
  all.security_version = 5;
  all.text = kHostile;
  all.manifest = R"({"a":1})";
  all.manifest_format = "TCG 0001";
  all.token_signature = TokenSignature::good;
  report.measurements = {all, {}};
  report.measurement_count = 2;
  report.content_changed = ContentChanged{};
  report.summary_hash = {1, 2};
  report.extension_log = {{1, 2, 0x81, {3}, {}}, {2, 3, 0x01, {}, {}}};
  report.facts = {{1, "driver-version", {1}, kHostile, true}, {2, "", {}, "", false}};
  report.comparisons = {{1, Comparison::Result::mismatch, {"aa", kHostile}, kHostile, kHostile, kHostile},
                        {2, Comparison::Result::not_reported, {}, "", "", ""}};
}

Report full_report() {
  Report out;
  fill_host(out.host);
  out.time = out.collector = out.reason = out.source = kHostile;
  out.evidence_sha256 = std::string(64, 'e');
  out.collection = CollectionCheck{CollectionSignature::good, kHostile, kHostile, ""};
  out.verdict = Verdict::fail;
  out.exit = Exit::bad_signature;
  out.fresh = false;
  out.tolerates = {"some-rule"};
  out.judged = false;
  out.error = Interruption{ErrorId::io, kHostile, kHostile};
  fill_connection(out.connection.emplace());
  out.connections = 1, out.messages = 2, out.bytes = 3, out.round_trips = 4;
  SlotReport slot;
  slot.slot = 1;
  slot.used = true;
  slot.digest = {0xAB};
  slot.key_pair_id = 1;
  slot.key_usage = 3;
  slot.chain = chain();
  SlotReport scoped;
  scoped.chain.emplace().anchor_scope = "scope.yaml";
  out.slots = {slot, scoped, {}};
  out.checks = {{Check::signature, CheckStatus::fail, kHostile}};
  out.signatures = {{"CHALLENGE_AUTH", 1, 10, "ECDSA-P384", "SHA-384", SignatureResult::bad, true, {}}};
  fill_measurements(out);
  out.policy =
      PolicyResult{kHostile, kHostile, true, {{kHostile, DemandState::met}, {"u", DemandState::unmet}, {"d", DemandState::undecided}},
                   {},       false,    {},   {}};
  out.changes = {{{kHostile, "a", "b"}, {"verdict", "", ""}}};
  out.endpoint_info.emplace().info = {1};
  out.vendor_defined = {{3, {0x36, 0x1B}, false, {1, 2}}};
  out.inspection.emplace();
  out.findings = {{FindingId::bad_signature, kHostile, kHostile, kHostile}};
  return out;
}

std::string expected() {
  std::ifstream file(SPDMCTL_SOURCE_DIR "/tests/core/appraisal/full_report.json");
  std::string out{std::istreambuf_iterator<char>(file), {}};
  REQUIRE(!out.empty());
  out.pop_back();
  return out;
}

std::string written(const Report& report, int indent) {
  std::string out;
  JsonWriter writer(out, indent);
  write_json(writer, report);
  return out;
}

}  // namespace

TEST_CASE("report: each member, in its place, as a document for people and as a line") {
  const Json tree = Json::parse(expected());
  CHECK(written(full_report(), 2) == expected());
  CHECK(written(full_report(), -1) == tree.dump());
  CHECK(to_json(full_report()).dump(2) == expected());
}

TEST_CASE("report: what is not there is left out, whether written or a tree") {
  const Json tree = to_json(Report());
  CHECK(written(Report(), -1) == tree.dump());
  CHECK(written(Report(), 2) == tree.dump(2));
  CHECK_FALSE(tree.contains("connection"));
  CHECK(tree["checks"].empty());
}
