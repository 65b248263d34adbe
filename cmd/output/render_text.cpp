#include "cmd/output/render_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cmd/output/certificate_text.h"
#include "cmd/output/headline.h"
#include "cmd/output/host_text.h"
#include "cmd/output/inspection_text.h"
#include "cmd/output/page.h"
#include "cmd/output/session_text.h"
#include "cmd/output/wrap.h"
#include "core/appraisal/manifest.h"
#include "core/text.h"
#include "core/wire/header.h"

namespace spdm::cmd {

namespace {

template <class Text>
std::string joined(const std::vector<Text>& parts) {
  std::string out;
  for (const std::string_view part : parts) out += cat(out.empty() ? "" : ", ", printable(part));
  return out;
}

std::string slot_title(std::uint8_t slot) { return slot == kProvisionedKey ? "slot 255" : cat("slot ", slot); }

std::string target_of(const Report& report) {
  std::string out = printable(report.source);
  // For a recording: the device that it came from.
  if (!report.host.target.empty() && report.host.target != report.source) out += cat(" (", printable(report.host.target), ")");
  return out;
}

std::string signer_of(const CollectionCheck& collection) {
  switch (collection.signature) {
    case CollectionSignature::good:
      return cat("the host ", printable(collection.host), ", with the key of ", printable(collection.key));
    case CollectionSignature::not_checked:
      return "not checked: no host keys given";
    case CollectionSignature::missing:
      return "no host";
    case CollectionSignature::unknown_key:
      return "an unknown key";
    default:
      return "nobody: the signature is invalid";
  }
}

void write_host(Page& page, const Report& report, bool verbose) {
  if (report.host.bdf) page.pair("function", printable(*report.host.bdf));
  if (report.host.identity) page.pair("identity", to_string(*report.host.identity));
  if (report.host.driver) page.pair("driver", printable(*report.host.driver));
  if (report.host.drive) write_drive(page, *report.host.drive, verbose);
  if (report.host.owner) page.pair("owner", printable(*report.host.owner));
  for (const std::string& line : platform_lines(report.host.platform)) page.pair("platform", line);
  if (!report.host.target.empty() && report.host.target != report.source) page.pair("target", printable(report.host.target));
  std::string recorded;
  if (!report.time.empty()) recorded = cat(printable(report.time), report.collector.empty() ? "" : " by ", printable(report.collector));
  if (is_stale_pass(report)) recorded += cat(recorded.empty() ? "" : "; ", "freshness not proven");
  page.pair("recorded", recorded);
  std::string claims;
  for (std::string_view claim : claims_of(report)) {
    if (claim.starts_with("host.")) claim.remove_prefix(5);
    claims += cat(claims.empty() ? "" : ", ", claim);
  }
  if (!claims.empty()) page.pair("claimed", cat(claims, ": not signed by the device"));
  if (report.collection) page.pair("signed by", signer_of(*report.collection));
  if (verbose && !report.evidence_sha256.empty()) page.pair("evidence", cat("SHA-256 ", report.evidence_sha256));
}

std::string vouched(const ChainResult& chain) {
  if (chain.anchor) return cat("trusted by ", printable(chain.anchor_file));
  if (chain.trust == Trust::trusted) return "trusted";
  return chain.trust == Trust::not_checked ? "not checked" : "not trusted";
}

void write_identity(Page& page, const SlotReport& slot, bool verbose) {
  const ChainResult& chain = *slot.chain;
  if (chain.certificates.empty()) return page.pair(slot_title(slot.slot), cat(model_name(chain), ", ", vouched(chain)));
  const CertificateInfo& leaf = chain.certificates.back();
  page.pair("device", printable(leaf.subject));
  page.pair("issuer", printable(leaf.issuer));
  page.pair("root", cat("SHA-256 ", shortened(printable(chain.root_fingerprint), verbose), ", ", vouched(chain)));
  page.pair("key", cat(printable(leaf.key), ", ", slot_title(slot.slot), ", ", model_name(chain), ", valid until ", leaf.not_after));
  page.pair("device info", printable(leaf.device_info));
  page.pair("cma", joined(leaf.cma_identities));
}

void write_protocol(Page& page, const Report& report, bool verbose) {
  if (!report.connection) return;
  const ConnectionReport& connection = *report.connection;
  const Parameters& p = connection.parameters;
  std::string line = cat("SPDM ", version_name(p.version));
  if (connection.knows_algorithms()) {
    if (p.asym != nullptr) line += cat(", ", p.asym->name);
    if (p.hash != nullptr) line += cat(", ", p.hash->name);
    if (p.measurement_raw_only) line += ", measurements raw";
    if (p.measurement_hash != nullptr) line += cat(", measurements ", p.measurement_hash->name);
    if (p.multi_key_responder) line += ", multi-key";
    if (p.assumed)
      line += connection.algorithm_source == AlgorithmSource::stated ? " (as the collector states)" : " (by the key and the signature)";
    if (report.fresh && !connection.negotiation_proven) line += ", negotiation not signed";
  }
  page.pair("protocol", line);
  page.pair("traffic", cat(report.round_trips, report.round_trips == 1 ? " request, " : " requests, ", report.bytes, " bytes, binding ",
                           name(report.binding), report.connections > 1 ? cat(", ", report.connections, " connections") : ""));
  for (const SessionReport& session : connection.sessions) page.pair("session", session_text(session));
  if (!verbose) return;
  page.pair("offered", joined(connection.offered_versions));
  if (!p.assumed) page.pair("can", joined(flag_names(p.responder.flags)));
}

void write_policy(Page& page, const Report& report) {
  if (!report.policy) return;
  const PolicyResult& policy = *report.policy;
  page.pair("policy", cat("rule '", printable(policy.rule), "' (", printable(policy.origin), "): ", policy.exempt ? "exempt, " : "",
                          joined(action_names(policy))));
}

void write_checks(Page& page, const Report& report) {
  page.heading("Checks");
  for (const CheckResult& check : report.checks)
    page.line(cat("  ", Page::padded(name(check.check), 14), page.painted(Page::padded(name(check.status), 12), status_color(check.status)),
                  printable(check.detail)));
}

void add_bits(std::string& out, std::string_view title, const std::vector<std::string>& names) {
  if (!names.empty()) out += cat(out.empty() ? "" : "; ", title, " ", joined(names));
}

constexpr std::size_t kTypeWidth = 34;

// The meaning of a block where it is known, else its value.
std::string value_of(const Measurement& measurement, bool verbose) {
  std::string out;
  if (measurement.device_mode) {
    add_bits(out, "operation:", operational_names(measurement.device_mode->operational_state));
    add_bits(out, "device:", device_mode_names(measurement.device_mode->device_state));
    if (out.empty()) out = "no state is set";
    return out;
  }
  if (measurement.security_version) return cat(*measurement.security_version);
  if (measurement.text) return *measurement.text;  // escaped already
  if (!measurement.manifest_format.empty()) out = cat(printable(measurement.manifest_format), ": ");
  return out + shortened(hex(measurement.block.value), verbose);
}

void write_manifest(Page& page, const Measurement& measurement) {
  constexpr std::size_t kMostLines = 200;
  if (!measurement.manifest) return;
  const std::optional<cbor::Item> manifest = read_manifest(measurement.block);
  if (!manifest) return;
  for (const std::string& line : manifest_lines(name_manifest(*manifest), kMostLines)) page.line(cat("          ", line));
}

void write_measurements(Page& page, const Report& report, bool verbose) {
  if (report.measurements.empty() && !report.measurement_count) return;
  const bool inside = !report.measurements.empty() && std::all_of(report.measurements.begin(), report.measurements.end(),
                                                                  [](const Measurement& one) { return one.session != 0; });
  page.heading(inside ? "Measurements (read inside the session)" : "Measurements");
  if (report.measurement_count) page.line(cat("  the device has ", *report.measurement_count));
  for (const Measurement& measurement : report.measurements) {
    page.line(cat("  ", Page::padded(cat("0x", hex(measurement.block.index, 2)), 6), Page::padded(name(measurement.block.type), kTypeWidth),
                  Page::padded(measurement.block.raw ? "raw" : "digest", 8),
                  page.painted(Page::padded(measurement.is_signed ? "signed" : "unsigned", 10), measurement.is_signed ? kGreen : kYellow),
                  value_of(measurement, verbose)));
    if (verbose) write_manifest(page, measurement);
  }
  if (!report.summary_hash.empty()) page.line(cat("  summary ", shortened(hex(report.summary_hash), verbose)));
}

std::string_view result_color(Comparison::Result result) {
  using enum Comparison::Result;
  return result == match ? kGreen : result == mismatch || result == not_reported ? kRed : kYellow;
}

// A block of its own, to compare line by line; whole where the values would look the same.
void write_difference(Page& page, const Comparison& one, bool verbose) {
  const auto shown = [](const std::string& value, bool whole) { return with_short_digits(printable(value), whole); };
  const bool whole = verbose || std::any_of(one.expected.begin(), one.expected.end(),
                                            [&](const std::string& value) { return shown(value, false) == shown(one.reported, false); });
  std::string_view title = "expected";
  for (const std::string& value : one.expected) {
    page.line(cat("          ", Page::padded(title, 12), shown(value, whole)));
    title = "or";
  }
  page.line(cat("          ", Page::padded("reported", 12), one.reported.empty() ? "nothing" : shown(one.reported, whole)));
}

void write_references(Page& page, const Report& report, bool verbose) {
  if (report.comparisons.empty()) return;
  page.heading("References");
  for (const Comparison& one : report.comparisons) {
    const bool differs = one.result == Comparison::Result::mismatch || one.result == Comparison::Result::not_reported;
    std::string line;
    const auto add = [&](const std::string& words) {
      if (!words.empty()) line += cat(line.empty() ? "" : "  ", words);
    };
    add(printable(one.environment));
    if (!differs) add(with_short_digits(printable(one.reported), verbose));
    add(printable(one.source));
    page.line(cat("  ", Page::padded(one.index == 0 ? "-" : cat("0x", hex(one.index, 2)), 6),
                  page.painted(Page::padded(name(one.result), 14), result_color(one.result)), line));
    if (differs) write_difference(page, one, verbose);
  }
}

// What the device says of itself: its words, proven to be its own where they are signed.
void write_facts(Page& page, const Report& report, bool verbose) {
  if (report.facts.empty()) return;
  page.heading(cat("Reported by the device (", report.facts.front().is_signed ? "signed" : "unsigned", ")"));
  for (const DeviceFact& fact : report.facts) {
    if (fact.name.empty() && !verbose) continue;
    const std::string title = fact.name.empty() ? cat("type ", fact.type) : std::string(fact.name);
    page.line(cat("  ", Page::padded(title, 24), fact.text == hex(fact.value) ? shortened(fact.text, verbose) : fact.text));
  }
}

void write_extras(Page& page, const Report& report, bool verbose) {
  write_facts(page, report, verbose);
  if (!report.extension_log.empty()) {
    page.heading("Measurement extension log");
    for (const MelEntry& entry : report.extension_log)
      page.line(cat("  ", Page::padded(cat(entry.index), 6), "extends 0x", hex(entry.measurement_index, 2), "  ",
                    Page::padded(name(static_cast<MeasurementType>(entry.value_type & 0x7F)), kTypeWidth),
                    shortened(hex(entry.value), verbose)));
  }
  if (report.endpoint_info) {
    page.heading("Endpoint information");
    page.line(cat("  ", hex(report.endpoint_info->info)));
  }
}

void write_findings(Page& page, const std::vector<Finding>& findings, bool verbose) {
  std::size_t notes = 0;
  bool first = true;
  for (const Finding& finding : findings) {
    if (finding.severity() == Severity::note && !verbose) {
      ++notes;
      continue;
    }
    if (first) page.heading("Findings");
    first = false;
    page.line(cat("  ", page.painted(name(finding.severity()), color_of(finding.severity())), " ", row(finding.id).name,
                  finding.where.empty() ? "" : cat(": ", printable(finding.where))));
    page.line(cat("      ", with_short_digits(printable(finding.why), verbose)));
    if (!finding.remedy.empty()) page.line(cat("      -> ", printable(finding.remedy)));
  }
  if (notes > 0) page.line(cat("\n", notes, notes == 1 ? " note, " : " notes, ", "shown with -v"));
}

void write_certificate(Page& page, const CertificateInfo& certificate, std::size_t number, bool verbose) {
  page.line(cat("  ", number, "  ", page.painted(printable(certificate.subject), kBold)));
  for (const NamedLine& line : certificate_lines(certificate, verbose)) page.line(cat("       ", Page::padded(line.name, 14), line.value));
}

void write_changes(Page& page, const Report& report, bool verbose) {
  const auto shown = [&](const std::string& value) { return with_short_digits(printable(value), verbose); };
  if (!report.changes) return;
  page.heading("Changes");
  if (report.changes->empty()) page.line("  none");
  for (const Change& change : *report.changes)
    page.line(cat("  ", printable(change.what), ": ", change.before.empty() ? "" : cat(shown(change.before), " -> "),
                  change.after.empty() ? "gone" : shown(change.after)));
}

}  // namespace

std::string render_text(const Report& report, const Console& console) {
  Page page(console.color);
  write_verdict(page, report);
  write_host(page, report, console.verbose);
  if (const SlotReport* slot = main_slot(report)) write_identity(page, *slot, console.verbose);
  write_protocol(page, report, console.verbose);
  write_policy(page, report);
  write_checks(page, report);
  write_measurements(page, report, console.verbose);
  write_references(page, report, console.verbose);
  write_extras(page, report, console.verbose);
  write_findings(page, report.findings, console.verbose);
  write_changes(page, report, console.verbose);
  if (report.error && !report.error->hint.empty()) page.line(cat("\n-> ", printable(report.error->hint)));
  return page.take();
}

bool is_worth_showing(const Report& report) { return report.verdict != Verdict::pass || (report.changes && !report.changes->empty()); }

std::string_view status_color(CheckStatus status) {
  switch (status) {
    case CheckStatus::pass:
      return kGreen;
    case CheckStatus::fail:
      return kRed;
    case CheckStatus::not_run:
      return kYellow;
    default:
      return kDim;
  }
}

std::string render_inspection(const Report& report, const Console& console) {
  Page page(console.color);
  write_verdict(page, report);
  write_host(page, report, console.verbose);
  if (report.inspection) write_inspection(page, *report.inspection, console.verbose);
  std::vector<Finding> rest = report.findings;  // without what the lines say already
  std::erase_if(rest, [](const Finding& finding) {
    return !finding.where.empty() && (finding.id == FindingId::not_ready || finding.id == FindingId::readiness_unknown);
  });
  write_findings(page, rest, console.verbose);
  return page.take();
}

std::string render_info(const Report& report, const Console& console) {
  Page page(console.color);
  page.line(page.painted(printable(report.source), kBold));
  write_host(page, report, console.verbose);
  if (!report.connection) return page.take();
  const ConnectionReport& connection = *report.connection;
  const Parameters& p = connection.parameters;
  page.pair("versions", cat(joined(connection.offered_versions), "; ", version_name(p.version), " was negotiated"));
  page.pair("can", joined(flag_names(p.responder.flags)));
  page.pair("sessions", session_abilities(p));
  page.pair("timing", cat("cryptography takes up to 2^", p.responder.ct_exponent, " us"));
  if (p.version >= k12)
    page.pair("sizes", cat("transfers ", p.responder.data_transfer_size, " bytes, messages ", p.responder.max_message_size));
  if (connection.knows_algorithms()) {
    page.pair("signature", p.asym == nullptr ? "none" : p.asym->name);
    page.pair("hash", p.hash == nullptr ? "none" : p.hash->name);
    page.pair("measured by", p.measurement_raw_only          ? "raw values only"
                             : p.measurement_hash == nullptr ? "nothing"
                                                             : p.measurement_hash->name);
    page.pair("supports", joined(connection.supported_asym));
    page.pair("", joined(connection.supported_hash));
    if (p.multi_key_responder) page.pair("keys", "one for each slot (multi-key connection)");
  }
  for (const SlotReport& slot : report.slots)
    page.pair(slot_title(slot.slot),
              slot.digest.empty() ? "provisioned" : cat("chain with digest ", shortened(hex(slot.digest), console.verbose)));
  for (const VendorDefined& vendor : report.vendor_defined)
    page.pair("vendor", cat("registry ", vendor.standard_id, ", id ", hex(vendor.vendor_id), ": ", hex(vendor.payload)));
  write_findings(page, report.findings, console.verbose);
  return page.take();
}

std::string render_certificates(const Report& report, const Console& console) {
  Page page(console.color);
  page.line(page.painted(target_of(report), kBold));
  for (const SlotReport& slot : report.slots) {
    if (!slot.chain) {
      page.line(cat("\n", slot_title(slot.slot), ": not read"));
      continue;
    }
    const ChainResult& chain = *slot.chain;
    page.line(cat("\n", slot_title(slot.slot), ": ", model_name(chain), ", ", slot.chain_bytes.size(), " bytes, ",
                  page.painted(vouched(chain), chain.trust == Trust::trusted ? kGreen : kYellow)));
    if (chain.certificates.empty() || chain.root_fingerprint != chain.certificates.front().sha256)
      page.pair("root", printable(chain.root_fingerprint));
    for (std::size_t i = 0; i < chain.certificates.size(); ++i) write_certificate(page, chain.certificates[i], i + 1, console.verbose);
    for (const Finding& finding : chain.findings)
      page.line(cat("  ", page.painted(name(finding.severity()), color_of(finding.severity())), " ", row(finding.id).name, ": ",
                    printable(finding.where), ": ", with_short_digits(printable(finding.why), console.verbose)));
  }
  return page.take();
}

}  // namespace spdm::cmd
