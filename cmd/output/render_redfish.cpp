#include "cmd/output/render_redfish.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "cmd/output/pem.h"
#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

constexpr std::string_view kCollection = "/redfish/v1/ComponentIntegrity";

// "TPM_ALG_SHA_384": Redfish takes the names of NEGOTIATE_ALGORITHMS.
std::string hash_name(const HashAlgorithm& hash) {
  std::string out = cat("TPM_ALG_", hash.name);
  std::replace(out.begin(), out.end(), '-', '_');
  return out;
}

CheckStatus status_of(const Report& report, Check check) {
  const CheckResult* const result = check_of(report, check);
  return result == nullptr ? CheckStatus::not_needed : result->status;
}

// Whether the identity of the component is verified, which takes more than a good signature; empty while undetermined.
std::string_view verification(const Report& report) {
  bool complete = true;
  for (const Check check : {Check::protocol, Check::signature, Check::chain, Check::trust, Check::identity}) {
    const CheckStatus status = status_of(report, check);
    if (status == CheckStatus::fail) return "Failed";
    complete = complete && (status == CheckStatus::pass || (check == Check::identity && status == CheckStatus::not_needed));
  }
  return complete ? "Success" : "";
}

Json certificate_json(const CertificateInfo& leaf, std::uint8_t slot) {
  Json out{{"@odata.id", ""},
           {"@odata.type", "#Certificate.v1_5_0.Certificate"},
           {"Id", std::to_string(slot)},
           {"Name", printable(leaf.subject)},
           {"CertificateString", to_pem(leaf.der)},
           {"CertificateType", "PEM"},
           {"Fingerprint", leaf.sha256},
           {"FingerprintHashAlgorithm", "TPM_ALG_SHA256"},
           {"SerialNumber", leaf.serial},
           {"ValidNotBefore", leaf.not_before},
           {"ValidNotAfter", leaf.not_after}};
  if (slot < kSlots) out["SPDM"] = Json{{"SlotId", slot}};
  return out;
}

Json authentication_json(const Report& report) {
  Json out = Json::object();
  if (const std::string_view status = verification(report); !status.empty()) out["VerificationStatus"] = status;
  for (const SlotReport& slot : report.slots)
    if (slot.used && slot.chain && !slot.chain->certificates.empty()) {
      out["ComponentCertificate"] = certificate_json(slot.chain->certificates.back(), slot.slot);
      break;
    }
  return out;
}

// Redfish has digests only: a raw value is hashed with the hash of the measurements.
Json measurement_json(const Measurement& measurement, const HashAlgorithm* hash, const std::string& time) {
  Json out{{"MeasurementIndex", measurement.block.index}};
  if (const std::string_view type = redfish_name(measurement.block.type); !type.empty()) out["MeasurementType"] = type;
  if (hash != nullptr && (!measurement.block.raw || crypto::supports(*hash))) {
    out["Measurement"] = base64(measurement.block.raw ? crypto::hash(*hash, measurement.block.value) : measurement.block.value);
    out["MeasurementHashAlgorithm"] = hash_name(*hash);
  }
  if (measurement.security_version) out["SecurityVersionNumber"] = hex(*measurement.security_version, 16);
  if (!time.empty()) out["LastUpdated"] = time;
  return out;
}

Json measurement_set_json(const Report& report, const std::string& time) {
  const Parameters& parameters = report.connection->parameters;
  Json out{{"MeasurementSpecification", "DMTF"}};
  if (!report.summary_hash.empty() && parameters.hash != nullptr) {
    out["MeasurementSummary"] = base64(report.summary_hash);
    out["MeasurementSummaryHashAlgorithm"] = hash_name(*parameters.hash);
  }
  // Measurements that no signature covers are left out: Redfish has no way to mark them.
  out["Measurements"] = Json::array();
  for (const Measurement& measurement : report.measurements)
    if (measurement.is_signed) out["Measurements"].push_back(measurement_json(measurement, parameters.measurement_hash, time));
  return out;
}

// "1.2.0", as the device has offered it.
std::string version_of(const Report& report) {
  if (!report.connection || report.connection->parameters.version == k10) return "1.0.0";
  const std::string spoken(version_name(report.connection->parameters.version));
  for (const std::string& offered : report.connection->offered_versions)
    if (offered.starts_with(spoken + ".")) return offered.substr(0, offered.find(' '));
  return spoken + ".0";
}

std::string_view health(Verdict verdict) { return verdict == Verdict::pass ? "OK" : verdict == Verdict::fail ? "Critical" : "Warning"; }

}  // namespace

std::string redfish_id(const std::string& source) {
  std::string out;
  for (const char c : source) out += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' ? c : '_';
  return out.empty() ? "device" : out;
}

Json redfish_resource(const Report& report) {
  const std::string time = printable(report.time);
  const std::string target = report.host.bdf ? *report.host.bdf : report.host.target.empty() ? report.source : report.host.target;
  Json out{{"@odata.id", ""},
           {"@odata.type", "#ComponentIntegrity.v1_2_0.ComponentIntegrity"},
           {"Id", ""},
           {"Name", cat("Integrity of ", printable(report.source))},
           {"Description", printable(report.reason)},
           {"Status", Json{{"State", "Enabled"}, {"Health", health(report.verdict)}}},
           {"ComponentIntegrityType", "SPDM"},
           {"ComponentIntegrityTypeVersion", version_of(report)},
           {"ComponentIntegrityEnabled", true}};
  if (!time.empty()) out["LastUpdated"] = time;
  Json& own = out["Oem"]["spdmctl"] = Json::object();
  if (report.fresh) own["Fresh"] = *report.fresh;
  if (const std::vector<std::string_view> claims = claims_of(report); !claims.empty()) own["Claims"] = claims;
  if (own.empty()) out.erase("Oem");
  out["TargetComponentURI"] = cat("urn:spdmctl:target:", printable(target));
  Json& info = out["SPDM"] = Json{{"Requester", Json{{"@odata.id", "urn:spdmctl:requester"}}}};
  info["IdentityAuthentication"] = Json{{"ResponderAuthentication", authentication_json(report)}};
  if (report.connection && !report.measurements.empty()) info["MeasurementSet"] = measurement_set_json(report, time);
  return out;
}

void fail_redfish_resource(Json& resource, const std::string& why) {
  resource["Description"] = why;
  resource["Status"]["Health"] = health(Verdict::fail);
  resource["SPDM"]["IdentityAuthentication"]["ResponderAuthentication"]["VerificationStatus"] = "Failed";
}

void set_redfish_id(Json& resource, const std::string& id) {
  const std::string place = cat(kCollection, "/", id);
  resource["@odata.id"] = place;
  resource["Id"] = id;
  Json& authentication = resource["SPDM"]["IdentityAuthentication"]["ResponderAuthentication"];
  if (!authentication.contains("ComponentCertificate")) return;
  Json& certificate = authentication["ComponentCertificate"];
  certificate["@odata.id"] = cat(place, "/Certificates/", certificate["Id"].get<std::string>());
}

Json redfish_collection(Json members) {
  return Json{{"@odata.id", kCollection},
              {"@odata.type", "#ComponentIntegrityCollection.ComponentIntegrityCollection"},
              {"Name", "Component integrity, as judged by spdmctl " SPDMCTL_VERSION},
              {"Members@odata.count", members.size()},
              {"Members", std::move(members)}};
}

}  // namespace spdm::cmd
