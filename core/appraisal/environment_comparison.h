// Compares the concise evidence that a device sends, in manifests and signed tokens, with reference values for environments
// (references.h).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/appraisal/references.h"
#include "core/appraisal/report.h"

namespace spdm {

// Of all entries about one element of an environment, or of one claim that no entry is about.
struct EnvironmentResult {
  Comparison comparison;
  std::optional<Finding> finding;  // nothing where it matches, or says nothing
};

struct EnvironmentQuestion {
  const HashAlgorithm* measurement_hash = nullptr;  // of the connection: what digests of measurement blocks were made with
  bool all_asked = false;                           // an element that is not reported is missing
  bool complete = false;                            // a claim without an entry is a gap
};

// `references` may be of several files; those about the same class and element are alternatives. A claim is of an environment that has
// all that the entry names of its class (draft-ietf-rats-corim, "Matching environments"). Only a claim in a measurement that a good
// signature covers can match.
std::vector<EnvironmentResult> compare_environments(std::span<const ReferenceEnvironment* const> references,
                                                    std::span<const Measurement> measurements, const EnvironmentQuestion& question);

}  // namespace spdm
