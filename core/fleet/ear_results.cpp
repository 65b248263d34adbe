#include "core/fleet/ear_results.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "core/crypto/jws.h"
#include "core/fleet/result_fields.h"

namespace spdm {

const std::string_view kSignedEar =
    "is a signed EAR (JWT), and report has no key to check it with: check it with the verifier's key, and give the claims in it";

namespace {

constexpr std::size_t kMaxWrapped = 16U << 20;  // characters of base64url
constexpr std::size_t kMaxType = 512;

constexpr std::array<std::string_view, 4> kTiers{"affirming", "warning", "none", "contraindicated"};

// What the writer has made of a report: affirmed is only what passes, and what fails is contraindicated.
bool fits(std::string_view status, Verdict verdict) {
  if (status == "affirming" || status == "warning") return verdict == Verdict::pass;
  return verdict != Verdict::fail || status == "contraindicated";
}

Result read_submod(JsonStream& in, const EarNames& names, std::string label) {
  Result out;
  std::string status, target, bdf;
  bool has_verdict = false, has_exit = false;
  in.object([&](std::string_view key) {
    if (key == names.status) return void(status = string_of(in, kWord));
    if (key != names.report) return in.skip();
    in.object([&](std::string_view name) {
      if (name == "verdict") {
        out.verdict = word_of(in, kVerdicts);
        has_verdict = true;
      } else if (name == "exit_code") {
        out.exit = exit_of(in);
        has_exit = true;
      } else if (name == "reason") {
        out.reason = string_of(in, kSentence);
      } else if (name == "target") {
        target = string_of(in, kName);
      } else if (name == "bdf") {
        bdf = string_of(in, kWord);
      } else {
        in.skip();
      }
    });
  });
  if (std::find(kTiers.begin(), kTiers.end(), status) == kTiers.end())
    in.fail(status.empty() ? cat("has no \"", names.status, "\"") : cat("\"", status, "\" is not a tier of trustworthiness"));
  if (!has_verdict || !has_exit) in.fail(cat("has no \"", names.report, "\" with verdict and exit code: spdmctl has not written it"));
  if ((out.verdict == Verdict::pass) != (out.exit == Exit::ok) || !fits(status, out.verdict))
    in.fail(cat("says ", status, ", ", name(out.verdict), " and exit code ", static_cast<int>(out.exit), ": it contradicts itself"));
  out.device = !bdf.empty() ? bdf : !target.empty() ? target : std::move(label);
  return out;
}

}  // namespace

const EarNames& ear_profile_of(JsonStream& in) {
  const std::string profile = string_of(in, kName);
  for (const EarNames& names : kEarProfiles)
    if (names.profile == profile) return names;
  in.fail(cat("\"", profile, "\" is not a profile of attestation results that is read here"));
}

void read_ear_submods(JsonStream& in, const EarNames& names, const std::function<void(Result)>& sink) {
  in.object([&](std::string_view key) {
    std::string label = shown(std::string(key.substr(0, kName)));
    sink(read_submod(in, names, std::move(label)));
  });
}

std::string read_wrapped_ear(JsonStream& in) {
  std::vector<std::string> parts;
  in.array([&] {
    if (in.kind() == '"' && parts.size() < 2)
      parts.push_back(in.string(parts.empty() ? kMaxType : kMaxWrapped + 1));
    else
      in.skip();
  });
  if (parts.size() != 2 || !parts[0].starts_with("application/")) in.fail("is not an object, and no wrapper (CMW) around one");
  if (parts[1].size() > kMaxWrapped) in.fail("is a wrapper around more than is read of one; give what is inside");
  if (parts[0].starts_with("application/eat+jwt")) in.fail(kSignedEar);
  const std::optional<Bytes> contents = crypto::from_base64url(parts[1]);
  if (!contents) in.fail("is a wrapper whose contents are not base64url");
  return std::string(as_text(*contents));
}

}  // namespace spdm
