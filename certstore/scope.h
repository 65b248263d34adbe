// What the certificates of a keyring file may vouch for: "vendor.yaml" beside "vendor.pem".
#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "core/appraisal/device_match.h"
#include "core/evidence/chain.h"
#include "core/evidence/evidence.h"

namespace spdm::certstore {

struct Scope {
  std::string file;
  std::vector<DeviceMatch> vouches_for;  // any of them; empty: every device
  std::vector<CertModel> models;         // empty: every model
  std::optional<std::time_t> not_after;  // seconds since 1970; the owner's limit on the anchor
  std::string comment;
  std::vector<std::string> critical_extensions;  // dotted; below the anchor these may be critical, although nobody processes them
};

// {version: 1, vouches-for: [DEVICE MATCH, ...], models: [DeviceCert, AliasCert, GenericCert], not-after: RFC3339, comment: TEXT,
//  critical-extensions: [1.2.3.4, ...]}
// Throws Error{config} with file, line and column.
Scope read_scope(const std::string& file, const std::string& contents);

// "vendor 1b36, class 0108"; and of the device that it is compared with: "Vendor=1b36:... at 0000:03:00.0".
std::string in_words(const DeviceMatch& match);
std::string in_words(const HostView& host);
// "vendor 1b36, or vendor 1af4"; "DeviceCert or AliasCert"; empty: "any device", "any chain".
std::string devices_in_words(const Scope& scope);
std::string models_in_words(const Scope& scope);
// "vendor 1b36; DeviceCert; until 2027-01-01T00:00:00Z".
std::string in_words(const Scope& scope);

}  // namespace spdm::certstore
