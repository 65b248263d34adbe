// The document of a report.
#include <nlohmann/json.hpp>

#include "core/appraisal/chain_json.h"
#include "core/appraisal/drive_json.h"
#include "core/appraisal/encryption_json.h"
#include "core/appraisal/inspection_json.h"
#include "core/appraisal/json_members.h"
#include "core/appraisal/manifest.h"
#include "core/appraisal/report.h"
#include "core/appraisal/session_json.h"
#include "core/text.h"
#include "core/wire/header.h"

namespace spdm {

using json::all, json::any, json::given, json::optional, json::optional_text, json::text;

namespace {

void write_json(JsonWriter& out, const MctpView& view) {
  out.object([&] {
    out.member("eid", view.eid);
    optional(out, "network", view.network);
    given(out, "interface", text(view.interface));
  });
}

void write_json(JsonWriter& out, const HostView& host) {
  out.object([&] {
    out.member("target", text(host.target));
    optional_text(out, "bdf", host.bdf);
    if (host.identity) out.member("identity", to_string(*host.identity));
    optional_text(out, "driver", host.driver);
    optional_text(out, "owner", host.owner);
    optional_text(out, "slot", host.slot);
    optional_text(out, "removable", host.removable);
    optional_text(out, "hostname", host.hostname);
    if (const Json platform = to_json(host.platform); !platform.empty()) out.member("platform", platform);
    if (host.encryption) out.member("encryption", to_json(*host.encryption));
    if (host.drive) out.member("drive", to_json(*host.drive));
    if (host.mctp) write_json(out.key("mctp"), *host.mctp);
  });
}

void write_json(JsonWriter& out, const CollectionCheck& in) {
  out.object([&] {
    out.member("signature", name(in.signature));
    given(out, "host", text(in.host));
    given(out, "key", text(in.key));
  });
}

void write_capabilities(JsonWriter& out, const Parameters& p) {
  out.object([&] {
    out.member("flags", cat("0x", hex(p.responder.flags, 8)));
    out.strings("names", flag_names(p.responder.flags));
    out.member("ct_exponent", p.responder.ct_exponent);
    if (p.opens_sessions()) write_session_abilities(out.key("sessions"), p);
    if (p.version < k12) return;
    out.member("data_transfer_size", p.responder.data_transfer_size);
    out.member("max_spdm_message_size", p.responder.max_message_size);
  });
}

template <class Row>
void write_algorithm(JsonWriter& out, std::string_view key, const Row* row) {
  if (row == nullptr)
    out.key(key).null();
  else
    out.member(key, row->name);
}

void write_json(JsonWriter& out, const ConnectionReport& in) {
  const Parameters& p = in.parameters;
  out.object([&] {
    out.strings("offered_versions", in.offered_versions);
    if (p.responder.flags != 0 || in.negotiated) out.member("version", version_name(p.version));
    if (!p.assumed && (p.responder.flags != 0 || in.negotiated)) write_capabilities(out.key("capabilities"), p);
    if (!in.supported_asym.empty() || !in.supported_hash.empty())
      out.key("supported_algorithms").object([&] {
        out.strings("asym", in.supported_asym);
        out.strings("hash", in.supported_hash);
      });
    if (!in.knows_algorithms()) return;
    if (p.assumed) out.member("algorithms_from", name(in.algorithm_source));
    out.key("algorithms").object([&] {
      write_algorithm(out, "asym", p.asym);
      write_algorithm(out, "hash", p.hash);
      if (p.measurement_raw_only)
        out.member("measurement_hash", "raw");
      else
        write_algorithm(out, "measurement_hash", p.measurement_hash);
    });
    out.member("negotiation_proven", in.negotiation_proven);
    out.member("multi_key", p.multi_key_responder);
    any(out, "sessions", in.sessions);
  });
}

}  // namespace

void write_json(JsonWriter& out, const SignatureReport& in) {
  out.object([&] {
    out.member("message", in.message);
    out.member("slot", in.slot);
    out.member("message_index", in.message_index);
    out.member("algorithm", in.algorithm);
    out.member("hash", in.hash);
    out.member("result", name(in.result));
    out.member("fresh", in.fresh);
  });
}

void write_json(JsonWriter& out, const DeviceMode& in) {
  out.object([&] {
    out.strings("operational_capabilities", operational_names(in.operational_capabilities));
    out.strings("operational_state", operational_names(in.operational_state));
    out.strings("device_capabilities", device_mode_names(in.device_capabilities));
    out.strings("device_state", device_mode_names(in.device_state));
  });
}

void write_json(JsonWriter& out, const Measurement& in) {
  out.object([&] {
    out.member("index", in.block.index);
    out.member("type", name(in.block.type));
    given(out, "redfish_type", redfish_name(in.block.type));
    out.member("form", in.block.raw ? "raw" : "digest");
    out.member("value", hex(in.block.value));
    out.member("signed", in.is_signed);
    if (in.session != 0) out.member("session", session_id_text(in.session));
    if (in.device_mode) write_json(out.key("device_mode"), *in.device_mode);
    optional(out, "security_version", in.security_version);
    optional(out, "text", in.text);
    given(out, "manifest_format", in.manifest_format);
    if (in.token_signature != TokenSignature::none) out.member("token_signature", name(in.token_signature));
    if (!in.manifest) return;
    out.member("manifest_cbor", text(*in.manifest));
    if (const std::optional<cbor::Item> manifest = read_manifest(in.block)) out.member("manifest", name_manifest(*manifest));
  });
}

void write_json(JsonWriter& out, const DeviceFact& in) {
  out.object([&] {
    out.member("type", in.type);
    given(out, "name", in.name);
    out.member("value", in.text);
    out.member("signed", in.is_signed);
  });
}

void write_json(JsonWriter& out, const DeviceClass& in) {
  out.object([&] {
    out.member("registry", in.registry);
    out.member("vendor", hex(in.vendor));
    out.key("sub_ids").array(in.sub_ids, [&](const Bytes& id) { out.value(hex(id)); });
  });
}

void write_json(JsonWriter& out, const VendorDefined& in) {
  out.object([&] {
    out.member("standard_id", in.standard_id);
    out.member("vendor_id", hex(in.vendor_id));
    out.member("payload", hex(in.payload));
  });
}

void write_json(JsonWriter& out, const MelEntry& in) {
  out.object([&] {
    out.member("index", in.index);
    out.member("measurement_index", in.measurement_index);
    out.member("type", name(static_cast<MeasurementType>(in.value_type & 0x7F)));
    out.member("form", (in.value_type & 0x80) != 0 ? "raw" : "digest");
    out.member("value", hex(in.value));
  });
}

void write_json(JsonWriter& out, const Comparison& in) {
  out.object([&] {
    out.member("index", in.index);
    out.member("result", name(in.result));
    given(out, "expected", in.expected);
    if (in.result != Comparison::Result::not_reported) out.member("reported", text(in.reported));
    given(out, "source", text(in.source));
    given(out, "environment", text(in.environment));
  });
}

void write_json(JsonWriter& out, const PolicyResult& policy) {
  const auto those = [&](std::string_view key, std::optional<DemandState> state) {
    std::vector<std::string_view> words;
    for (const DemandResult& demand : policy.demands)
      if (!state || demand.state == *state) words.push_back(demand.words);
    out.hostile_strings(key, words);
  };
  out.object([&] {
    out.member("rule", text(policy.rule));
    out.member("origin", text(policy.origin));
    out.member("exempt", policy.exempt);
    those("demands", std::nullopt);
    those("unmet", DemandState::unmet);
    those("undecided", DemandState::undecided);
    out.strings("actions", action_names(policy));
  });
}

void write_json(JsonWriter& out, const Change& in) {
  out.object([&] {
    out.member("what", text(in.what));
    given(out, "before", in.before);
    given(out, "after", in.after);
  });
}

void write_json(JsonWriter& out, const CheckResult& in) {
  out.object([&] {
    out.member("check", name(in.check));
    out.member("status", name(in.status));
    out.member("why", text(in.detail));
  });
}

void write_traffic(JsonWriter& out, const Report& in) {
  out.object([&] {
    out.member("connections", in.connections);
    out.member("round_trips", in.round_trips);
    out.member("messages", in.messages);
    out.member("bytes", in.bytes);
  });
}

void write_json(JsonWriter& out, const SlotReport& in) {
  out.object([&] {
    out.member("slot", in.slot);
    out.member("used", in.used);
    given(out, "digest", hex(in.digest));
    if (in.key_pair_id != 0) out.member("key_pair_id", in.key_pair_id);
    if (in.key_usage != 0) out.member("key_usage", cat("0x", hex(in.key_usage, 4)));
    if (in.chain) write_json(out.key("chain"), *in.chain);
  });
}

void write_json(JsonWriter& out, const EndpointInfoResponse& in) {
  out.object([&] {
    out.member("value", hex(in.info));
    std::vector<DeviceClass> classes;
    try {
      classes = read_device_classes(in.info);
    } catch (const Error& error) {
      out.member("why", error.what());
    }
    any(out, "device_classes", classes);
  });
}

Json to_json(const PlatformView& in) {
  Json out = Json::object();
  if (in.grammar != AuthenticatedGrammar::absent) {
    out["grammar"] = name(in.grammar);
    out["authenticated"] = printable(in.authenticated);
    if (in.is_authenticated) out["is_authenticated"] = *in.is_authenticated;
  }
  if (in.tsm_connected) out["tsm_connected"] = printable(*in.tsm_connected);
  if (in.tsm_bound) out["tsm_bound"] = printable(*in.tsm_bound);
  if (in.tsm_dsm) out["tsm_dsm"] = printable(*in.tsm_dsm);
  if (!in.certificate_slots.empty()) out["certificate_slots"] = in.certificate_slots;
  if (in.signatures > 0) out["signatures"] = in.signatures;
  return out;
}

Json error_json(const Error& in) {
  Json out{{"id", row(in.id).name}, {"why", printable(in.what())}};
  if (!in.hint.empty()) out["remedy"] = printable(in.hint);
  if (!in.device.empty()) out["device"] = printable(in.device);
  return out;
}

void write_json(JsonWriter& out, const Finding& in) {
  const FindingRow& entry = row(in.id);
  out.object([&] {
    out.member("id", entry.name);
    out.member("severity", name(entry.severity));
    out.member("check", name(entry.check));
    out.member("where", text(in.where));
    out.member("why", text(in.why));
    given(out, "remedy", text(in.remedy));
  });
}

Json to_json(const Finding& in) {
  return tree_of([&](JsonWriter& out) { write_json(out, in); });
}

void write_members(JsonWriter& out, const Report& in) {
  out.member("verdict", name(in.verdict));
  out.member("exit_code", static_cast<int>(in.exit));
  out.member("reason", text(in.reason));
  out.member("source", text(in.source));
  if (!in.judged) out.member("judged", false);
  optional(out, "fresh", in.fresh);
  if (!in.tolerates.empty()) out.strings("tolerates", in.tolerates);
  if (const std::vector<std::string_view> claims = claims_of(in); !claims.empty()) out.strings("claims", claims);
  write_json(out.key("host"), in.host);
  given(out, "time", text(in.time));
  given(out, "collector", text(in.collector));
  given(out, "evidence_sha256", in.evidence_sha256);
  if (in.collection) write_json(out.key("collection"), *in.collection);
  out.member("binding", name(in.binding));
  if (in.error) {
    Error error(in.error->id, in.error->message, in.error->hint);
    error.device = in.source;
    out.member("error", error_json(error));
  }
  write_traffic(out.key("traffic"), in);
  if (in.connection) write_json(out.key("connection"), *in.connection);
  all(out, "checks", in.checks);
  all(out, "findings", in.findings);
  all(out, "slots", in.slots);
  all(out, "signatures", in.signatures);
  optional(out, "measurement_count", in.measurement_count);
  if (in.content_changed) out.member("measurements_changed", name(*in.content_changed));
  given(out, "measurement_summary_hash", hex(in.summary_hash));
  all(out, "measurements", in.measurements);
  any(out, "device_facts", in.facts);
  any(out, "measurement_extension_log", in.extension_log);
  any(out, "references", in.comparisons);
  if (in.policy) write_json(out.key("policy"), *in.policy);
  if (in.changes) all(out, "changes", *in.changes);
  if (in.endpoint_info) write_json(out.key("endpoint_info"), *in.endpoint_info);
  any(out, "vendor_defined", in.vendor_defined);
  if (in.inspection) out.member("inspection", to_json(*in.inspection));
}

void write_json(JsonWriter& out, const Report& in) {
  out.object([&] { write_members(out, in); });
}

Json to_json(const Report& in) {
  return tree_of([&](JsonWriter& out) { write_json(out, in); });
}

}  // namespace spdm
