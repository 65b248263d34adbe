#include "certstore/scope.h"

#include <array>

#include "certstore/attestation.h"
#include "certstore/x509.h"
#include "core/calendar.h"
#include "core/format/yaml_reader.h"
#include "core/text.h"

namespace spdm::certstore {

namespace {

using yaml::Section;
using yaml::Value;

constexpr std::size_t kMostExtensions = 64, kLongestId = 128;

DeviceMatch read_match(const Value& value) {
  DeviceMatch out = read_device_match(value);
  if (out == DeviceMatch{}) value.fail("matches every device", "say which devices, or leave vouches-for out");
  return out;
}

// Only what nobody processes can be accepted unread: what is processed, by OpenSSL or here, limits what a certificate is good for.
std::string read_extension_id(const Value& value) {
  std::string out = value.text();
  const crypto::Owned<ASN1_OBJECT, ASN1_OBJECT_free> object(out.size() > kLongestId ? nullptr : OBJ_txt2obj(out.c_str(), 1));
  ERR_clear_error();
  if (!object || dotted(object.get()) != out)
    value.fail(cat("invalid object identifier '", printable(out), "'"), "write it in digits: 1.3.6.1.4.1.99999.1");
  const crypto::Owned<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free> nothing(ASN1_OCTET_STRING_new());
  const crypto::Owned<X509_EXTENSION, X509_EXTENSION_free> extension(X509_EXTENSION_create_by_OBJ(nullptr, object.get(), 1, nothing.get()));
  if (!extension || X509_supported_extension(extension.get()) == 1 || out == kSpdmExtensionId || is_decoded(out))
    value.fail(cat("the extension ", out, " is processed, and must be good"), "take it out: it may be critical as it is");
  return out;
}

void add(std::string& out, std::string_view name, std::string_view value) { out += cat(out.empty() ? "" : ", ", name, " ", value); }

}  // namespace

Scope read_scope(const std::string& file, const std::string& contents) {
  const Section section(yaml::parse(file, contents), {"version", "vouches-for", "models", "not-after", "critical-extensions", "comment"});
  section.get("version").number(1, 1);
  Scope out;
  out.file = file;
  section.with("vouches-for", [&](const Value& list) {
    for (const Value& match : list.list()) out.vouches_for.push_back(read_match(match));
    // An empty list would trust the root for nothing: surely a mistake.
    if (out.vouches_for.empty()) list.fail("names no device", "leave it out to vouch for any");
  });
  section.with("models", [&](const Value& list) {
    for (const Value& model : list.list()) out.models.push_back(model.word(kModelsOfChains));
    if (out.models.empty()) list.fail("names no model", "leave it out to vouch for any");
  });
  section.with("not-after", [&](const Value& time) {
    out.not_after = parse_date_or_time(time.text());
    if (!out.not_after)
      time.fail(cat("invalid time '", printable(time.text()), "'"), "write a date or RFC 3339: 2027-01-01 or 2027-01-01T00:00:00Z");
  });
  section.with("critical-extensions", [&](const Value& list) {
    for (const Value& oid : list.list()) {
      if (out.critical_extensions.size() == kMostExtensions) oid.fail(cat("exceeds the limit of ", kMostExtensions, " extensions"));
      out.critical_extensions.push_back(read_extension_id(oid));
    }
    if (out.critical_extensions.empty()) list.fail("names no extension", "leave it out to accept none");
  });
  section.with("comment", [&](const Value& text) { out.comment = text.text(); });
  return out;
}

std::string in_words(const DeviceMatch& match) {
  std::string out;
  const auto id = [&](std::string_view name, const std::optional<std::uint16_t>& value) {
    if (value) add(out, name, hex(*value, 4));
  };
  const auto word = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) add(out, name, *value);
  };
  id("vendor", match.vendor);
  id("device", match.device);
  id("subsystem vendor", match.subsystem_vendor);
  id("subsystem", match.subsystem);
  if (match.class_code) {
    const std::uint32_t mask = match.class_mask.value_or(0xFFFFFF);
    const std::size_t digits = mask == 0xFF0000 ? 2 : mask == 0xFFFF00 ? 4 : 6;
    add(out, "class", hex(*match.class_code, 6).substr(0, digits));
  }
  word("address", match.bdf);
  word("target", match.target);
  word("driver", match.driver);
  word("slot", match.slot);
  word("model", match.model);
  word("serial number", match.serial);
  word("firmware revision", match.firmware_revision);
  word("transport", match.transport);
  word("certificate identity", match.certificate_identity);
  word("device info", match.device_info);
  word("leaf key", match.leaf_key);
  word("root", match.root);
  if (match.removable) add(out, *match.removable ? "removable" : "not removable", "devices");
  return out.empty() ? "any device" : out;
}

std::string in_words(const HostView& host) {
  if (!host.identity) return cat("a device without a PCI identity, ", host.target);
  return cat(to_string(*host.identity), host.bdf ? cat(" at ", *host.bdf) : std::string());
}

std::string devices_in_words(const Scope& scope) {
  std::string out;
  for (const DeviceMatch& match : scope.vouches_for) out += cat(out.empty() ? "" : ", or ", in_words(match));
  return out.empty() ? "any device" : out;
}

std::string models_in_words(const Scope& scope) {
  std::string out;
  for (const CertModel model : scope.models) out += cat(out.empty() ? "" : " or ", name(model));
  return out.empty() ? "any chain" : out;
}

static std::string extensions_in_words(const Scope& scope) {
  std::string out;
  for (const std::string& oid : scope.critical_extensions) out += cat(out.empty() ? "; accepts the critical extension " : ", ", oid);
  return out;
}

std::string in_words(const Scope& scope) {
  return cat(devices_in_words(scope), scope.models.empty() ? "" : "; ", scope.models.empty() ? "" : models_in_words(scope),
             scope.not_after ? "; until " : "", scope.not_after ? utc_of(*scope.not_after) : "", extensions_in_words(scope));
}

}  // namespace spdm::certstore
