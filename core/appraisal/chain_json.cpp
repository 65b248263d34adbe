#include "core/appraisal/chain_json.h"

#include <nlohmann/json.hpp>

#include "core/appraisal/extension_json.h"
#include "core/appraisal/json_members.h"
#include "core/appraisal/report.h"

namespace spdm {

namespace {

using json::all, json::any, json::given, json::optional, json::text;

// One that vouches, of the keyring.
void write_members(JsonWriter& out, std::string_view subject, std::string_view sha256, std::string_view file) {
  out.member("subject", text(subject));
  out.member("sha256", sha256);
  out.member("file", text(file));
}

void write_json(JsonWriter& out, const PinInfo& in) {
  out.object([&] {
    out.member("origin", text(in.origin));
    out.member("kind", name(in.kind));
    out.member("sha256", in.sha256);
    out.member("vouches", in.vouches);
    if (in.min_version) out.member("min_version", version_name(*in.min_version));
  });
}

}  // namespace

void write_json(JsonWriter& out, const Completion& in) {
  out.object([&] { write_members(out, in.subject, in.sha256, in.file); });
}

void write_json(JsonWriter& out, const CrlInfo& in) {
  out.object([&] {
    out.member("issuer", text(in.issuer));
    if (in.file.empty()) return;
    out.member("file", text(in.file));
    out.member("this_update", in.this_update);
    given(out, "next_update", in.next_update);
    given(out, "number", in.number);
    out.member("source", name(in.source));
    given(out, "serial", in.serial);
  });
}

void write_json(JsonWriter& out, const Revocation& in) {
  out.object([&] {
    out.member("subject", text(in.subject));
    out.member("issuer", text(in.issuer));
    out.member("serial", in.serial);
    out.member("file", text(in.file));
    out.member("revoked_at", in.revoked_at);
    out.member("source", name(in.source));
    given(out, "invalid_since", in.invalid_since);
    given(out, "reason", in.reason);
  });
}

void write_json(JsonWriter& out, const CertificateInfo& in) {
  out.object([&] {
    out.member("subject", text(in.subject));
    out.member("issuer", text(in.issuer));
    out.member("serial", in.serial);
    out.member("not_before", in.not_before);
    out.member("not_after", in.not_after);
    out.member("key", text(in.key));
    out.member("signature_algorithm", text(in.signature_algorithm));
    out.member("sha256", in.sha256);
    out.member("ca", in.is_ca);
    given(out, "tbs_sha256", in.tbs_sha256);
    given(out, "key_sha256", in.key_sha256);
    optional(out, "path_length", in.path_length);
    given(out, "key_usage", in.key_usage);
    given(out, "extended_key_usage", in.extended_key_usage);
    given(out, "spdm_oids", in.spdm_oids);
    given(out, "device_info", text(in.device_info));
    given(out, "cma_identities", in.cma_identities);
    given(out, "policies", in.policies);
    given(out, "ocsp", in.ocsp);
    given(out, "ca_issuers", in.ca_issuers);
    given(out, "crl_distribution_points", in.crl_distribution_points);
    any(out, "extensions", in.extensions);
    if (in.more_extensions > 0) out.member("more_extensions", in.more_extensions);
  });
}

void write_json(JsonWriter& out, const ChainResult& in) {
  out.object([&] {
    out.member("model", model_name(in));
    out.member("sound", in.sound);
    out.member("trusted", in.trust == Trust::trusted);
    out.member("root_sha256", text(in.root_fingerprint));
    given(out, "leaf_key_sha256", in.leaf_key_sha256);
    if (in.anchor || !in.anchor_scope.empty())
      out.key("anchor").object([&] {
        if (in.anchor) write_members(out, in.anchor->subject, in.anchor->sha256, in.anchor_file);
        given(out, "scope", text(in.anchor_scope));
      });
    if (in.pin) write_json(out.key("pin"), *in.pin);
    any(out, "completed", in.completed);
    any(out, "crls", in.crls);
    any(out, "revocations", in.revocations);
    all(out, "certificates", in.certificates);
    all(out, "findings", in.findings);
  });
}

Json to_json(const CertificateInfo& in) {
  return tree_of([&](JsonWriter& out) { write_json(out, in); });
}

}  // namespace spdm
