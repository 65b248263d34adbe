#include "core/appraisal/reference_writer.h"

#include <algorithm>
#include <array>
#include <set>

#include "core/appraisal/measurement.h"
#include "core/crypto/crypto.h"
#include "core/error.h"
#include "core/file.h"
#include "core/text.h"

namespace spdm {

namespace {

using Form = ReferenceValue::Form;

constexpr std::size_t kLongestRaw = 64;  // bytes; a longer value is written as its digest

bool is_plain(char c) { return c >= 0x20 && c < 0x7F; }

// In YAML's double quotes. Characters beyond ASCII come from a file that was read, so they are valid UTF-8.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (is_plain(c) || static_cast<unsigned char>(c) >= 0x80)
      out += c;
    else
      out += cat("\\x", hex(static_cast<unsigned char>(c), 2));
  }
  return out + "\"";
}

// "ACME:Card:*" for "ACME:Card:0001": reference values are about a model. Empty when it is not in three parts.
std::string model_pattern(const std::string& device_info) {
  const std::size_t serial = device_info.rfind(':');
  if (std::count(device_info.begin(), device_info.end(), ':') != 2) return {};
  return cat(pattern_for(device_info.substr(0, serial)), ":*");
}

DeviceMatch match_of(const Report& report) {
  DeviceMatch out;
  const HostView& host = report.host;
  const std::vector<std::string>& infos = report.proven.device_infos;
  if (host.identity) {
    out.vendor = host.identity->vendor;
    out.device = host.identity->device;
    out.subsystem_vendor = host.identity->subsystem_vendor;
    out.subsystem = host.identity->subsystem;
  } else if (infos.size() == 1 && !model_pattern(infos.front()).empty()) {
    out.device_info = model_pattern(infos.front());
  } else if (!host.target.empty()) {
    out.target = pattern_for(host.target);
  }
  return out;
}

// A token that carries a nonce differs each time: an EAT, signed with COSE (tag 18), alone or behind the header of a
// structured manifest.
bool is_token(const MeasurementBlock& block) {
  if (block.type != MeasurementType::manifest && block.type != MeasurementType::structured_manifest) return false;
  if (block.index >= 0xF0 && block.index <= 0xFC) return true;
  constexpr std::uint8_t kCoseSign1 = 0xD2;
  const Bytes& value = block.value;
  return block.raw && ((!value.empty() && value[0] == kCoseSign1) || (value.size() > 2 && value[1] == 1 && value[2] == kCoseSign1));
}

ReferenceValue value_of(const MeasurementBlock& block, const HashAlgorithm* measurement_hash) {
  if (!block.raw) return {Form::digest, block.value, measurement_hash};
  const bool is_text = !block.value.empty() &&
                       std::all_of(block.value.begin(), block.value.end(), [](auto byte) { return is_plain(static_cast<char>(byte)); });
  if (block.value.size() > kLongestRaw) {
    const HashAlgorithm* hash = measurement_hash != nullptr ? measurement_hash : find_hash("SHA-384");
    if (crypto::supports(*hash)) return {Form::digest, crypto::hash(*hash, block.value), hash};
  }
  return {is_text ? Form::text : Form::raw, block.value, nullptr};
}

ReferenceMeasurement reference_from(const Measurement& measurement, const HashAlgorithm* measurement_hash) {
  const MeasurementBlock& block = measurement.block;
  ReferenceMeasurement out;
  out.index = block.index;
  out.type = block.type;
  out.ignore = block.type == MeasurementType::hash_extend || block.type == MeasurementType::informational || is_token(block);
  if (out.ignore)
    out.source = cat("differs from time to time: ", is_token(block) ? "a signed token" : std::string(name(block.type)));
  else if (measurement.security_version)
    out.min_svn = *measurement.security_version;
  else
    out.allowed.push_back(value_of(block, measurement_hash));
  return out;
}

// One index in two forms: both values are allowed, and `ignore` in one form is `ignore` in both. One index with two
// types: a value wins over `ignore`, and two values lose the type.
void merge(ReferenceMeasurement& into, ReferenceMeasurement other) {
  if (into.type != other.type) {
    if (other.ignore) return;
    if (into.ignore) return void(into = std::move(other));
    into.type.reset();
  }
  if (into.ignore || other.ignore) {
    if (!into.ignore) into = std::move(other);
    return;
  }
  into.allowed.insert(into.allowed.end(), other.allowed.begin(), other.allowed.end());
}

std::string value_line(const ReferenceValue& value) {
  constexpr std::array keys{"digest", "raw", "text", "svn"};
  const bool needs_hex = value.form == Form::text &&
                         !std::all_of(value.bytes.begin(), value.bytes.end(), [](auto byte) { return is_plain(static_cast<char>(byte)); });
  if (needs_hex) return cat("raw: ", in_quotes(hex(value.bytes)));
  const std::string text = to_string(value);
  const std::string shown = value.form == Form::svn ? text.substr(4) : in_quotes(text);
  return cat(keys.at(static_cast<std::size_t>(value.form)), ": ", shown);
}

std::string comment(std::string_view indent, std::string_view text) { return text.empty() ? "" : cat(indent, "# ", printable(text), "\n"); }

