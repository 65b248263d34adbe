// Reports in the formats of others: what is claimed follows from what was checked, and from nothing else.
#include "cmd/output/export.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "cmd/output/render_ear.h"
#include "cmd/output/render_redfish.h"
#include "core/appraisal/verdict.h"
#include "core/crypto/jws.h"
#include "core/text.h"
#include "support/pki.h"

using namespace spdm;
using Json = nlohmann::ordered_json;

namespace {

// A device that passes, its measurements compared with nothing.
Report passing() {
  Report out;
  out.source = "0000:03:00.0";
  out.host.target = out.source;
  out.host.bdf = out.source;
  out.time = "2026-11-26T12:00:00Z";
  out.evidence_sha256 = std::string(64, 'a');
  out.verdict = Verdict::pass;
  out.exit = Exit::ok;
  out.reason = "authenticated";
  for (const Check check : {Check::protocol, Check::signature, Check::chain, Check::trust})
    out.checks.push_back({check, CheckStatus::pass, ""});
  out.checks.push_back({Check::identity, CheckStatus::not_needed, ""});
  out.checks.push_back({Check::measurements, CheckStatus::pass, ""});
  SlotReport& slot = out.slots.emplace_back();
  slot.used = true;
  slot.chain.emplace();
  CertificateInfo& leaf = slot.chain->certificates.emplace_back();
  leaf.der = {0x30, 0x00};
  leaf.sha256 = std::string(64, 'b');
  leaf.spdm_oids = {"hardware-identity"};
  return out;
}

void set(Report& report, Check check, CheckStatus status) {
  for (CheckResult& result : report.checks)
    if (result.check == check) {
      result.status = status;
      return;
    }
  report.checks.push_back({check, status, ""});
}

void fail(Report& report, Check check, FindingId id) {
  set(report, check, CheckStatus::fail);
  report.findings.push_back({id, "", "", ""});
  report.verdict = Verdict::fail;
}

// "affirming instance-identity=2 hardware=2"
std::string ear(const Report& report) {
  const Json appraisal = spdm::cmd::ear_appraisal(report);
  std::string out = appraisal["ear.status"].get<std::string>();
  for (const auto& [key, value] : appraisal["ear.trustworthiness-vector"].items()) out += cat(" ", key, "=", value.get<int>());
  return out;
}

Measurement measurement(std::uint8_t index, MeasurementType type, bool raw, Bytes value) {
  Measurement out;
  out.block.index = index;
  out.block.type = type;
  out.block.raw = raw;
  out.block.value = std::move(value);
  out.is_signed = true;
  return out;
}

}  // namespace

TEST_CASE("EAR: executables are affirmed when all that runs fits its reference value") {
  using enum Comparison::Result;
  Report report = passing();
  set(report, Check::references, CheckStatus::pass);
  report.measurements = {measurement(1, MeasurementType::immutable_rom, false, {1}),
                         measurement(2, MeasurementType::mutable_firmware, false, {2}),
                         measurement(5, MeasurementType::device_mode, true, {3})};
  const auto compare = [&](std::uint8_t index, Comparison::Result result) {
    report.comparisons.emplace_back().index = index;
    report.comparisons.back().result = result;
  };
  report.all_measured = true;
  const std::string none = "affirming instance-identity=2 hardware=2", all = "affirming instance-identity=2 executables=3 hardware=2";
  CHECK(ear(report) == none);  // all are ignored
  compare(5, match);
  CHECK(ear(report) == none);
  compare(1, match);
  CHECK(ear(report) == none);
  compare(2, match);
  CHECK(ear(report) == all);
  for (const Comparison::Result result : {no_reference, not_signed, mismatch}) {
    report.comparisons.back().result = result;
    CHECK(ear(report) == none);
  }
  report.measurements.pop_back();
  report.measurements.pop_back();
  report.comparisons.pop_back();
  CHECK(ear(report) == all);
  report.all_measured = false;  // something was not asked for
  CHECK(ear(report) == none);
  report.all_measured = true;
  report.measurements.clear();
  CHECK(ear(report) == none);
}

