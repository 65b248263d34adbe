// The document of a summary. Its strings are safe to show: a reader has escaped them (result_reader.h).
#include <nlohmann/json.hpp>

#include "core/calendar.h"
#include "core/fleet/summary.h"

namespace spdm {

namespace {

void add_tally(Json& out, const Tally& in) {
  out["results"] = in.total();
  out["pass"] = in.pass;
  out["fail"] = in.fail;
  out["undetermined"] = in.undetermined;
}

// `name` and `detail` are the keys for name and detail of each row.
Json table_json(const TallyTable& in, const char* name, const char* detail = nullptr) {
  Json out = Json::array();
  for (const TallyRow& row : in.rows) {
    Json entry{{name, row.name}};
    if (detail != nullptr) entry[detail] = row.detail;
    add_tally(entry, row.devices);
    out.push_back(std::move(entry));
  }
  return out;
}

Json roots_json(const TallyTable& in) {
  Json out = table_json(in, "subject", "sha256");
  for (std::size_t i = 0; i < in.rows.size(); ++i) out[i]["trusted"] = in.rows[i].trusted;
  return out;
}

Json exits_json(const TallyTable& in) {
  Json out = Json::array();
  for (const TallyRow& row : in.rows)
    out.push_back(Json{{"exit_code", std::stoi(row.name)}, {"meaning", row.detail}, {"results", row.devices.total()}});
  return out;
}

Json periods_json(const std::vector<ExpiryPeriod>& in) {
  Json out = Json::array();
  for (const ExpiryPeriod& period : in)
    out.push_back(Json{{"period", period.name}, {"certificates", period.certificates}, {"devices", period.devices}});
  return out;
}

Json expiry_json(const Expiry& in) {
  Json out{{"periods", periods_json(in.periods)}, {"months", periods_json(in.months)}, {"soonest", Json::array()}};
  for (const ExpiringCertificate& certificate : in.soonest)
    out["soonest"].push_back(Json{{"subject", certificate.subject},
                                  {"sha256", certificate.sha256},
                                  {"not_after", certificate.not_after},
                                  {"role", name(certificate.role)},
                                  {"devices", certificate.devices}});
  return out;
}

Json lines_json(const std::vector<DeviceLine>& in) {
  Json out = Json::array();
  for (const DeviceLine& line : in) out.push_back(to_json(line));
  return out;
}

}  // namespace

Json to_json(const DeviceLine& in) {
  Json out{{"host", in.host}, {"device", in.device}, {"verdict", name(in.verdict)}, {"exit_code", static_cast<int>(in.exit)}};
  const auto add = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  add("reason", in.reason);
  add("cause", in.cause);
  add("model", in.model);
  add("firmware", in.firmware);
  add("root", in.root);
  add("version", in.version);
  add("algorithms", in.algorithms);
  add("expires", in.expires);
  for (const Difference& difference : in.differences)
    out["differences"].push_back(Json{{"what", difference.what},
                                      {"value", difference.value},
                                      {"usual", difference.usual},
                                      {"agreeing", difference.agreeing},
                                      {"siblings", difference.siblings},
                                      {"why", in_words(difference)}});
  return out;
}

Json to_json(const FleetSummary& in) {
  const bool undetermined = in.verdicts.undetermined > 0 || in.unreadable_total > 0 || in.results == 0;
  const Verdict verdict = in.verdicts.fail > 0 ? Verdict::fail : undetermined ? Verdict::undetermined : Verdict::pass;
  Json out{{"verdict", name(verdict)}, {"exit_code", static_cast<int>(in.worst)}, {"at", utc_of(in.at)}};
  out["totals"] = Json{{"results", in.results},
                       {"devices", in.devices_total},
                       {"hosts", in.hosts},
                       {"files", in.files},
                       {"repeated", in.repeated},
                       {"pass", in.verdicts.pass},
                       {"fail", in.verdicts.fail},
                       {"undetermined", in.verdicts.undetermined},
                       {"outliers", in.outliers_total},
                       {"unreadable", in.unreadable_total}};
  out["exit_codes"] = exits_json(in.exits);
  out["causes"] = table_json(in.causes, "id");
  out["vendors"] = table_json(in.vendors, "vendor");
  out["models"] = table_json(in.models, "model");
  out["firmware"] = table_json(in.firmware, "version", "model");
  out["roots"] = roots_json(in.roots);
  out["spdm_versions"] = table_json(in.versions, "version", "algorithms");
  if (!in.inspection.rows.empty()) out["inspection"] = table_json(in.inspection, "line");
  out["expiry"] = expiry_json(in.expiry);
  out["outliers"] = lines_json(in.outliers);
  out["failing"] = lines_json(in.failing);
  out["unreadable"] = Json::array();
  for (const Unreadable& entry : in.unreadable)
    out["unreadable"].push_back(Json{{"file", entry.file}, {"line", entry.line}, {"why", entry.why}});
  out["cut"] = in.cut;
  return out;
}

}  // namespace spdm
