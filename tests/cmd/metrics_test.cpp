#include "cmd/metrics.h"

#include <doctest/doctest.h>

using namespace spdm;

TEST_CASE("metrics: labels are escaped, and what is not known is empty") {
  Report report;
  report.source = "emu://x\\\"\n";
  report.verdict = Verdict::fail;
  report.exit = Exit::policy;
  report.host.identity = parse_pci_identity("Vendor=1b36:Device=0010:CC=010802:REV=02:SSVID=1af4:SSID=1100");
  SlotReport& slot = report.slots.emplace_back();
  slot.chain.emplace();
  slot.chain->certificates.emplace_back().not_after = "2026-01-01T00:00:00Z";
  slot.chain->certificates.back().subject = "CN=\"a\\b\"";
  slot.chain->certificates.emplace_back().not_after = "unreadable";
  cmd::Metrics metrics;
  metrics.add(report);
  const std::string text = metrics.text(1'767'225'600, 1.5, Exit::policy);
  const std::string labels = R"({target="emu://x\\\\\"\\x0a",bdf="",vendor="1b36",device="0010")";
  const auto has = [&](const std::string& line) { return text.find("\n" + line + "\n") != std::string::npos; };
  CHECK(has("spdmctl_device_verdict" + labels + ",verdict=\"pass\"} 0"));
  CHECK(has("spdmctl_device_verdict" + labels + ",verdict=\"fail\"} 1"));
  CHECK(has("spdmctl_device_exit_code" + labels + "} 13"));
  CHECK(
      has("spdmctl_certificate_not_after_seconds" + labels + R"(,slot="0",certificate="0",subject="CN=\"a\\\\b\"",sha256=""} 1767225600)"));
  CHECK(text.find("certificate=\"1\"") == std::string::npos);
  CHECK(has("spdmctl_audit_timestamp_seconds 1767225600"));
  CHECK(has("spdmctl_audit_duration_seconds 1.500"));
  CHECK(has("spdmctl_audit_exit_code 13"));
  CHECK(has("# TYPE spdmctl_audit_exit_code gauge"));
}
