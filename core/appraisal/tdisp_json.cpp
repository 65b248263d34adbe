#include "core/appraisal/tdisp_json.h"

#include <nlohmann/json.hpp>

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

}  // namespace

Json range_json(const MmioRange& in) {
  return Json{{"first_page", in.first_page},
              {"address", cat("0x", hex(in.first_page << 12, 16))},
              {"pages", in.pages},
              {"id", in.id},
              {"msix_table", in.is_msix_table()},
              {"msix_pba", in.is_msix_pba()},
              {"non_tee", in.is_non_tee()},
              {"updatable", in.is_updatable()}};
}

Json interface_report_json(const InterfaceReport& in) {
  Json ranges = Json::array();
  for (const MmioRange& range : in.ranges) ranges.push_back(range_json(range));
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

Json lock_flags_json(std::uint16_t flags) {
  Json out = Json::array();
  for (const Word<std::uint16_t>& row : kLockFlags)
    if ((flags & row.value) != 0) out.push_back(row.name);
  return out;
}

Json tdisp_requests_json(const TdispCapabilities& in) {
  Json out = Json::array();
  for (unsigned code = 0x80; code <= 0xFF; ++code)
    if (in.supports(static_cast<TdispCode>(code))) out.push_back(name(static_cast<TdispCode>(code)));
  return out;
}

}  // namespace spdm
