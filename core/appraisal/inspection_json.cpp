#include "core/appraisal/inspection_json.h"

#include <nlohmann/json.hpp>

#include "core/appraisal/encryption_json.h"
#include "core/appraisal/report.h"
#include "core/appraisal/tdisp_json.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::size_t kStreamsTold = 32;

Json to_json(const InspectionLine& in) {
  Json out{{"line", name(in.item)}, {"status", name(in.status)}, {"why", printable(in.detail)}, {"needed_for", Json::array()}};
  for (const Word<Readiness>& row : kReadinesses)
    if (needs(row.value, in.item)) out["needed_for"].push_back(row.name);
  if (!in.remedy.empty()) out["remedy"] = printable(in.remedy);
  return out;
}

Json to_json(const PortSeen& in) {
  const IdeKmQueryResp& answer = in.answer;
  Json out{{"port", answer.port},
           {"function", to_string(FunctionId{static_cast<std::uint32_t>(answer.bus) << 8 | answer.device_function})},
           {"segment", answer.segment},
           {"registers", hex(answer.registers)}};
  // One port can have hundreds of streams; the registers of all are there.
  if (in.registers && in.registers->streams.size() <= kStreamsTold)
    out["ide"] = to_json(*in.registers);
  else if (!in.registers)
    out["why"] = printable(in.why);
  return out;
}

Json to_json(const TdispCapabilities& in) {
  return {{"dsm", in.dsm},
          {"requests", tdisp_requests_json(in)},
          {"lock_flags", lock_flags_json(in.lock_flags)},
          {"address_width", in.address_width},
          {"requests_this", in.requests_this},
          {"requests_all", in.requests_all}};
}

Json to_json(const TdispSeen& in) {
  Json out{{"function", to_string(in.function)}, {"versions", Json::array()}};
  for (const std::uint8_t version : in.versions) out["versions"].push_back(tdisp_version_name(version));
  if (in.capabilities) out["capabilities"] = to_json(*in.capabilities);
  if (in.state) out["state"] = name(*in.state);
  if (!in.report.empty()) out["report"] = hex(in.report);
  if (in.error) out["error"] = Json{{"request", name(in.refused)}, {"code", name(in.error->code)}, {"data", in.error->data}};
  return out;
}

}  // namespace

Json to_json(const Inspection& in) {
  Json out{{"ready", Json{{"ide", name(in.ide)}, {"tee_io", name(in.tee_io)}}}, {"lines", Json::array()}};
  for (const InspectionLine& line : in.lines) out["lines"].push_back(to_json(line));
  for (const PortSeen& port : in.ports) out["ports"].push_back(to_json(port));
  for (const TdispSeen& interface : in.interfaces) out["interfaces"].push_back(to_json(interface));
  if (in.report) out["interface_report"] = interface_report_json(*in.report);
  return out;
}

}  // namespace spdm
