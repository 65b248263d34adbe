#include "cmd/output/pci_fields.h"

#include <nlohmann/json.hpp>

#include "core/text.h"

namespace spdm::cmd {

namespace {

Json stream_fields(const IdeStream& in) {
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

}  // namespace

Json ide_fields(const IdeRegisters& in) {
  Json out{{"link_streams", in.link_streams()},   {"selective_streams", in.selective_streams()},  {"ide_km", in.has_ide_km()},
           {"aes_gcm_256", in.has_aes_gcm_256()}, {"tee_limited", in.is_tee_limited_supported()}, {"streams", Json::array()}};
  for (const IdeStream& stream : in.streams) out["streams"].push_back(stream_fields(stream));
  if (in.surplus != 0) out["surplus"] = in.surplus;
  return out;
}

Json range_fields(const MmioRange& in) {
  return Json{{"first_page", in.first_page},
              {"address", cat("0x", hex(in.first_page << 12, 16))},
              {"pages", in.pages},
              {"id", in.id},
              {"msix_table", in.is_msix_table()},
              {"msix_pba", in.is_msix_pba()},
              {"non_tee", in.is_non_tee()},
              {"updatable", in.is_updatable()}};
}

Json interface_report_fields(const InterfaceReport& in) {
  Json ranges = Json::array();
  for (const MmioRange& range : in.ranges) ranges.push_back(range_fields(range));
  return Json{{"no_fw_update", in.has_no_fw_update()},
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

}  // namespace spdm::cmd
