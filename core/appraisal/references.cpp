#include "core/appraisal/references.h"

#include <algorithm>

#include "core/appraisal/measurement.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm {

namespace {

using yaml::Section;
using yaml::Value;
using Form = ReferenceValue::Form;

constexpr std::size_t kMaxValueBytes = 0xFFFF;  // of a measurement block
constexpr std::array kForms{std::string_view("digest"), std::string_view("raw"), std::string_view("text"), std::string_view("svn")};

const HashAlgorithm* read_hash(const Value& value) {
  const std::string word = value.text();
  const HashAlgorithm* out = find_hash(word);
  std::string allowed;
  for (const HashAlgorithm& row : hash_algorithms()) allowed += cat(allowed.empty() ? "allowed: " : ", ", row.name);
  if (out == nullptr) value.fail(cat("unknown hash algorithm '", printable(word), "'"), allowed);
  return out;
}

// A digest with the size of no algorithm is an error: it could never match.
Bytes read_digest(const Value& value, const HashAlgorithm* hash) {
  Bytes out = value.hex();
  const auto fits = [&](const HashAlgorithm& row) { return row.size == out.size() && (hash == nullptr || hash == &row); };
  const auto rows = hash_algorithms();
  if (std::none_of(rows.begin(), rows.end(), fits))
    value.fail(cat("has ", out.size(), " bytes, ",
                   hash == nullptr ? "digests have 32, 48 or 64" : cat("a ", hash->name, " digest has ", hash->size)));
  return out;
}

ReferenceValue read_value(const Value& value, Form form, const HashAlgorithm* hash) {
  ReferenceValue out{form, {}, nullptr};
  switch (form) {
    case Form::digest:
      out.hash = hash;
      out.bytes = read_digest(value, hash);
      break;
    case Form::raw:
      out.bytes = value.hex();
      break;
    case Form::text: {
      const std::string text = value.text();
      out.bytes = Bytes(text.begin(), text.end());
      break;
    }
    case Form::svn:
      out.bytes = Writer().u64(value.number64(0, ~std::uint64_t{0})).take();
      break;
  }
  if (out.bytes.size() > kMaxValueBytes) value.fail(cat("has ", out.bytes.size(), " bytes, a measurement has at most ", kMaxValueBytes));
  return out;
}

// The values that stand directly in a mapping, as digest, raw, text or svn.
void read_values(const Section& section, const HashAlgorithm* hash, std::vector<ReferenceValue>& out) {
  for (std::size_t form = 0; form < kForms.size(); ++form)
    section.with(kForms.at(form), [&](const Value& value) { out.push_back(read_value(value, static_cast<Form>(form), hash)); });
}

MeasurementType read_type(const Value& value) {
  const std::string word = value.text();
  std::string allowed;
  for (unsigned type = 0; type < 0x80; ++type) {
    const std::string known = name(static_cast<MeasurementType>(type));
    if (known == word) return static_cast<MeasurementType>(type);
    if (!known.starts_with("type-")) allowed += cat(allowed.empty() ? "allowed: " : ", ", known);
  }
  value.fail(cat("unknown measurement type '", printable(word), "'"), allowed);
}

ReferenceMeasurement read_measurement(const Value& value, const HashAlgorithm* hash) {
  const Section section(value, {"index", "type", "digest", "raw", "text", "svn", "any-of", "min-svn", "ignore"});
  ReferenceMeasurement out;
  out.source = value.origin();
  out.index = static_cast<std::uint8_t>(section.get("index").number(1, 0xFE));
  section.with("type", [&](const Value& word) { out.type = read_type(word); });
  read_values(section, hash, out.allowed);
  section.with("any-of", [&](const Value& list) {
    for (const Value& one : list.list()) {
      const Section alternative(one, {"digest", "raw", "text", "svn"});
      const std::size_t before = out.allowed.size();
      read_values(alternative, hash, out.allowed);
      if (out.allowed.size() != before + 1) alternative.fail("must be one value", "for example {digest: \"00ff...\"}");
      if (out.allowed.size() > kMaxAlternatives)
        alternative.fail(cat("exceeds the limit of ", kMaxAlternatives, " values of one measurement"));
    }
  });
  section.with("min-svn", [&](const Value& number) { out.min_svn = number.number64(0, ~std::uint64_t{0}); });
  section.with("ignore", [&](const Value& flag) { out.ignore = flag.boolean(); });
  const bool says_something = !out.allowed.empty() || out.min_svn;
  if (out.ignore && says_something) section.fail("ignore and a value cannot be combined");
  if (!out.ignore && !says_something)
    section.fail("has no value to compare with", "give digest, raw, text, svn, any-of or min-svn, or say ignore: true");
  return out;
}

// What identifies an environment. Nothing would fit every one.
void read_class(const Value& value, TcbInfo& out) {
  const Section section(value, {"vendor", "model", "id", "layer", "index"});
  section.with("vendor", [&](const Value& one) { out.vendor = one.text(); });
  section.with("model", [&](const Value& one) { out.model = one.text(); });
  section.with("id", [&](const Value& one) { out.type = one.hex(); });
  section.with("layer", [&](const Value& one) { out.layer = one.number64(0, ~std::uint64_t{0}); });
  section.with("index", [&](const Value& one) { out.index = one.number64(0, ~std::uint64_t{0}); });
  if (!out.vendor && !out.model && !out.type) section.fail("names no environment", "give its vendor, its model or its id");
}

void read_digests(const Value& value, std::vector<Fwid>& out) {
  std::vector<std::string_view> names;
  for (const HashAlgorithm& row : hash_algorithms()) names.push_back(row.name);
  const Section section(value, names);
  for (const HashAlgorithm& row : hash_algorithms())
    section.with(row.name, [&](const Value& digest) { out.push_back({std::string(row.name), read_digest(digest, &row)}); });
}

ReferenceEnvironment read_environment(const Value& value) {
  const Section section(value, {"class", "element", "digest", "version", "svn", "min-svn"});
  ReferenceEnvironment out;
  out.source = value.origin();
  EvidenceClaim& claim = out.claim;
  read_class(section.get("class"), claim);
  section.with("element", [&](const Value& one) { claim.element = one.text(); });
  section.with("digest", [&](const Value& one) { read_digests(one, claim.fwids); });
  section.with("version", [&](const Value& one) { claim.version = one.text(); });
  section.with("svn", [&](const Value& one) { claim.svn = one.number64(0, ~std::uint64_t{0}); });
  section.with("min-svn", [&](const Value& one) { claim.min_svn = one.number64(0, ~std::uint64_t{0}); });
  if (claim.fwids.empty() && !claim.version && !claim.svn && !claim.min_svn)
    section.fail("has no value to compare with", "give digest, version, svn or min-svn");
  return out;
}

void read_measurements(const Value& list, const HashAlgorithm* hash, std::vector<ReferenceMeasurement>& out) {
  for (const Value& one : list.list()) {
    ReferenceMeasurement measurement = read_measurement(one, hash);
    const auto same = [&](const ReferenceMeasurement& other) { return other.index == measurement.index; };
    if (const auto it = std::find_if(out.begin(), out.end(), same); it != out.end())
      one.fail(cat("index ", measurement.index, " stands in line ", it->source.substr(it->source.rfind(':') + 1), ", too"),
               "write alternatives as any-of");
    out.push_back(std::move(measurement));
  }
  if (out.empty()) list.fail("is empty");
}

DeviceReferences read_device(const Value& value) {
  const Section section(value, {"match", "hash", "complete", "measurements", "environments"});
  DeviceReferences out;
  out.source = value.origin();
  out.match = read_device_match(section.get("match"));
  const HashAlgorithm* hash = nullptr;
  section.with("hash", [&](const Value& word) { hash = read_hash(word); });
  section.with("complete", [&](const Value& flag) { out.complete = flag.boolean(); });
  section.with("environments", [&](const Value& list) {
    for (const Value& one : list.list()) {
      if (out.environments.size() == kMaxEnvironments) one.fail(cat("exceeds the limit of ", kMaxEnvironments, " environments"));
      out.environments.push_back(read_environment(one));
    }
    if (out.environments.empty()) list.fail("is empty");
  });
  if (out.environments.empty())
    read_measurements(section.get("measurements"), hash, out.measurements);
  else
    section.with("measurements", [&](const Value& list) { read_measurements(list, hash, out.measurements); });
  return out;
}

}  // namespace

