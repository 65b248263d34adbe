#include "certstore/pins.h"

#include <array>

#include "core/calendar.h"
#include "core/format/fingerprint.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using yaml::Section;
using yaml::Value;

Pin read_pin(const std::string& file, const Value& value) {
  const Section section(value, {"match", "leaf-key", "certificate", "root", "vouches", "min-version", "first-seen", "comment"});
  Pin out;
  out.file = file;
  out.origin = value.origin();
  const Value match = section.get("match");
  out.match = read_device_match(match);
  if (out.match == DeviceMatch{}) match.fail("matches every device", "say which one is pinned, by bdf or by target");
  for (const Word<PinKind>& kind : kPinKinds)
    section.with(kind.name, [&](const Value& fingerprint) {
      if (!out.sha256.empty())
        fingerprint.fail("a pin has one fingerprint", "write another pin with the same match: either of them will do");
      out.kind = kind.value;
      out.sha256 = read_fingerprint(fingerprint);
    });
  if (out.sha256.empty()) section.fail("one of leaf-key, certificate and root must be there");
  section.with("vouches", [&](const Value& flag) { out.vouches = flag.boolean(); });
  section.with("min-version", [&](const Value& version) { out.min_version = version.word(kVersions); });
  section.with("first-seen", [&](const Value& time) {
    out.first_seen = time.text();
    if (!parse_rfc3339(out.first_seen)) time.fail("is not a time", "write RFC 3339: 2026-06-01T00:00:00Z");
  });
  section.with("comment", [&](const Value& text) { out.comment = text.text(); });
  return out;
}

}  // namespace

std::vector<Pin> read_pins(const std::string& file, const std::string& contents) {
  const Section section(yaml::parse(file, contents), {"version", "pins"});
  section.get("version").number(1, 1);
  std::vector<Pin> out;
  for (const Value& entry : section.get("pins").list()) out.push_back(read_pin(file, entry));
  return out;
}

}  // namespace spdm::certstore
