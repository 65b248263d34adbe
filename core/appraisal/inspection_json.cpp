#include "core/appraisal/inspection_json.h"

#include <nlohmann/json.hpp>

#include "core/appraisal/report.h"
#include "core/text.h"

namespace spdm {

namespace {

constexpr std::array kLockFlags{
    Word{lock_flag::no_fw_update, "no-fw-update"},
    Word{lock_flag::cache_line_128, "cache-line-128"},
    Word{lock_flag::lock_msix, "lock-msix"},
    Word{lock_flag::bind_p2p, "bind-p2p"},
    Word{lock_flag::all_request_redirect, "all-request-redirect"},
};

std::string printed(const std::string& text) { return printable(text); }

Json to_json(const InspectionLine& in) {
  Json out{{"line", name(in.item)}, {"status", name(in.status)}, {"why", printed(in.detail)}, {"needed_for", Json::array()}};
  for (const Word<Readiness>& row : kReadinesses)
    if (needs(row.value, in.item)) out["needed_for"].push_back(row.name);
  if (!in.remedy.empty()) out["remedy"] = printed(in.remedy);
  return out;
}

Json to_json(const IdeStream& in) {
  Json out{{"kind", in.is_selective ? "selective" : "link"},
           {"block", in.block},
           {"id", in.id()},
           {"enabled", in.is_enabled()},
           {"secure", in.is_secure()},
           {"state", in.state()},
           {"traffic_class", in.traffic_class()},
           {"algorithm", in.algorithm()}};
  if (in.is_selective) {
    out["default"] = in.is_default();
    out["tee_limited"] = in.is_tee_limited();
    out["address_associations"] = in.addresses.size();
  }
  if (in.has_failed()) out["failed"] = true;
  return out;
}

Json to_json(const PortSeen& in) {
  const IdeKmQueryResp& answer = in.answer;
  Json out{{"port", answer.port},
           {"function", to_string(FunctionId{static_cast<std::uint32_t>(answer.bus) << 8 | answer.device_function})},
           {"segment", answer.segment},
           {"registers", hex(answer.registers)}};
  if (in.registers)
    out["ide"] = to_json(*in.registers);
  else
    out["why"] = printed(in.why);
  return out;
}

Json to_json(const TdispCapabilities& in) {
  Json requests = Json::array(), flags = Json::array();
  for (unsigned code = 0x81; code <= 0x8B; ++code)
    if (in.supports(static_cast<TdispCode>(code))) requests.push_back(name(static_cast<TdispCode>(code)));
  for (const Word<std::uint16_t>& row : kLockFlags)
    if ((in.lock_flags & row.value) != 0) flags.push_back(row.name);
  return {{"dsm", in.dsm},
          {"requests", std::move(requests)},
          {"lock_flags", std::move(flags)},
          {"address_width", in.address_width},
          {"requests_this", in.requests_this},
          {"requests_all", in.requests_all}};
}

Json to_json(const TdispSeen& in) {
  Json out{{"function", to_string(in.function)}, {"versions", Json::array()}};
  for (const std::uint8_t version : in.versions) out["versions"].push_back(cat(version >> 4, ".", version & 0xF));
  if (in.capabilities) out["capabilities"] = to_json(*in.capabilities);
  if (in.state) out["state"] = name(*in.state);
  if (!in.report.empty()) out["report"] = hex(in.report);
  if (in.error) out["error"] = Json{{"request", name(in.refused)}, {"code", name(in.error->code)}, {"data", in.error->data}};
  return out;
}

}  // namespace

Json to_json(const IdeRegisters& in) {
  Json out{{"link_streams", in.link_streams()},   {"selective_streams", in.selective_streams()},  {"ide_km", in.has_ide_km()},
           {"aes_gcm_256", in.has_aes_gcm_256()}, {"tee_limited", in.is_tee_limited_supported()}, {"streams", Json::array()}};
  for (const IdeStream& stream : in.streams) out["streams"].push_back(to_json(stream));
  if (in.surplus != 0) out["surplus"] = in.surplus;
  return out;
}

Json to_json(const InterfaceReport& in) {
  Json ranges = Json::array();
  for (const MmioRange& range : in.ranges)
    ranges.push_back(Json{{"first_page", range.first_page},
                          {"pages", range.pages},
                          {"id", range.id},
                          {"msix_table", range.is_msix_table()},
                          {"msix_pba", range.is_msix_pba()},
                          {"non_tee", range.is_non_tee()},
                          {"updatable", range.is_updatable()}});
  return {{"no_fw_update", in.has_no_fw_update()},
          {"dma_without_pasid", in.has_dma_without_pasid()},
          {"dma_with_pasid", in.has_dma_with_pasid()},
          {"ats", in.has_ats()},
          {"prs", in.has_prs()},
          {"msix_control", in.msix_control},
          {"lnr_control", in.lnr_control},
          {"tph_control", in.tph_control},
          {"ranges", std::move(ranges)},
          {"device_specific", hex(in.device_specific)}};
}

Json to_json(const Inspection& in, const EncryptionView* view) {
  Json out{{"ready", Json{{"ide", name(in.ide)}, {"tee_io", name(in.tee_io)}}}, {"lines", Json::array()}};
  for (const InspectionLine& line : in.lines) out["lines"].push_back(to_json(line));
  if (view != nullptr) {
    out["function"] = Json{{"tee_io", view->tee_io}, {"ide", in.registers ? to_json(*in.registers) : Json()}};
    if (view->root_port)
      out["root_port"] =
          Json{{"bdf", printed(*view->root_port)}, {"ide", in.root_port_registers ? to_json(*in.root_port_registers) : Json()}};
  }
  for (const PortSeen& port : in.ports) out["ports"].push_back(to_json(port));
  for (const TdispSeen& interface : in.interfaces) out["interfaces"].push_back(to_json(interface));
  if (in.report) out["interface_report"] = to_json(*in.report);
  return out;
}

}  // namespace spdm
