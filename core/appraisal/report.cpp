#include "core/appraisal/report.h"

#include <array>
#include <nlohmann/json.hpp>

#include "core/appraisal/drive_json.h"
#include "core/appraisal/encryption_json.h"
#include "core/appraisal/extension_json.h"
#include "core/appraisal/inspection_json.h"
#include "core/appraisal/manifest.h"
#include "core/appraisal/session_json.h"
#include "core/text.h"
#include "core/wire/header.h"

namespace spdm {

namespace {

// Escapes strings from a device or a file: once, here, for every format.
Json text(std::string_view hostile) { return printable(hostile); }

Json texts(const std::vector<std::string>& hostile) {
  Json out = Json::array();
  for (const std::string& one : hostile) out.push_back(text(one));
  return out;
}

Json endpoint_json(const MctpView& view) {
  Json out{{"eid", view.eid}};
  if (view.network) out["network"] = *view.network;
  if (!view.interface.empty()) out["interface"] = text(view.interface);
  return out;
}

Json host_json(const HostView& host) {
  Json out{{"target", text(host.target)}};
  if (host.bdf) out["bdf"] = text(*host.bdf);
  if (host.identity) out["identity"] = to_string(*host.identity);
  if (host.driver) out["driver"] = text(*host.driver);
  if (host.owner) out["owner"] = text(*host.owner);
  if (host.slot) out["slot"] = text(*host.slot);
  if (host.removable) out["removable"] = text(*host.removable);
  if (host.hostname) out["hostname"] = text(*host.hostname);
  if (Json platform = to_json(host.platform); !platform.empty()) out["platform"] = std::move(platform);
  if (host.encryption) out["encryption"] = to_json(*host.encryption);
  if (host.drive) out["drive"] = to_json(*host.drive);
  if (host.mctp) out["mctp"] = endpoint_json(*host.mctp);
  return out;
}

Json collection_json(const CollectionCheck& in) {
  Json out{{"signature", name(in.signature)}};
  if (!in.host.empty()) out["host"] = text(in.host);
  if (!in.key.empty()) out["key"] = text(in.key);
  return out;
}

Json connection_json(const ConnectionReport& in) {
  const Parameters& p = in.parameters;
  Json out{{"offered_versions", in.offered_versions}};
  if (p.responder.flags != 0 || in.negotiated) {
    out["version"] = version_name(p.version);
  }
  if (!p.assumed && (p.responder.flags != 0 || in.negotiated)) {
    out["capabilities"] = Json{{"flags", cat("0x", hex(p.responder.flags, 8))},
                               {"names", flag_names(p.responder.flags)},
                               {"ct_exponent", p.responder.ct_exponent}};
    if (p.opens_sessions()) out["capabilities"]["sessions"] = session_abilities_json(p);
    if (p.version >= k12) {
      out["capabilities"]["data_transfer_size"] = p.responder.data_transfer_size;
      out["capabilities"]["max_spdm_message_size"] = p.responder.max_message_size;
    }
  }
  if (!in.supported_asym.empty() || !in.supported_hash.empty())
    out["supported_algorithms"] = Json{{"asym", in.supported_asym}, {"hash", in.supported_hash}};
  if (!in.knows_algorithms()) return out;
  if (p.assumed) out["algorithms_from"] = name(in.algorithm_source);
  Json& algorithms = out["algorithms"] = Json::object();
  algorithms["asym"] = p.asym == nullptr ? Json() : Json(p.asym->name);
  algorithms["hash"] = p.hash == nullptr ? Json() : Json(p.hash->name);
  algorithms["measurement_hash"] = p.measurement_raw_only          ? Json("raw")
                                   : p.measurement_hash == nullptr ? Json()
                                                                   : Json(p.measurement_hash->name);
  out["negotiation_proven"] = in.negotiation_proven;
  out["multi_key"] = p.multi_key_responder;
  for (const SessionReport& session : in.sessions) out["sessions"].push_back(to_json(session));
  return out;
}

Json crl_json(const CrlInfo& in) {
  Json out{{"issuer", text(in.issuer)}};
  if (in.file.empty()) return out;
  out["file"] = text(in.file);
  out["this_update"] = in.this_update;
  if (!in.next_update.empty()) out["next_update"] = in.next_update;
  if (!in.number.empty()) out["number"] = in.number;
  out["source"] = name(in.source);
  if (!in.serial.empty()) out["serial"] = in.serial;
  return out;
}

Json revocation_json(const Revocation& in) {
  Json out{{"subject", text(in.subject)}, {"issuer", text(in.issuer)},   {"serial", in.serial},
           {"file", text(in.file)},       {"revoked_at", in.revoked_at}, {"source", name(in.source)}};
  if (!in.invalid_since.empty()) out["invalid_since"] = in.invalid_since;
  if (!in.reason.empty()) out["reason"] = in.reason;
  return out;
}

Json chain_json(const ChainResult& in) {
  Json out;
  out["model"] = model_name(in);
  out["sound"] = in.sound;
  out["trusted"] = in.trust == Trust::trusted;
  out["root_sha256"] = text(in.root_fingerprint);
  if (!in.leaf_key_sha256.empty()) out["leaf_key_sha256"] = in.leaf_key_sha256;
  if (in.anchor) out["anchor"] = Json{{"subject", text(in.anchor->subject)}, {"sha256", in.anchor->sha256}, {"file", text(in.anchor_file)}};
  if (!in.anchor_scope.empty()) out["anchor"]["scope"] = text(in.anchor_scope);
  if (in.pin)
    out["pin"] =
        Json{{"origin", text(in.pin->origin)}, {"kind", name(in.pin->kind)}, {"sha256", in.pin->sha256}, {"vouches", in.pin->vouches}};
  if (in.pin && in.pin->min_version) out["pin"]["min_version"] = version_name(*in.pin->min_version);
  for (const Completion& above : in.completed)
    out["completed"].push_back(Json{{"subject", text(above.subject)}, {"sha256", above.sha256}, {"file", text(above.file)}});
  for (const CrlInfo& crl : in.crls) out["crls"].push_back(crl_json(crl));
  for (const Revocation& revocation : in.revocations) out["revocations"].push_back(revocation_json(revocation));
  out["certificates"] = Json::array();
  for (const CertificateInfo& certificate : in.certificates) out["certificates"].push_back(to_json(certificate));
  out["findings"] = Json::array();
  for (const Finding& finding : in.findings) out["findings"].push_back(to_json(finding));
  return out;
}

Json slot_json(const SlotReport& in) {
  Json out{{"slot", in.slot}, {"used", in.used}};
  if (!in.digest.empty()) out["digest"] = hex(in.digest);
  if (in.key_pair_id != 0) out["key_pair_id"] = in.key_pair_id;
  if (in.key_usage != 0) out["key_usage"] = cat("0x", hex(in.key_usage, 4));
  if (in.chain) out["chain"] = chain_json(*in.chain);
  return out;
}

Json device_mode_json(const DeviceMode& in) {
  return {{"operational_capabilities", operational_names(in.operational_capabilities)},
          {"operational_state", operational_names(in.operational_state)},
          {"device_capabilities", device_mode_names(in.device_capabilities)},
          {"device_state", device_mode_names(in.device_state)}};
}

Json measurement_json(const Measurement& in) {
  Json out{{"index", in.block.index}, {"type", name(in.block.type)}};
  if (const std::string_view redfish = redfish_name(in.block.type); !redfish.empty()) out["redfish_type"] = redfish;
  out["form"] = in.block.raw ? "raw" : "digest";
  out["value"] = hex(in.block.value);
  out["signed"] = in.is_signed;
  if (in.session != 0) out["session"] = session_id_text(in.session);
  if (in.device_mode) out["device_mode"] = device_mode_json(*in.device_mode);
  if (in.security_version) out["security_version"] = *in.security_version;
  if (in.text) out["text"] = *in.text;
  if (!in.manifest_format.empty()) out["manifest_format"] = in.manifest_format;
  if (in.token_signature != TokenSignature::none) out["token_signature"] = name(in.token_signature);
  if (in.manifest) {
    out["manifest_cbor"] = text(*in.manifest);
    if (const std::optional<cbor::Item> manifest = read_manifest(in.block)) out["manifest"] = name_manifest(*manifest);
  }
  return out;
}

Json endpoint_info_json(const EndpointInfoResponse& in) {
  Json out{{"value", hex(in.info)}};
  try {
    for (const DeviceClass& entry : read_device_classes(in.info)) {
      Json sub_ids = Json::array();
      for (const Bytes& id : entry.sub_ids) sub_ids.push_back(hex(id));
      out["device_classes"].push_back(Json{{"registry", entry.registry}, {"vendor", hex(entry.vendor)}, {"sub_ids", std::move(sub_ids)}});
    }
  } catch (const Error& error) {
    out["why"] = error.what();
  }
  return out;
}

Json extension_log_json(const std::vector<MelEntry>& log) {
  Json out = Json::array();
  for (const MelEntry& entry : log)
    out.push_back(Json{{"index", entry.index},
                       {"measurement_index", entry.measurement_index},
                       {"type", name(static_cast<MeasurementType>(entry.value_type & 0x7F))},
                       {"form", (entry.value_type & 0x80) != 0 ? "raw" : "digest"},
                       {"value", hex(entry.value)}});
  return out;
}

Json comparisons_json(const std::vector<Comparison>& comparisons) {
  Json out = Json::array();
  for (const Comparison& one : comparisons) {
    Json& json = out.emplace_back(Json{{"index", one.index}, {"result", name(one.result)}});
    if (!one.expected.empty()) json["expected"] = texts(one.expected);
    if (one.result != Comparison::Result::not_reported) json["reported"] = text(one.reported);
    if (!one.source.empty()) json["source"] = text(one.source);
    if (!one.environment.empty()) json["environment"] = text(one.environment);
  }
  return out;
}

Json policy_json(const PolicyResult& policy) {
  const auto those = [&](DemandState state) {
    Json out = Json::array();
    for (const DemandResult& demand : policy.demands)
      if (demand.state == state) out.push_back(text(demand.words));
    return out;
  };
  Json demands = Json::array();
  for (const DemandResult& demand : policy.demands) demands.push_back(text(demand.words));
  return {{"rule", text(policy.rule)},      {"origin", text(policy.origin)},      {"exempt", policy.exempt},
          {"demands", std::move(demands)},  {"unmet", those(DemandState::unmet)}, {"undecided", those(DemandState::undecided)},
          {"actions", action_names(policy)}};
}

Json changes_json(const std::vector<Change>& changes) {
  Json out = Json::array();
  for (const Change& change : changes) {
    Json& json = out.emplace_back(Json{{"what", text(change.what)}});
    if (!change.before.empty()) json["before"] = change.before;
    if (!change.after.empty()) json["after"] = change.after;
  }
  return out;
}

}  // namespace

std::vector<std::string_view> action_names(const PolicyResult& policy) {
  if (policy.actions.empty()) return {"allow"};
  std::vector<std::string_view> out;
  for (const FailureAction action : policy.actions) out.push_back(name(action));
  return out;
}

Json to_json(const PlatformView& in) {
  Json out = Json::object();
  if (in.grammar != AuthenticatedGrammar::absent) {
    out["grammar"] = name(in.grammar);
    out["authenticated"] = text(in.authenticated);
    if (in.is_authenticated) out["is_authenticated"] = *in.is_authenticated;
  }
  if (in.tsm_connected) out["tsm_connected"] = text(*in.tsm_connected);
  if (in.tsm_bound) out["tsm_bound"] = text(*in.tsm_bound);
  if (in.tsm_dsm) out["tsm_dsm"] = text(*in.tsm_dsm);
  if (!in.certificate_slots.empty()) out["certificate_slots"] = in.certificate_slots;
  if (in.signatures > 0) out["signatures"] = in.signatures;
  return out;
}

Json error_json(const Error& in) {
  Json out{{"id", row(in.id).name}, {"why", text(in.what())}};
  if (!in.hint.empty()) out["remedy"] = text(in.hint);
  if (!in.device.empty()) out["device"] = text(in.device);
  return out;
}

Json to_json(const Finding& in) {
  const FindingRow& entry = row(in.id);
  Json out{{"id", entry.name},
           {"severity", name(entry.severity)},
           {"check", name(entry.check)},
           {"where", text(in.where)},
           {"why", text(in.why)}};
  if (!in.remedy.empty()) out["remedy"] = text(in.remedy);
  return out;
}

Json to_json(const CertificateInfo& in) {
  Json out{{"subject", text(in.subject)},
           {"issuer", text(in.issuer)},
           {"serial", in.serial},
           {"not_before", in.not_before},
           {"not_after", in.not_after},
           {"key", text(in.key)},
           {"signature_algorithm", text(in.signature_algorithm)},
           {"sha256", in.sha256},
           {"ca", in.is_ca}};
  if (!in.tbs_sha256.empty()) out["tbs_sha256"] = in.tbs_sha256;
  if (!in.key_sha256.empty()) out["key_sha256"] = in.key_sha256;
  if (in.path_length) out["path_length"] = *in.path_length;
  if (!in.key_usage.empty()) out["key_usage"] = texts(in.key_usage);
  if (!in.extended_key_usage.empty()) out["extended_key_usage"] = texts(in.extended_key_usage);
  if (!in.spdm_oids.empty()) out["spdm_oids"] = texts(in.spdm_oids);
  if (!in.device_info.empty()) out["device_info"] = text(in.device_info);
  if (!in.cma_identities.empty()) out["cma_identities"] = texts(in.cma_identities);
  if (!in.policies.empty()) out["policies"] = texts(in.policies);
  if (!in.ocsp.empty()) out["ocsp"] = texts(in.ocsp);
  if (!in.ca_issuers.empty()) out["ca_issuers"] = texts(in.ca_issuers);
  if (!in.crl_distribution_points.empty()) out["crl_distribution_points"] = texts(in.crl_distribution_points);
  for (const ExtensionInfo& extension : in.extensions) out["extensions"].push_back(to_json(extension));
  if (in.more_extensions > 0) out["more_extensions"] = in.more_extensions;
  return out;
}

std::vector<std::string_view> claims_of(const Report& report) {
  std::vector<std::string_view> out;
  const HostView& host = report.host;
  if (!host.is_claimed) return out;
  const auto claim = [&](std::string_view name, bool there) {
    if (there) out.push_back(name);
  };
  claim("time", !report.time.empty());
  claim("collector", !report.collector.empty());
  claim("host.target", !host.target.empty());
  claim("host.bdf", host.bdf.has_value());
  claim("host.identity", host.identity && !host.identity_given);
  claim("host.driver", host.driver.has_value());
  claim("host.owner", host.owner.has_value());
  claim("host.slot", host.slot.has_value());
  claim("host.removable", host.removable.has_value());
  claim("host.hostname", host.hostname.has_value());
  claim("host.platform", host.platform != PlatformView{});
  claim("host.encryption", host.encryption.has_value());
  claim("host.drive", host.drive.has_value());
  claim("host.mctp", host.mctp.has_value());
  claim("connection.sessions", report.connection && std::any_of(report.connection->sessions.begin(), report.connection->sessions.end(),
                                                                [](const SessionReport& session) { return !session.proven; }));
  return out;
}

Report error_report(const Error& error, const std::string& source) {
  Report out;
  out.source = source;
  out.error = interruption_of(error);
  out.exit = row(error.id).exit;
  out.reason = error.what();
  return out;
}

Json to_json(const Report& in) {
  Json out{
      {"verdict", name(in.verdict)}, {"exit_code", static_cast<int>(in.exit)}, {"reason", text(in.reason)}, {"source", text(in.source)}};
  if (!in.judged) out["judged"] = false;
  if (in.fresh) out["fresh"] = *in.fresh;
  if (!in.tolerates.empty()) out["tolerates"] = in.tolerates;
  if (const std::vector<std::string_view> claims = claims_of(in); !claims.empty()) out["claims"] = claims;
  out["host"] = host_json(in.host);
  if (!in.time.empty()) out["time"] = text(in.time);
  if (!in.collector.empty()) out["collector"] = text(in.collector);
  if (!in.evidence_sha256.empty()) out["evidence_sha256"] = in.evidence_sha256;
  if (in.collection) out["collection"] = collection_json(*in.collection);
  out["binding"] = name(in.binding);
  if (in.error) {
    Error error(in.error->id, in.error->message, in.error->hint);
    error.device = in.source;
    out["error"] = error_json(error);
  }
  out["traffic"] = Json{{"connections", in.connections}, {"round_trips", in.round_trips}, {"messages", in.messages}, {"bytes", in.bytes}};
  if (in.connection) out["connection"] = connection_json(*in.connection);
  out["checks"] = Json::array();
  for (const CheckResult& check : in.checks)
    out["checks"].push_back(Json{{"check", name(check.check)}, {"status", name(check.status)}, {"why", text(check.detail)}});
  out["findings"] = Json::array();
  for (const Finding& finding : in.findings) out["findings"].push_back(to_json(finding));
  out["slots"] = Json::array();
  for (const SlotReport& slot : in.slots) out["slots"].push_back(slot_json(slot));
  out["signatures"] = Json::array();
  for (const SignatureReport& signature : in.signatures)
    out["signatures"].push_back(Json{{"message", signature.message},
                                     {"slot", signature.slot},
                                     {"message_index", signature.message_index},
                                     {"algorithm", signature.algorithm},
                                     {"hash", signature.hash},
                                     {"result", name(signature.result)},
                                     {"fresh", signature.fresh}});
  if (in.measurement_count) out["measurement_count"] = *in.measurement_count;
  if (in.content_changed) out["measurements_changed"] = name(*in.content_changed);
  if (!in.summary_hash.empty()) out["measurement_summary_hash"] = hex(in.summary_hash);
  out["measurements"] = Json::array();
  for (const Measurement& measurement : in.measurements) out["measurements"].push_back(measurement_json(measurement));
  for (const DeviceFact& fact : in.facts) {
    Json& one = out["device_facts"].emplace_back(Json{{"type", fact.type}});
    if (!fact.name.empty()) one["name"] = fact.name;
    one["value"] = fact.text;
    one["signed"] = fact.is_signed;
  }
  if (!in.extension_log.empty()) out["measurement_extension_log"] = extension_log_json(in.extension_log);
  if (!in.comparisons.empty()) out["references"] = comparisons_json(in.comparisons);
  if (in.policy) out["policy"] = policy_json(*in.policy);
  if (in.changes) out["changes"] = changes_json(*in.changes);
  if (in.endpoint_info) out["endpoint_info"] = endpoint_info_json(*in.endpoint_info);
  for (const VendorDefined& vendor : in.vendor_defined)
    out["vendor_defined"].push_back(
        Json{{"standard_id", vendor.standard_id}, {"vendor_id", hex(vendor.vendor_id)}, {"payload", hex(vendor.payload)}});
  if (in.inspection) out["inspection"] = to_json(*in.inspection);
  return out;
}

}  // namespace spdm
