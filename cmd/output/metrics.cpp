#include "cmd/output/metrics.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "core/calendar.h"
#include "core/text.h"

namespace spdm::cmd {

namespace {

// The format escapes the backslash, the quote and the line feed. printable() has replaced control characters before.
std::string label(std::string_view name, std::string_view value) {
  std::string out = cat(name, "=\"");
  for (const char c : printable(value)) {
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string id(const std::optional<PciIdentity>& identity, std::uint16_t PciIdentity::*member) {
  return identity ? hex((*identity).*member, 4) : std::string();
}

std::string labels(const std::string& source, const HostView& host) {
  return cat(label("target", source), ",", label("bdf", host.bdf.value_or("")), ",",
             label("vendor", id(host.identity, &PciIdentity::vendor)), ",", label("device", id(host.identity, &PciIdentity::device)));
}

std::string head(std::string_view name, std::string_view help) { return cat("# HELP ", name, " ", help, "\n# TYPE ", name, " gauge\n"); }

std::string in_seconds(double seconds) {
  std::array<char, 32> out{};
  const int size = std::snprintf(out.data(), out.size(), "%.3f", seconds);
  return {out.data(), static_cast<std::size_t>(size)};
}

}  // namespace

void Metrics::add(const Report& report) {
  Device out;
  out.labels = labels(report.source, report.host);
  out.verdict = name(report.verdict);
  out.exit = report.exit;
  out.measurements = report.measurements.size();
  for (const SlotReport& slot : report.slots) {
    if (!slot.chain) continue;
    for (std::size_t i = 0; i < slot.chain->certificates.size(); ++i) {
      const CertificateInfo& certificate = slot.chain->certificates[i];
      if (const std::optional<std::int64_t> time = parse_rfc3339(certificate.not_after))
        out.certificates.push_back({cat(label("slot", cat(slot.slot)), ",", label("certificate", cat(i)), ",",
                                        label("subject", certificate.subject), ",", label("sha256", certificate.sha256)),
                                    *time});
    }
  }
  keep(std::move(out));
}

void Metrics::add(const Error& error) {
  Device out;
  out.labels = labels(error.device, {});
  out.verdict = name(Verdict::undetermined);
  out.exit = row(error.id).exit;
  keep(std::move(out));
}

void Metrics::keep(Device device) {
  const auto before = std::find_if(devices_.begin(), devices_.end(), [&](const Device& other) { return other.labels == device.labels; });
  if (before == devices_.end())
    devices_.push_back(std::move(device));
  else if (worse(before->exit, device.exit) != before->exit)
    *before = std::move(device);
}

std::string Metrics::text(std::int64_t timestamp, double duration, Exit exit) const {
  std::string out = head("spdmctl_device_verdict", "1 for the verdict on the device, 0 for the others.");
  for (const Device& device : devices_)
    for (const Verdict verdict : {Verdict::pass, Verdict::fail, Verdict::undetermined})
      out += cat("spdmctl_device_verdict{", device.labels, ",", label("verdict", name(verdict)), "} ",
                 name(verdict) == device.verdict ? 1 : 0, "\n");
  out += head("spdmctl_device_exit_code", "Exit code of the device, 0 when it passed.");
  for (const Device& device : devices_) out += cat("spdmctl_device_exit_code{", device.labels, "} ", static_cast<int>(device.exit), "\n");
  out += head("spdmctl_device_measurements", "Measurements that were read of the device.");
  for (const Device& device : devices_) out += cat("spdmctl_device_measurements{", device.labels, "} ", device.measurements, "\n");
  out += head("spdmctl_certificate_not_after_seconds", "When a certificate of the device expires, in seconds since the epoch.");
  for (const Device& device : devices_)
    for (const Device::Certificate& certificate : device.certificates)
      out += cat("spdmctl_certificate_not_after_seconds{", device.labels, ",", certificate.labels, "} ", certificate.not_after, "\n");
  out += head("spdmctl_audit_timestamp_seconds", "When the audit began, in seconds since the epoch.");
  out += cat("spdmctl_audit_timestamp_seconds ", timestamp, "\n");
  out += head("spdmctl_audit_duration_seconds", "How long the audit took.");
  out += cat("spdmctl_audit_duration_seconds ", in_seconds(duration), "\n");
  out += head("spdmctl_audit_exit_code", "Exit code of the audit: the worst of all devices.");
  out += cat("spdmctl_audit_exit_code ", static_cast<int>(exit), "\n");
  return out;
}

}  // namespace spdm::cmd
