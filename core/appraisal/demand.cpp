#include "core/appraisal/demand.h"

#include "core/appraisal/policy.h"
#include "core/text.h"

namespace spdm {

std::vector<Demand> demands_of(const Question& question) {
  std::vector<Demand> out;
  if (question.policy && question.policy->exempt) return out;
  const Requirement& require = question.require;
  const auto add = [&](bool wanted, Demand demand) {
    if (wanted) out.push_back(demand);
  };
  add(question.authenticate, Demand::authenticated);
  add(question.identity_match != IdentityMatch::none, Demand::identity);
  add(question.measurements, Demand::measurements);
  add(!require.roots.empty(), Demand::roots);
  add(require.pin, Demand::pin);
  add(require.min_version.has_value(), Demand::min_version);
  add(require.min_strength.has_value(), Demand::min_strength);
  add(require.references, Demand::references);
  add(require.debug_off, Demand::debug_off);
  add(require.min_svn.has_value(), Demand::min_svn);
  add(require.max_age.has_value(), Demand::max_age);
  add(require.max_crl_age.has_value(), Demand::crls);
  return out;
}

namespace {

std::string listed(const std::vector<std::string>& roots) {
  std::string out;
  for (const std::string& root : roots) out += cat(out.empty() ? "" : ", ", printable(root));
  return out;
}

}  // namespace

std::string words(Demand demand, const Question& question) {
  const Requirement& require = question.require;
  switch (demand) {
    case Demand::authenticated:
      return "authenticated";
    case Demand::identity:
      return question.identity_match == IdentityMatch::ids ? "the certificate names its vendor and device id"
                                                           : "the certificate names the function";
    case Demand::measurements:
      return "signed measurements";
    case Demand::roots:
      return cat(require.roots.size() == 1 ? "vouched for by " : "vouched for by one of: ", listed(require.roots));
    case Demand::pin:
      return "the device that is pinned";
    case Demand::min_version:
      return cat("SPDM ", version_name(require.min_version.value_or(k10)), " or newer");
    case Demand::min_strength:
      return cat("algorithms of ", require.min_strength.value_or(0), " bits or more");
    case Demand::references:
      return "measurements match reference values";
    case Demand::debug_off:
      return "in normal operation, and debug is off";
    case Demand::min_svn:
      return cat("security version ", require.min_svn.value_or(0), " or higher");
    case Demand::max_age:
      return cat("asked at most ", duration_text(require.max_age.value_or(0)), " ago");
    case Demand::crls:
      return cat("revocation lists of at most ", duration_text(require.max_crl_age.value_or(0)));
  }
  return {};
}

}  // namespace spdm
