#include "cmd/output/pcr_event.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/text.h"

namespace spdm::cmd {

namespace {

void set_result(Json& event, Verdict verdict, Exit exit) {
  event["verdict"] = name(verdict);
  event["exit_code"] = static_cast<int>(exit);
}

// Whether something was compared with it, or nobody was to compare: what the owner's reference values ignore changes as it likes.
bool counts(const Report& report, const Measurement& measurement) {
  if (!measurement.is_signed) return false;
  const CheckResult* const check = check_of(report, Check::references);
  const bool compared = check != nullptr && check->status != CheckStatus::not_needed && check->status != CheckStatus::not_run;
  return !compared || std::any_of(report.comparisons.begin(), report.comparisons.end(),
                                  [&](const Comparison& one) { return one.index == measurement.block.index; });
}

}  // namespace

void PcrEvents::add(const Report& report) {
  Json event{{"schema", kPcrEventSchema}};
  const std::string& device = report.host.bdf ? *report.host.bdf : report.host.target.empty() ? report.source : report.host.target;
  event["device"] = printable(device);
  set_result(event, report.verdict, report.exit);
  if (const SlotReport* const slot = main_slot(report); slot != nullptr && slot->used && slot->chain) {
    if (!slot->chain->leaf_key_sha256.empty()) event["leaf_key_sha256"] = slot->chain->leaf_key_sha256;
    if (slot->chain->anchor) event["anchor_sha256"] = slot->chain->anchor->sha256;
  }
  for (const Measurement& measurement : report.measurements)
    if (counts(report, measurement))
      event["measurements"].push_back(
          Json{{"index", measurement.block.index}, {"type", name(measurement.block.type)}, {"value", hex(measurement.block.value)}});
  events_.emplace_back(report.source, std::move(event));
}

void PcrEvents::take_back(const Together& together) {
  for (const TakenBack& one : together.taken_back)
    for (auto& [source, event] : events_)
      if (source == one.place) set_result(event, Verdict::fail, row(one.id).exit);
}

std::vector<std::string> PcrEvents::lines() const {
  std::vector<std::string> out;
  for (const auto& [source, event] : events_) out.push_back(event.dump(-1, ' ', false, Json::error_handler_t::replace));
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace spdm::cmd