std::string measurement_lines(const ReferenceMeasurement& one) {
  std::string out = comment("      ", one.source);
  out += cat("      - index: ", one.index, "\n");
  if (one.type) out += cat("        type: ", name(*one.type), "\n");
  if (one.allowed.size() == 1) out += cat("        ", value_line(one.allowed.front()), "\n");
  if (one.allowed.size() > 1) {
    out += "        any-of:\n";
    for (const ReferenceValue& value : one.allowed) out += cat("          - {", value_line(value), "}\n");
  }
  if (one.min_svn) out += cat("        min-svn: ", *one.min_svn, "\n");
  if (one.ignore) out += "        ignore: true\n";
  return out;
}

// "{vendor: "ACME", layer: 0}"
std::string class_line(const EvidenceClaim& claim) {
  std::string out;
  const auto add = [&](std::string_view key, const std::string& value) { out += cat(out.empty() ? "" : ", ", key, ": ", value); };
  if (claim.vendor) add("vendor", in_quotes(*claim.vendor));
  if (claim.model) add("model", in_quotes(*claim.model));
  if (claim.type) add("id", in_quotes(hex(*claim.type)));
  if (claim.layer) add("layer", cat(*claim.layer));
  if (claim.index) add("index", cat(*claim.index));
  return cat("{", out, "}");
}

std::string environment_lines(const ReferenceEnvironment& one) {
  const EvidenceClaim& claim = one.claim;
  std::string out = comment("      ", one.source);
  out += cat("      - class: ", class_line(claim), "\n");
  if (claim.element) out += cat("        element: ", in_quotes(*claim.element), "\n");
  std::string digests;
  for (const Fwid& fwid : claim.fwids) digests += cat(digests.empty() ? "" : ", ", fwid.algorithm, ": ", in_quotes(hex(fwid.digest)));
  if (!digests.empty()) out += cat("        digest: {", digests, "}\n");
  if (claim.version) out += cat("        version: ", in_quotes(*claim.version), "\n");
  if (claim.svn) out += cat("        svn: ", *claim.svn, "\n");
  if (claim.min_svn) out += cat("        min-svn: ", *claim.min_svn, "\n");
  return out;
}

// The hash algorithm of all digests of the device; nullptr when they differ or it is not known.
const HashAlgorithm* hash_of(const DeviceReferences& device) {
  const HashAlgorithm* out = nullptr;
  for (const ReferenceMeasurement& one : device.measurements)
    for (const ReferenceValue& value : one.allowed) {
      if (value.form != Form::digest) continue;
      if (value.hash == nullptr || (out != nullptr && out != value.hash)) return nullptr;
      out = value.hash;
    }
  return out;
}

std::string device_lines(const DeviceReferences& device) {
  std::string out = cat("  - match: ", to_string(device.match), "\n");
  if (const HashAlgorithm* hash = hash_of(device)) out += cat("    hash: ", hash->name, "\n");
  if (!device.complete) out += "    complete: false  # measurements that are not listed are let be\n";
  if (!device.measurements.empty()) out += "    measurements:\n";
  for (const ReferenceMeasurement& one : device.measurements) out += measurement_lines(one);
  if (!device.environments.empty()) out += "    environments:\n";
  for (const ReferenceEnvironment& one : device.environments) out += environment_lines(one);
  return out;
}

}  // namespace

std::string to_string(const DeviceMatch& match) {
  std::string out;
  for (const MatchKey& key : keys_of(match))
    out += cat(out.empty() ? "" : ", ", key.name, ": ", key.is_flag ? key.value : in_quotes(key.value));
  return cat("{", out, "}");
}

DeviceReferences references_from(const Report& report) {
  DeviceReferences out;
  out.match = match_of(report);
  out.source = report.host.target.empty() ? report.source : report.host.target;
  for (const SlotReport& slot : report.slots)
    if (slot.used && slot.chain && !slot.chain->certificates.empty()) out.source += cat(", ", slot.chain->certificates.back().subject);
  if (!report.time.empty()) out.source += cat(", collected ", report.time);
  if (out.match == DeviceMatch{}) out.source += "; what it is was not recorded: say it in match, or this fits every device";
  const HashAlgorithm* hash = report.connection ? report.connection->parameters.measurement_hash : nullptr;
  for (const Measurement& measurement : report.measurements) {
    if (!measurement.is_signed) continue;
    ReferenceMeasurement one = reference_from(measurement, hash);
    ReferenceMeasurement* last = out.measurements.empty() ? nullptr : &out.measurements.back();
    if (last == nullptr || last->index != one.index)
      out.measurements.push_back(std::move(one));
    else
      merge(*last, std::move(one));
  }
  return out;
}

std::string write_references(const std::vector<DeviceReferences>& devices, std::string_view source) {
  std::string plain;
  for (const char c : printable(source)) plain += is_plain(c) ? c : '?';
  std::string out = cat("version: 1\nsource: ", in_quotes(plain), "\ndevices:\n");
  std::set<std::string> written;
  std::size_t values = 0;
  for (const DeviceReferences& device : devices) {
    const std::string lines = device_lines(device);
    if (!written.insert(lines).second) continue;
    values += weight_of(device);
    out += comment("  ", device.source) + lines;
  }
  // Nothing is written that could not be read again.
  assert_readable(out.size(), FileKind::references);
  if (values > kMaxReferences)
    throw Error(ErrorId::bad_input, cat("these would be ", values, " reference values; no more than ", kMaxReferences, " are read"),
                "leave out what is for devices that you do not have");
  return out;
}

}  // namespace spdm
