#include "certstore/deny.h"

#include <algorithm>

#include "core/format/fingerprint.h"
#include "core/format/yaml_reader.h"

namespace spdm::certstore {

namespace {

using yaml::Section;
using yaml::Value;

Denial read_denial(const std::string& file, const Value& value) {
  const Section section(value, {"tbs", "certificate", "key", "comment"});
  Denial out;
  for (const Word<DenialKind>& kind : kDenialKinds)
    section.with(kind.name, [&](const Value& fingerprint) {
      if (!out.sha256.empty()) section.fail("only one of tbs, certificate and key may be there");
      out.kind = kind.value;
      out.sha256 = read_fingerprint(fingerprint);
    });
  if (out.sha256.empty()) section.fail("one of tbs, certificate and key must be there");
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

const Denial* find_denial(const std::vector<Denial>& denials, DenialKind kind, const std::string& sha256) {
  const auto found = std::find_if(denials.begin(), denials.end(), [&](const Denial& d) { return d.kind == kind && d.sha256 == sha256; });
  return found == denials.end() ? nullptr : &*found;
}

}  // namespace spdm::certstore
