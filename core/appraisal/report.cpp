#include "core/appraisal/report.h"

#include <algorithm>

namespace spdm {

std::vector<std::string_view> action_names(const PolicyResult& policy) {
  if (policy.actions.empty()) return {"allow"};
  std::vector<std::string_view> out;
  for (const FailureAction action : policy.actions) out.push_back(name(action));
  return out;
}

std::vector<std::string_view> claims_of(const Report& report) {
  std::vector<std::string_view> out;
  const HostView& host = report.host;
  if (!host.is_claimed) return out;
  const auto claim = [&](std::string_view name, bool there) {
    if (there) out.push_back(name);
  };
  claim("time", !report.time.empty());
  claim("collector", !report.collector.empty());
  claim("host.target", !host.target.empty());
  claim("host.bdf", host.bdf.has_value());
  claim("host.identity", host.identity && !host.identity_given);
  claim("host.driver", host.driver.has_value());
  claim("host.owner", host.owner.has_value());
  claim("host.slot", host.slot.has_value());
  claim("host.removable", host.removable.has_value());
  claim("host.hostname", host.hostname.has_value());
  claim("host.platform", host.platform != PlatformView{});
  claim("host.encryption", host.encryption.has_value());
  claim("host.drive", host.drive.has_value());
  claim("host.mctp", host.mctp.has_value());
  claim("connection.sessions", report.connection && std::any_of(report.connection->sessions.begin(), report.connection->sessions.end(),
                                                                [](const SessionReport& session) { return !session.proven; }));
  return out;
}

Report error_report(const Error& error, const std::string& source) {
  Report out;
  out.source = source;
  out.error = interruption_of(error);
  out.exit = row(error.id).exit;
  out.reason = error.what();
  return out;
}

}  // namespace spdm
