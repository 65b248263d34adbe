#include "certstore/deny.h"

#include <algorithm>

#include "core/format/fingerprint.h"
#include "core/format/yaml_reader.h"

namespace spdm::certstore {

namespace {

using yaml::Section;
using yaml::Value;

Denial read_denial(const std::string& file, const Value& value) {
  const Section section(value, {"certificate", "key", "comment"});
  const std::optional<Value> certificate = section.find("certificate"), key = section.find("key");
  if (certificate.has_value() == key.has_value()) section.fail("one of certificate and key must be there");
  Denial out;
  out.key = key.has_value();
  out.sha256 = read_fingerprint(out.key ? *key : *certificate);
  section.with("comment", [&](const Value& text) { out.comment = text.text(); });
  out.file = file;
  out.origin = value.origin();
  return out;
}

}  // namespace

std::vector<Denial> read_denials(const std::string& file, const std::string& contents) {
  const Section section(yaml::parse(file, contents), {"version", "deny"});
  section.get("version").number(1, 1);
  std::vector<Denial> out;
  for (const Value& entry : section.get("deny").list()) out.push_back(read_denial(file, entry));
  return out;
}

const Denial* find_denial(const std::vector<Denial>& denials, bool key, const std::string& sha256) {
  const auto found = std::find_if(denials.begin(), denials.end(), [&](const Denial& d) { return d.key == key && d.sha256 == sha256; });
  return found == denials.end() ? nullptr : &*found;
}

}  // namespace spdm::certstore
