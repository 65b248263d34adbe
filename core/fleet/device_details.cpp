#include "core/fleet/device_details.h"

#include <nlohmann/json.hpp>

namespace spdm {

Json to_json(const DeviceDetails& in) {
  Json out{{"evidence", in.evidence}, {"leaf_key", in.leaf_key}, {"findings", Json::array()}};
  out["certificates"] = out["measurements"] = Json::array();
  for (const DeviceDetails::Finding& finding : in.findings) out["findings"].push_back(finding);
  for (const DeviceDetails::Certificate& one : in.certificates)
    out["certificates"].push_back(Json::array({one.subject, one.sha256, one.not_after, one.is_ca ? 1 : 0}));
  for (const DeviceDetails::Measurement& one : in.measurements)
    out["measurements"].push_back(Json::array({one.index, one.type, one.value, one.is_signed ? 1 : 0}));
  return out;
}

bool DetailStore::has_room(std::size_t numbers, bool passes) const {
  const std::size_t part = passes ? 2 : 1;
  return rows_.size() < limits_.devices / part && numbers_ + numbers <= limits_.numbers / part &&
         texts_.bytes() < limits_.text_bytes / part;
}

void DetailStore::keep(std::size_t row, const Result& in) {
  const std::size_t numbers = 2 + 5 * in.findings.size() + 4 * (in.certificates.size() + in.measurements.size());
  if (!has_room(numbers, in.verdict == Verdict::pass)) {
    full_ = true;
    return;
  }
  numbers_ += numbers;
  DeviceDetails& out = rows_[row];
  out.evidence = texts_.id(in.evidence_sha256);
  out.leaf_key = texts_.id(in.leaf_key);
  for (const ResultFinding& one : in.findings)
    out.findings.push_back({texts_.id(one.id), texts_.id(one.severity), texts_.id(one.where), texts_.id(one.why), texts_.id(one.remedy)});
  for (const ResultCertificate& one : in.certificates)
    out.certificates.push_back({texts_.id(one.subject), texts_.id(one.sha256), texts_.id(one.not_after), one.is_ca});
  for (const ResultMeasurement& one : in.measurements)
    out.measurements.push_back({one.index, texts_.id(one.type), texts_.id(one.value), one.is_signed});
}

const DeviceDetails* DetailStore::find(std::size_t row) const {
  const auto found = rows_.find(row);
  return found == rows_.end() ? nullptr : &found->second;
}

std::vector<std::string> DetailStore::texts() const {
  std::vector<std::string> out;
  for (std::size_t id = 0; id < texts_.size() + 2; ++id) out.push_back(texts_[static_cast<NameId>(id)]);
  return out;
}

}  // namespace spdm
