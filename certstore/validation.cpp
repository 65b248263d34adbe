#include "certstore/validation.h"

#include <algorithm>

#include "core/text.h"

namespace spdm::certstore {

namespace {

// The common name where there is one, to find the certificate again. A device chose it, so it is cut; output escapes
// it.
std::string short_name(const CertificateInfo& info) {
  constexpr std::size_t kLongest = 64;
  const std::size_t at = info.subject.find("CN=");
  std::string_view name = info.subject;
  if (at != std::string_view::npos) name = name.substr(at, name.find(',', at) - at);
  if (name.empty()) return "no name";
  return std::string(name.substr(0, kLongest)) + (name.size() > kLongest ? "..." : "");
}

}  // namespace

void Validation::find(FindingId id, std::string where, std::string why, std::string remedy) {
  if (!found(id, where)) result.findings.push_back({id, std::move(where), std::move(why), std::move(remedy)});
}

bool Validation::found(FindingId id, std::string_view where) const {
  return std::any_of(result.findings.begin(), result.findings.end(),
                     [&](const Finding& finding) { return finding.id == id && finding.where == where; });
}

crypto::OwnedX509 Validation::certificate_of(const Entry& entry) const {
  // What was received and is an issuer of it as well is two certificates on the path, although it is no good path.
  const bool twice = std::any_of(result.certificates.begin(), result.certificates.end(),
                                 [&](const CertificateInfo& other) { return other.sha256 == entry.sha256(); });
  Decoded decoded = twice ? decode(entry.der()) : issuers.decode(entry.der());
  entry.know(decoded.info);
  return std::move(decoded.certificate);
}

std::string Validation::slot() const { return cat("slot ", int{input.slot}); }

std::string Validation::place(std::size_t index, std::string_view field) const {
  const std::string_view comma = field.empty() ? "" : ", ";
  if (index >= result.certificates.size()) return cat(slot(), ", anchor ", anchor == nullptr ? std::string() : anchor->file, comma, field);
  return cat(slot(), ", certificate ", index + 1, " of ", result.certificates.size(), " (", short_name(result.certificates[index]), ")",
             comma, field);
}

std::string Validation::place(const Completed& above) const { return cat(slot(), ", issuer ", above.entry->file); }

}  // namespace spdm::certstore
