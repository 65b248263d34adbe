// Device interfaces (TDISP) in documents: reports and decoded messages have the same members.
#pragma once

#include "core/format/json.h"
#include "core/wire/interface_report.h"

namespace spdm {

Json range_json(const MmioRange& range);
Json interface_report_json(const InterfaceReport& report);
// Names of LOCK_INTERFACE_FLAGS, and of the requests of REQ_MSGS_SUPPORTED.
Json lock_flags_json(std::uint16_t flags);
Json tdisp_requests_json(const TdispCapabilities& capabilities);

}  // namespace spdm
