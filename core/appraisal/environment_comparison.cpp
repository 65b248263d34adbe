#include "core/appraisal/environment_comparison.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "core/appraisal/token.h"
#include "core/text.h"

namespace spdm {

namespace {

using Result = Comparison::Result;
using Entries = std::vector<const ReferenceEnvironment*>;

enum class Fit { yes, no, incomparable };

struct Reported {
  EvidenceClaim claim;
  std::uint8_t index = 0;  // of the measurement that it stands in
  bool is_signed = false;
};

// spdm-indirect: the values are those of measurement blocks. They must be signed as well.
void resolve(Reported& reported, std::span<const Measurement> measurements, const HashAlgorithm* hash) {
  for (const std::uint8_t index : reported.claim.indirect)
    for (const Measurement& measurement : measurements) {
      if (measurement.block.index != index) continue;
      reported.is_signed = reported.is_signed && measurement.is_signed;
      if (measurement.security_version)
        reported.claim.svn = measurement.security_version;
      else if (!measurement.block.raw && hash != nullptr)
        reported.claim.fwids.push_back({std::string(hash->name), measurement.block.value});
    }
}

std::vector<Reported> reported_by(std::span<const Measurement> measurements, const HashAlgorithm* hash) {
  std::vector<Reported> out;
  for (const Measurement& measurement : measurements)
    for (EvidenceClaim& claim : claims_of(measurement)) {
      out.push_back({std::move(claim), measurement.block.index, measurement.is_signed});
      resolve(out.back(), measurements, hash);
    }
  return out;
}

auto identity_of(const EvidenceClaim& claim) {
  return std::tie(claim.vendor, claim.model, claim.type, claim.layer, claim.index, claim.element);
}

template <class Value>
bool covers(const std::optional<Value>& wanted, const std::optional<Value>& reported) {
  return !wanted || wanted == reported;
}

bool is_about(const EvidenceClaim& entry, const EvidenceClaim& claim) {
  return covers(entry.vendor, claim.vendor) && covers(entry.model, claim.model) && covers(entry.type, claim.type) &&
         covers(entry.layer, claim.layer) && covers(entry.index, claim.index) && entry.element == claim.element;
}

// All digests by algorithms that both have must be the same, and there must be one.
Fit fit_digests(const std::vector<Fwid>& wanted, const std::vector<Fwid>& reported) {
  if (wanted.empty()) return Fit::yes;
  Fit out = Fit::incomparable;
  for (const Fwid& one : wanted)
    for (const Fwid& other : reported) {
      if (one.algorithm != other.algorithm) continue;
      if (one.digest != other.digest) return Fit::no;
      out = Fit::yes;
    }
  return out == Fit::incomparable && reported.empty() ? Fit::no : out;
}

Fit fit(const EvidenceClaim& wanted, const EvidenceClaim& reported) {
  const bool others = covers(wanted.version, reported.version) && covers(wanted.svn, reported.svn) &&
                      (!wanted.min_svn || (reported.svn && *reported.svn >= *wanted.min_svn));
  return others ? fit_digests(wanted.fwids, reported.fwids) : Fit::no;
}

Comparison begin(const EvidenceClaim& claim, const Entries& entries) {
  Comparison out;
  out.environment = environment_name(claim);
  for (const ReferenceEnvironment* entry : entries) {
    out.source += cat(out.source.empty() ? "" : ", ", entry->source);
    out.expected.push_back(value_words(entry->claim));
  }
  return out;
}

// A device that sends no concise evidence at all says nothing against a list that is not complete.
EnvironmentResult not_reported(const Entries& entries, bool all_asked, bool counts) {
  Comparison out = begin(entries.front()->claim, entries);
  out.result = Result::not_reported;
  if (!counts) return {std::move(out), std::nullopt};
  const FindingId id = all_asked ? FindingId::reference_not_reported : FindingId::reference_absent;
  Finding finding{id, out.environment,
                  cat("is not reported in concise evidence, ", out.source, " has a reference value for it",
                      all_asked ? "" : "; not all measurements were asked for"),
                  all_asked ? "the firmware may differ: correct the reference values if this is expected" : "read all measurements"};
  return {std::move(out), std::move(finding)};
}

EnvironmentResult compare(const Reported& reported, const Entries& entries) {
  bool fits = false, differs = false;
  for (const ReferenceEnvironment* entry : entries) {
    const Fit how = fit(entry->claim, reported.claim);
    fits = fits || how == Fit::yes;
    differs = differs || how == Fit::no;
  }
  Comparison out = begin(entries.front()->claim, entries);
  out.index = reported.index;
  out.reported = value_words(reported.claim);
  const std::string where = cat("measurement 0x", hex(reported.index, 2), ", ", out.environment);
  if (fits && reported.is_signed) {
    out.result = Result::match;
    return {std::move(out), std::nullopt};
  }
  Finding finding{FindingId::reference_mismatch, where, {}, {}};
  if (fits) {
    out.result = Result::not_signed;
    finding = {FindingId::reference_unsigned, where, cat("fits ", out.source, ", but no good signature covers it"),
               "ask for signed measurements"};
  } else if (!differs) {
    out.result = Result::no_reference;
    finding = {FindingId::reference_absent, where, cat("is ", out.reported, ", nothing in ", out.source, " can be compared with it"),
               "give a digest of the algorithm that the device uses"};
  } else {
    out.result = Result::mismatch;
    std::string values;
    for (const std::string& value : out.expected) values += cat(values.empty() ? "" : " or ", value);
    finding.why = cat("is ", out.reported, ", the reference values of ", out.source, " are ", values);
    finding.remedy = "if this firmware is known to be good, add it to the reference values; otherwise do not use the device";
  }
  return {std::move(out), std::move(finding)};
}

EnvironmentResult unknown(const Reported& reported) {
  Comparison out = begin(reported.claim, {});
  out.index = reported.index;
  out.reported = value_words(reported.claim);
  out.result = Result::no_reference;
  Finding finding{FindingId::reference_absent, cat("measurement 0x", hex(reported.index, 2), ", ", out.environment),
                  cat("is ", out.reported, ", and no entry is about it"), "add it to the reference values, or say complete: false"};
  return {std::move(out), std::move(finding)};
}

}  // namespace

std::vector<EnvironmentResult> compare_environments(std::span<const ReferenceEnvironment* const> references,
                                                    std::span<const Measurement> measurements, const EnvironmentQuestion& question) {
  std::map<decltype(identity_of(references.front()->claim)), Entries> by_identity;
  for (const ReferenceEnvironment* entry : references) by_identity[identity_of(entry->claim)].push_back(entry);
  std::vector<Entries> groups;
  groups.reserve(by_identity.size());
  for (auto& [identity, entries] : by_identity) groups.push_back(std::move(entries));
  std::vector<EnvironmentResult> out;
  const std::vector<Reported> all = reported_by(measurements, question.measurement_hash);
  for (const Entries& entries : groups) {
    bool reported = false;
    for (const Reported& one : all)
      if (is_about(entries.front()->claim, one.claim)) {
        out.push_back(compare(one, entries));
        reported = true;
      }
    if (!reported) out.push_back(not_reported(entries, question.all_asked, question.complete || !all.empty()));
  }
  if (!question.complete) return out;
  for (const Reported& one : all)
    if (std::none_of(groups.begin(), groups.end(), [&](const Entries& group) { return is_about(group.front()->claim, one.claim); }))
      out.push_back(unknown(one));
  return out;
}

}  // namespace spdm