std::string to_string(const ReferenceValue& value) {
  switch (value.form) {
    case Form::text:
      return {value.bytes.begin(), value.bytes.end()};
    case Form::svn:
      return cat("svn ", Reader(value.bytes, "reference value").u64("svn"));
    default:
      return hex(value.bytes);
  }
}

std::string environment_name(const EvidenceClaim& claim) {
  std::string out;
  const auto add = [&](std::string_view what, const auto& value) {
    if (value) out += cat(out.empty() ? "" : ", ", what, " ", *value);
  };
  add("vendor", claim.vendor);
  add("model", claim.model);
  if (claim.type) out += cat(out.empty() ? "" : ", ", "class ", hex(*claim.type));
  add("layer", claim.layer);
  add("index", claim.index);
  if (out.empty()) out = "an environment without a name";
  return claim.element ? cat(out, ": ", *claim.element) : out;
}

std::string value_words(const EvidenceClaim& claim) {
  std::string out;
  const auto add = [&](const std::string& words) { out += cat(out.empty() ? "" : " and ", words); };
  for (const Fwid& fwid : claim.fwids) add(cat(fwid.algorithm, " ", hex(fwid.digest)));
  if (claim.version) add(cat("version ", *claim.version));
  if (claim.svn) add(cat("svn ", *claim.svn));
  if (claim.min_svn) add(cat("svn >= ", *claim.min_svn));
  return out.empty() ? "nothing that can be compared" : out;
}

std::size_t weight_of(const ReferenceMeasurement& measurement) { return 1 + measurement.allowed.size(); }

std::size_t weight_of(const DeviceReferences& device) {
  std::size_t out = 0;
  for (const ReferenceMeasurement& one : device.measurements) out += weight_of(one);
  for (const ReferenceEnvironment& one : device.environments) out += 1 + one.claim.fwids.size();
  return out;
}

void add_references(References& references, const std::string& file, const std::string& contents) {
  const Section section(yaml::parse(file, contents), {"version", "source", "devices"});
  section.get("version").number(1, 1);
  section.with("source", [](const Value& words) { (void)words.text(); });
  for (const Value& one : section.get("devices").list()) {
    DeviceReferences device = read_device(one);
    references.values += weight_of(device);
    if (references.values > kMaxReferences) one.fail(cat("exceeds the limit of ", kMaxReferences, " reference values"));
    references.devices.push_back(std::move(device));
  }
}

}  // namespace spdm
