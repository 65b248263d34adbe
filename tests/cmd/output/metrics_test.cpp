#include "cmd/output/metrics.h"

#include <doctest/doctest.h>

using namespace spdm;

TEST_CASE("metrics: no series is there twice, and what could not be read is there, too") {
  Report good, bad;
  good.source = bad.source = "emu://x";
  bad.verdict = Verdict::fail;
  bad.exit = Exit::bad_signature;
  good.verdict = Verdict::pass;
  for (const bool bad_first : {false, true}) {
    spdm::cmd::Metrics metrics;
    metrics.add(bad_first ? bad : good);
    metrics.add(bad_first ? good : bad);
    Error error(ErrorId::bad_input, "no");
    error.device = "file:x";
    metrics.add(error);
    const std::string text = metrics.text(0, 0, Exit::bad_signature);
    const auto count = [&](const std::string& part) {
      std::size_t out = 0;
      for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++out;
      return out;
    };
    CHECK(count("spdmctl_device_exit_code{target=\"emu://x\"") == 1);
    CHECK(count("spdmctl_device_exit_code{target=\"emu://x\",bdf=\"\",vendor=\"\",device=\"\"} 11\n") == 1);
    CHECK(count("spdmctl_device_verdict{target=\"emu://x\"") == 3);
    CHECK(count("spdmctl_device_verdict{target=\"file:x\",bdf=\"\",vendor=\"\",device=\"\",verdict=\"undetermined\"} 1\n") == 1);
    CHECK(count("spdmctl_device_exit_code{target=\"file:x\",bdf=\"\",vendor=\"\",device=\"\"} 2\n") == 1);
  }
}

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
  spdm::cmd::Metrics metrics;
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
