// Compares measurements with reference values (references.h). Only a measurement that a good signature covers can
// match.
#include <algorithm>
#include <map>
#include <set>

#include "core/appraisal/appraiser.h"
#include "core/appraisal/environment_comparison.h"
#include "core/appraisal/references.h"
#include "core/appraisal/token.h"
#include "core/crypto/crypto.h"
#include "core/text.h"

namespace spdm {

namespace {

using Form = ReferenceValue::Form;
using Result = Comparison::Result;

// All reference values for one index of the device.
using Rows = std::vector<const ReferenceMeasurement*>;

enum class Fit { yes, no, incomparable };

// Compares a digest with a raw bit stream. DSP0274 defines the digest as the hash of the raw bit stream, except for
// hash-extend blocks.
Fit compare_digests(View digest, View raw, const HashAlgorithm* hash) {
  if (hash == nullptr || hash->size != digest.size() || !crypto::supports(*hash)) return Fit::incomparable;
  return equal(crypto::hash(*hash, raw), digest) ? Fit::yes : Fit::no;
}

Fit fit(const MeasurementBlock& block, const ReferenceValue& value, const HashAlgorithm* measurement_hash) {
  const bool is_digest = value.form == Form::digest;
  if (is_digest && !block.raw) {
    const bool other_hash = value.hash != nullptr && measurement_hash != nullptr && value.hash != measurement_hash;
    if (other_hash || value.bytes.size() != block.value.size()) return Fit::incomparable;
    return value.bytes == block.value ? Fit::yes : Fit::no;
  }
  if (!is_digest && block.raw) return value.bytes == block.value ? Fit::yes : Fit::no;
  if (block.type == MeasurementType::hash_extend) return Fit::incomparable;
  if (!block.raw) return compare_digests(block.value, value.bytes, measurement_hash);
  return compare_digests(value.bytes, block.value, value.hash != nullptr ? value.hash : measurement_hash);
}

std::string index_of(std::uint8_t index) { return cat("measurement 0x", hex(index, 2)); }

std::string where(const MeasurementBlock& block) { return cat(index_of(block.index), " (", name(block.type), ")"); }

std::string shortened(const std::string& value) {
  constexpr std::size_t kWhole = 128, kShown = 48;  // digests are shown whole: two may differ in the last digit
  return value.size() <= kWhole ? value : cat(value.substr(0, kShown), "... (", value.size() / 2, " bytes)");
}

// A comparison has a value in full only where a person could still compare: what was measured is in the report once, whole.
std::string bounded(std::string value, std::size_t bytes) {
  constexpr std::size_t kMost = 4096, kShown = 48;
  return value.size() <= kMost ? std::move(value) : cat(value.substr(0, kShown), "... (", bytes, " bytes)");
}

std::string sources_of(const Rows& rows) {
  std::string out;
  for (const ReferenceMeasurement* row : rows) out += cat(out.empty() ? "" : ", ", row->source);
  return out;
}

std::vector<std::string> expectations(const Rows& rows, std::optional<std::uint64_t> min_svn) {
  std::vector<std::string> out;
  for (const ReferenceMeasurement* row : rows)
    for (const ReferenceValue& value : row->allowed) out.push_back(bounded(to_string(value), value.bytes.size()));
  if (min_svn) out.push_back(cat("svn >= ", *min_svn));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

// The measured value in the form of the reference value.
std::string reported_as(const Measurement& measurement, const Rows& rows, const HashAlgorithm* measurement_hash) {
  const MeasurementBlock& block = measurement.block;
  if (measurement.security_version) return cat("svn ", *measurement.security_version);
  if (!block.raw) return hex(block.value);
  const auto whole = [&](std::string value) { return bounded(std::move(value), block.value.size()); };
  bool text = false, digest = false;
  const HashAlgorithm* hash = measurement_hash;
  for (const ReferenceMeasurement* row : rows)
    for (const ReferenceValue& value : row->allowed) {
      text = text || value.form == Form::text;
      digest = digest || value.form == Form::digest;
      if (value.hash != nullptr) hash = value.hash;
    }
  if (measurement.text && (text || !digest)) return whole(std::string(as_text(block.value)));
  if (!digest || text) return whole(hex(block.value));
  return hash != nullptr && crypto::supports(*hash) ? hex(crypto::hash(*hash, block.value)) : whole(hex(block.value));
}

std::optional<std::uint64_t> required_svn(const Rows& rows) {
  std::optional<std::uint64_t> out;
  for (const ReferenceMeasurement* row : rows)
    if (row->min_svn) out = std::max(out.value_or(0), *row->min_svn);
  return out;
}

bool has_value(const ReferenceMeasurement* row) { return !row->ignore; }

// The indices that the device was asked for. An index that was not asked for cannot be missing.
struct Asked {
  bool all = false;
  std::set<std::uint8_t> indices;

  bool contains(std::uint8_t index) const { return all || indices.contains(index); }
};

Asked asked_of(const Connection& connection, const Report& report) {
  Asked out;
  std::set<std::uint8_t> reported;
  for (const MeasurementsSeen& seen : connection.measurements()) {
    out.all = out.all || seen.request.operation == kAllMeasurements;
    out.indices.insert(seen.request.operation);
    for (const MeasurementBlock& block : seen.response.blocks) reported.insert(block.index);
  }
  // Asking for each index, one by one, is asking for all.
  out.all = out.all || (!reported.empty() && report.measurement_count && reported.size() >= *report.measurement_count);
  return out;
}

// Compares one device with the entries that match it.
class Comparer {
 public:
  Comparer(Report& report, const Connection& connection, bool demanded, bool partial)
      : report_(report),
        asked_(asked_of(connection, report)),
        hash_(connection.parameters().measurement_hash),
        demanded_(demanded),
        partial_(partial) {}

  void add(const DeviceReferences& device) {
    complete_ = complete_ || device.complete;
    if (entry_.empty()) entry_ = device.source;
    for (const ReferenceMeasurement& one : device.measurements) rows_[one.index].push_back(&one);
    for (const ReferenceEnvironment& one : device.environments) environments_.push_back(&one);
  }

  CheckResult run() {
    for (auto& [index, rows] : rows_) {
      if (std::any_of(rows.begin(), rows.end(), has_value)) std::erase_if(rows, [](const auto* row) { return !has_value(row); });
      known(index, rows);
    }
    for (const Measurement& measurement : report_.measurements)
      if (!rows_.contains(measurement.block.index) && !is_compared_within(measurement)) unknown(measurement);
    compare_within();
    std::stable_sort(report_.comparisons.begin(), report_.comparisons.end(),
                     [](const Comparison& a, const Comparison& b) { return a.index < b.index; });
    // A policy that requires reference values also requires that at least one was compared; and so do values for concise evidence, which a
    // device may leave out.
    if ((demanded_ || !environments_.empty()) && matches_ == 0 && !failed_ && !open_)
      leave_open({FindingId::reference_absent, "", cat("no measurement was compared with a value: ", entry_, " has none that counts"),
                  "give the reference values of its firmware"});
    return {Check::references, failed_ ? CheckStatus::fail : open_ ? CheckStatus::not_run : CheckStatus::pass, summary()};
  }

 private:
  void known(std::uint8_t index, const Rows& rows) {
    if (!has_value(rows.front())) return ignored(index, rows);
    bool reported = false;
    for (const Measurement& measurement : report_.measurements)
      if (measurement.block.index == index) {
        compare(measurement, rows);
        reported = true;
      }
    if (!reported) missing(index, rows);
  }

  // An ignored index may have a type: then a measurement of another type there is a mismatch.
  void ignored(std::uint8_t index, const Rows& rows) {
    ++ignored_;
    for (const Measurement& measurement : report_.measurements) {
      const MeasurementType type = measurement.block.type;
      const auto about = [&](const ReferenceMeasurement* row) { return !row->type || *row->type == type; };
      if (measurement.block.index != index || std::any_of(rows.begin(), rows.end(), about)) continue;
      Comparison& out = entry(index, Result::mismatch, rows);
      out.reported = reported_as(measurement, {}, hash_);
      fail({FindingId::reference_mismatch, where(measurement.block), cat("what ", out.source, " leaves out is ", name(*rows.front()->type)),
            "the firmware may differ"});
    }
  }

  void missing(std::uint8_t index, const Rows& rows) {
    if (!asked_.contains(index)) {
      open_ = open_ || demanded_ || !partial_;
      return void(++not_asked_);
    }
    Comparison& out = entry(index, Result::not_reported, rows);
    out.expected = expectations(rows, required_svn(rows));
    fail({FindingId::reference_not_reported, index_of(index), cat("is not reported, ", out.source, " has a reference value for it"),
          "the firmware may differ: correct the reference values if this is expected"});
  }

  void unknown(const Measurement& measurement) {
    Comparison& out = entry(measurement.block.index, Result::no_reference, {});
    out.reported = reported_as(measurement, {}, hash_);
    if (!complete_ && !demanded_) return;
    leave_open({FindingId::reference_absent, where(measurement.block),
                cat("is ", shortened(out.reported), ", ", entry_, " has no reference value for it"),
                "add it to the reference values, with ignore: true if it changes legitimately"});
  }

  void compare(const Measurement& measurement, const Rows& all) {
    const MeasurementBlock& block = measurement.block;
    Rows rows;
    std::copy_if(all.begin(), all.end(), std::back_inserter(rows), [&](const auto* row) { return !row->type || *row->type == block.type; });
    Comparison& out = entry(block.index, Result::match, rows.empty() ? all : rows);
    const std::optional<std::uint64_t> min_svn = required_svn(rows);
    out.expected = expectations(rows.empty() ? all : rows, min_svn);
    out.reported = reported_as(measurement, rows.empty() ? all : rows, hash_);
    if (rows.empty()) {
      out.result = Result::mismatch;
      return fail({FindingId::reference_mismatch, where(block),
                   cat("the reference value of ", out.source, " is for ", name(*all.front()->type)), "the firmware may differ"});
    }
    bool fits = false, compared = false, any = false;
    for (const ReferenceMeasurement* row : rows)
      for (const ReferenceValue& value : row->allowed) {
        const Fit how = fit(block, value, hash_);
        fits = fits || how == Fit::yes;
        compared = compared || how != Fit::incomparable;
        any = true;
      }
    if (any && !compared) return incomparable(measurement, out);
    if (any && !fits) return differs(measurement, out);
    if (min_svn && !measurement.security_version) return differs(measurement, out);
    if (min_svn && *measurement.security_version < *min_svn) return too_low(measurement, out, *min_svn);
    if (measurement.is_signed) return void(++matches_);
    out.result = Result::not_signed;
    leave_open({FindingId::reference_unsigned, where(block), cat("fits ", out.source, ", but no good signature covers it"),
                "ask for signed measurements"});
  }

  // What a manifest or token says is compared instead of its bytes, which differ with each nonce.
  bool is_compared_within(const Measurement& measurement) const { return !environments_.empty() && !claims_of(measurement).empty(); }

  void compare_within() {
    if (environments_.empty()) return;
    const EnvironmentQuestion question{hash_, asked_.all, complete_ || demanded_};
    for (EnvironmentResult& one : compare_environments(environments_, report_.measurements, question)) {
      if (one.finding)
        one.finding->severity() == Severity::failure ? fail(std::move(*one.finding)) : leave_open(std::move(*one.finding));
      else if (one.comparison.result == Result::match)
        ++matches_;
      report_.comparisons.push_back(std::move(one.comparison));
    }
  }

  void incomparable(const Measurement& measurement, Comparison& out) {
    out.result = Result::no_reference;
    const MeasurementBlock& block = measurement.block;
    const std::string form = block.raw ? "a raw bit stream" : cat("a digest", hash_ == nullptr ? "" : cat(" of ", hash_->name));
    leave_open({FindingId::reference_absent, where(block),
                cat("is ", form, " of ", block.value.size(), " bytes, nothing in ", out.source,
                    " can be compared with it: ", shortened(out.expected.front())),
                block.raw ? "say with hash: what the digest was made with, or give the raw value"
                          : "give a digest of the hash algorithm that the device measures with, or the raw value"});
  }

  void differs(const Measurement& measurement, Comparison& out) {
    out.result = Result::mismatch;
    const bool one = out.expected.size() == 1;
    std::string values;
    for (const std::string& value : out.expected) values += cat(values.empty() ? "" : " or ", shortened(value));
    fail({FindingId::reference_mismatch, where(measurement.block),
          cat("is ", shortened(out.reported), ", the reference value", one ? "" : "s", " of ", out.source, one ? " is " : " are ", values),
          "if this firmware is known to be good, add it to the reference values; otherwise do not use the device"});
  }

  void too_low(const Measurement& measurement, Comparison& out, std::uint64_t min_svn) {
    out.result = Result::mismatch;
    fail({FindingId::svn_too_low, where(measurement.block),
          cat("the security version number is ", *measurement.security_version, ", ", out.source, " asks for at least ", min_svn),
          "update the firmware of the device"});
  }

  Comparison& entry(std::uint8_t index, Result result, const Rows& rows) {
    Comparison& out = report_.comparisons.emplace_back();
    out.index = index;
    out.result = result;
    out.source = sources_of(rows);
    return out;
  }

  void fail(Finding finding) {
    failed_ = true;
    report_.findings.push_back(std::move(finding));
  }
  void leave_open(Finding finding) {
    open_ = true;
    report_.findings.push_back(std::move(finding));
  }

  std::string summary() const {
    std::map<Result, std::size_t> counts;
    for (const Comparison& one : report_.comparisons) ++counts[one.result];
    std::string out = cat(matches_, matches_ == 1 ? " matches" : " match");
    const auto add = [&](std::size_t count, std::string_view what) {
      if (count != 0) out += cat(", ", count, " ", what);
    };
    add(counts[Result::mismatch], "differ");
    add(counts[Result::not_reported], "not reported");
    add(counts[Result::not_signed], "not signed");
    add(counts[Result::no_reference], "without a reference value");
    add(not_asked_, "not asked for");
    add(ignored_, "ignored");
    return out;
  }

  Report& report_;
  const Asked asked_;
  const HashAlgorithm* hash_;
  const bool demanded_;  // a policy requires references: nothing may be left out
  const bool partial_;   // the user asked for some indices only; else an index that was not asked for is a gap
  bool complete_ = false, failed_ = false, open_ = false;
  std::size_t matches_ = 0, ignored_ = 0, not_asked_ = 0;
  std::string entry_;
  std::map<std::uint8_t, Rows> rows_;
  std::vector<const ReferenceEnvironment*> environments_;
};

}  // namespace

void Appraiser::check_references() {
  const References* references = question_.references;
  const bool demanded = question_.rule.require.references;
  if (references == nullptr && !demanded) return;
  const bool asked = demanded || references->asked;
  const Connection* connection = last_connection();
  const auto is_read = [](const MeasurementsSeen& seen) { return seen.request.operation != kMeasurementCount; };
  const bool read = connection != nullptr && std::any_of(connection->measurements().begin(), connection->measurements().end(), is_read);
  // Where the run ended before the device measured anything, that is the reason, and nobody knows which values match it.
  if (values_.empty() && (read || !report_.error)) {
    const std::string none = references == nullptr ? "no reference values were given" : "no reference values match this device";
    if (!asked) return result(Check::references, CheckStatus::not_needed, none);
    add({FindingId::reference_absent, "", none,
         "save the measurements of a known-good device: spdmctl measurements --save-reference FILE; or correct what the values match"});
    return result(Check::references, CheckStatus::not_run, none);
  }
  const bool refused = connection != nullptr && std::any_of(connection->errors().begin(), connection->errors().end(),
                                                            [](const ErrorSeen& seen) { return seen.request == Code::get_measurements; });
  if (!read)
    return result(Check::references, asked || refused || question_.wants_measurements() ? CheckStatus::not_run : CheckStatus::not_needed,
                  "no measurements were read");
  Comparer comparer(report_, *connection, demanded, question_.user.partial);
  for (const DeviceReferences* device : values_) comparer.add(*device);
  report_.checks.push_back(comparer.run());
}

}  // namespace spdm