TEST_CASE("EAR: a pass affirms what was checked, and claims nothing else") {
  Report report = passing();
  CHECK(ear(report) == "affirming instance-identity=2 hardware=2");
  report.slots.front().chain->certificates.front().spdm_oids.clear();
  CHECK(ear(report) == "affirming instance-identity=2");
  set(report, Check::references, CheckStatus::pass);
  report.measurements = {measurement(1, MeasurementType::mutable_firmware, false, {1})};
  report.all_measured = true;
  report.comparisons.emplace_back().index = 1;
  report.comparisons.back().result = Comparison::Result::match;
  set(report, Check::policy, CheckStatus::pass);
  CHECK(ear(report) == "affirming instance-identity=2 configuration=2 executables=3");
  for (const FindingId id :
       {FindingId::debug_mode, FindingId::tcb_debug, FindingId::tcb_not_secure, FindingId::tcb_recovery, FindingId::tcb_not_configured}) {
    report.findings.assign(1, {id, "", "", ""});
    CHECK(ear(report) == "warning instance-identity=2 configuration=32 executables=3");
  }
}

TEST_CASE("EAR: a failure is contraindicated, by what failed") {
  struct Row {
    Check check;
    FindingId id;
    const char* expected;
  };
  for (const Row& row :
       {Row{Check::signature, FindingId::bad_signature, "contraindicated instance-identity=99 hardware=97"},
        Row{Check::chain, FindingId::certificate_signature, "contraindicated instance-identity=99 hardware=97"},
        Row{Check::chain, FindingId::expired, "contraindicated instance-identity=97 hardware=97"},
        Row{Check::trust, FindingId::not_trusted, "contraindicated instance-identity=97 hardware=97"},
        Row{Check::trust, FindingId::revoked, "contraindicated instance-identity=96 hardware=96"},
        Row{Check::trust, FindingId::denied, "contraindicated instance-identity=96 hardware=96"},
        Row{Check::identity, FindingId::identity_mismatch, "contraindicated instance-identity=97 hardware=97"},
        Row{Check::references, FindingId::reference_mismatch, "contraindicated instance-identity=2 executables=96 hardware=2"},
        Row{Check::policy, FindingId::policy_unmet, "contraindicated instance-identity=2 configuration=96 hardware=2"},
        // Made for another question: nothing is known of the device, and the answer is none.
        Row{Check::signature, FindingId::nonce_mismatch, "contraindicated instance-identity=0"}}) {
    Report report = passing();
    fail(report, row.check, row.id);
    CHECK(ear(report) == row.expected);
  }
}

TEST_CASE("EAR: what could not be judged is no claim, and never affirmed") {
  Report report = passing();
  set(report, Check::signature, CheckStatus::not_run);
  report.verdict = Verdict::undetermined;
  CHECK(ear(report) == "none instance-identity=0");
  CHECK(ear(error_report(Error(ErrorId::bad_input, "no"), "")) == "none instance-identity=0");
  // Whatever the checks say, the verdict is the last word.
  report = passing();
  report.verdict = Verdict::undetermined;
  CHECK(ear(report) == "none instance-identity=2 hardware=2");
}

