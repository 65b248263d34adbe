// A device that meets what policies ask, and checks of what they make of it.
#pragma once

#include "core/appraisal/trial.h"

namespace trial {

inline constexpr std::int64_t kTime = 1'767'225'600;  // 2026-01-01T00:00:00Z
inline constexpr const char* kAnchor = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

inline MeasurementBlock device_mode(std::uint32_t operation, std::uint32_t device = 0) {
  return {0xFE, MeasurementType::device_mode, true, Writer().u32(0x3F).u32(operation).u32(0x1F).u32(device).take()};
}

inline MeasurementBlock svn(std::uint8_t index, std::uint64_t value) {
  Writer writer;
  writer.u32(static_cast<std::uint32_t>(value)).u32(static_cast<std::uint32_t>(value >> 32));
  return {index, MeasurementType::security_version, true, writer.take()};
}

// A device in normal operation with security version 5, vouched for by vendor.pem, asked just now.
struct Good : Trial {
  explicit Good(fake::Profile profile = {}) : Trial(std::move(profile)) {
    device.blocks.back() = svn(7, 5);
    device.blocks.push_back(device_mode(4));
    evidence.time = "2026-01-01T00:00:00Z";
    evidence.live = true;
    question.now = kTime + 5;
    change_chain = [](ChainResult& chain) {
      chain.anchor.emplace();
      chain.anchor->subject = "CN=Vendor";
      chain.anchor->sha256 = kAnchor;
      chain.anchor_names = {"vendor.pem"};
    };
  }
};

inline const Finding& only_policy_finding(const Report& report) {
  const Finding* out = nullptr;
  for (const Finding& finding : report.findings)
    if (row(finding.id).check == Check::policy) {
      CHECK(out == nullptr);
      out = &finding;
    }
  REQUIRE(out != nullptr);
  CHECK_FALSE(out->remedy.empty());
  return *out;
}

inline void check_met(const Report& report) {
  CHECK(report.verdict == Verdict::pass);
  CHECK(status(report, Check::policy) == CheckStatus::pass);
}

// It fails for this reason and no other, with the exit code of a policy.
inline void check_unmet(const Report& report, FindingId id, const std::string& why) {
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.exit == Exit::policy);
  CHECK(status(report, Check::policy) == CheckStatus::fail);
  const Finding& finding = only_policy_finding(report);
  CHECK(finding.id == id);
  CHECK(finding.why == why);
}

}  // namespace trial