TEST_CASE("EAR: the claims-set names profile, time, verifier and nonce; labels are unique") {
  Json submods = Json::object();
  for (int i = 0; i < 3; ++i)
    spdm::cmd::add_part(spdm::cmd::Format::ear, submods, std::move(*spdm::cmd::export_part(spdm::cmd::Format::ear, passing())), "device");
  Block<32> nonce{};
  nonce[0] = 0xFB;
  const Json claims = Json::parse(spdm::cmd::export_document(
      spdm::cmd::Format::ear, submods, {.issued = 1'700'000'000, .nonce = nonce, .signer = {}, .profile = {}, .wrapper = {}}));
  CHECK(claims["eat_profile"] == "tag:github.com,2023:veraison/ear");
  CHECK(claims["iat"] == 1'700'000'000);
  CHECK(claims["ear.verifier-id"].size() == 2);
  CHECK(claims["eat_nonce"] == "-w" + std::string(41, 'A'));
  CHECK(claims["submods"].size() == 3);
  CHECK(claims["submods"].contains("device#3"));
  const Json& about = claims["submods"]["device"]["spdmctl.report"];
  CHECK(about["evidence_sha256"] == std::string(64, 'a'));
  CHECK(about["certificates"][0]["leaf_sha256"] == std::string(64, 'b'));
}

TEST_CASE("EAR of 2026: other names, a list of policies, the status of all, and the nonce of what is fresh") {
  using spdm::cmd::Format;
  Report fresh = passing(), old = passing(), bad = passing();
  fresh.fresh = true;
  old.fresh = false;
  fail(bad, Check::trust, FindingId::not_trusted);
  Json submods = Json::object();
  spdm::cmd::add_part(Format::ear, submods, std::move(*spdm::cmd::export_part(Format::ear, fresh)), "fresh");
  const auto written = [&](Json parts, std::optional<Block<32>> nonce) {
    return Json::parse(spdm::cmd::export_document(
        Format::ear, std::move(parts),
        {.issued = 1'700'000'000, .nonce = nonce, .signer = {}, .profile = EarProfile::ietf_2026, .wrapper = {}}));
  };
  const Block<32> nonce{};
  Json claims = written(submods, nonce);
  CHECK(claims["eat_profile"] == "tag:ietf.org,2026:rats/ear#03");
  CHECK(claims["ear_status"] == "affirming");
  CHECK(claims["ear_verifier_id"].size() == 2);
  CHECK(claims["eat_nonce"] == std::string(43, 'A'));
  const Json one = claims["submods"]["fresh"];
  CHECK(one["ear_status"] == "affirming");
  CHECK(one["ear_trustworthiness_vector"]["instance-identity"] == 2);
  CHECK(one["ear_appraisal_policy_ids"] == Json::array({"spdmctl:authenticate"}));
  CHECK(one["eat_nonce"] == std::string(43, 'A'));
  CHECK(one["spdmctl_report"]["verdict"] == "pass");
  CHECK(one.size() == 5);
  CHECK(!written(submods, std::nullopt)["submods"]["fresh"].contains("eat_nonce"));
  spdm::cmd::add_part(Format::ear, submods, std::move(*spdm::cmd::export_part(Format::ear, old)), "old");
  CHECK(!written(submods, nonce)["submods"]["old"].contains("eat_nonce"));
  spdm::cmd::add_part(Format::ear, submods, std::move(*spdm::cmd::export_part(Format::ear, error_report(Error(ErrorId::io, "no"), "x"))),
                      "none");
  CHECK(written(submods, nonce)["ear_status"] == "none");
  spdm::cmd::add_part(Format::ear, submods, std::move(*spdm::cmd::export_part(Format::ear, bad)), "bad");
  CHECK(written(submods, nonce)["ear_status"] == "contraindicated");
  CHECK(written(Json::object(), nonce)["ear_status"] == "none");
}

TEST_CASE("EAR in a wrapper: a record that names its media type") {
  const auto written = [](CmwForm form, EarProfile profile, std::optional<crypto::PrivateKey> signer) {
    return spdm::cmd::export_document(spdm::cmd::Format::ear, Json::object(),
                                      {.issued = 1, .nonce = {}, .signer = std::move(signer), .profile = profile, .wrapper = form});
  };
  const Json record = Json::parse(written(CmwForm::json, EarProfile::ietf_2026, std::nullopt));
  REQUIRE(record.size() == 2);
  CHECK(record[0] == "application/eat-ucs+json; eat_profile=\"tag:ietf.org,2026:rats/ear#03\"");
  CHECK(Json::parse(*crypto::from_base64url(record[1].get<std::string>()))["eat_profile"] == "tag:ietf.org,2026:rats/ear#03");
  const Json jwt = Json::parse(written(CmwForm::json, EarProfile::veraison_2023, pki::Key::make("EC", "P-256").private_key()));
  CHECK(jwt[0] == "application/eat+jwt; eat_profile=\"tag:github.com,2023:veraison/ear\"");
  CHECK(as_text(*crypto::from_base64url(jwt[1].get<std::string>())).starts_with("eyJ"));
  CHECK(written(CmwForm::cbor, EarProfile::veraison_2023, std::nullopt).starts_with("\x82\x78"));
}

TEST_CASE("Redfish: identity and measurements by the names of the schema") {
  Report report = passing();
  report.connection.emplace();
  report.connection->parameters.version = k12;
  report.connection->parameters.hash = report.connection->parameters.measurement_hash = find_hash("SHA-384");
  report.connection->offered_versions = {"1.1.0", "1.2.1"};
  report.measurements.push_back(measurement(1, MeasurementType::immutable_rom, false, Bytes(48, 1)));
  report.measurements.push_back(measurement(7, MeasurementType::security_version, true, {5, 0, 0, 0, 0, 0, 0, 0}));
  report.measurements.back().security_version = 5;
  report.measurements.push_back(measurement(9, MeasurementType::mutable_firmware, false, Bytes(48, 2)));
  report.measurements.back().is_signed = false;
  Json parts = Json::array();
  spdm::cmd::add_part(spdm::cmd::Format::redfish, parts, std::move(*spdm::cmd::export_part(spdm::cmd::Format::redfish, report)),
                      report.source);
  const Json collection = Json::parse(spdm::cmd::export_document(spdm::cmd::Format::redfish, parts, {}));
  CHECK(collection["Members@odata.count"] == 1);
  const Json& member = collection["Members"][0];
  CHECK(member["@odata.id"] == "/redfish/v1/ComponentIntegrity/0000_03_00_0-1");
  CHECK(member["Id"] == "0000_03_00_0-1");
  CHECK(member["ComponentIntegrityTypeVersion"] == "1.2.1");
  CHECK(member["TargetComponentURI"] == "urn:spdmctl:target:0000:03:00.0");
  CHECK(member["Status"]["Health"] == "OK");
  const Json& authentication = member["SPDM"]["IdentityAuthentication"]["ResponderAuthentication"];
  CHECK(authentication["VerificationStatus"] == "Success");
  CHECK(authentication["ComponentCertificate"]["@odata.id"] == "/redfish/v1/ComponentIntegrity/0000_03_00_0-1/Certificates/0");
  const Json& set = member["SPDM"]["MeasurementSet"]["Measurements"];
  REQUIRE(set.size() == 2);  // the third is not signed
  CHECK(set[0]["MeasurementType"] == "ImmutableROM");
  CHECK(set[0]["Measurement"] == base64(Bytes(48, 1)));
  CHECK(set[0]["MeasurementHashAlgorithm"] == "TPM_ALG_SHA_384");
  CHECK(set[1]["SecurityVersionNumber"] == "0000000000000005");
  CHECK(set[1]["Measurement"] == base64(crypto::hash(*find_hash("SHA-384"), report.measurements[1].block.value)));
}

TEST_CASE("Redfish: Failed for what failed, and no word where nobody knows") {
  const auto status = [](const Report& report) {
    const Json resource = spdm::cmd::redfish_resource(report);
    return resource["SPDM"]["IdentityAuthentication"]["ResponderAuthentication"].value("VerificationStatus", std::string("none"));
  };
  Report report = passing();
  fail(report, Check::trust, FindingId::not_trusted);
  CHECK(status(report) == "Failed");
  CHECK(spdm::cmd::redfish_resource(report)["Status"]["Health"] == "Critical");
  report = passing();
  set(report, Check::signature, CheckStatus::not_run);
  CHECK(status(report) == "none");
  CHECK(status(error_report(Error(ErrorId::bad_input, "no"), "")) == "none");
  CHECK(spdm::cmd::redfish_id("a/b:3 (x)") == "a_b_3__x_");
}

TEST_CASE("what is taken back fails in the documents of others") {
  using spdm::cmd::Format;
  Json ear = *spdm::cmd::export_part(Format::ear, passing());
  spdm::cmd::fail_part(Format::ear, ear, Exit::untrusted, "a copy");
  CHECK(ear["ear.status"] == "contraindicated");
  CHECK(ear["ear.trustworthiness-vector"]["instance-identity"] == 97);
  CHECK(ear["ear.trustworthiness-vector"]["hardware"] == 97);
  CHECK(ear["spdmctl.report"]["verdict"] == "fail");
  CHECK(ear["spdmctl.report"]["exit_code"] == 10);
  CHECK(ear["spdmctl.report"]["reason"] == "a copy");
  Json redfish = *spdm::cmd::export_part(Format::redfish, passing());
  spdm::cmd::fail_part(Format::redfish, redfish, Exit::untrusted, "a copy");
  CHECK(redfish["Status"]["Health"] == "Critical");
  CHECK(redfish["SPDM"]["IdentityAuthentication"]["ResponderAuthentication"]["VerificationStatus"] == "Failed");
  CHECK(redfish["Description"] == "a copy");
}

TEST_CASE("EAR: a copied answer and a device that is elsewhere are not recognised") {
  for (const FindingId id : {FindingId::signature_repeated, FindingId::device_elsewhere}) {
    Report report = passing();
    object(report, {id, "", "a copy", ""});
    const Json ear = spdm::cmd::ear_appraisal(report);
    CHECK(ear["ear.status"] == "contraindicated");
    CHECK(ear["ear.trustworthiness-vector"]["instance-identity"] == 97);
  }
}
