// A summary as one page that needs nothing else: no network, no server, no other file.
#pragma once

#include <string>
#include <string_view>

#include "core/fleet/summary.h"
#include "core/format/json.h"

namespace spdm::cmd {

// The parts of the page as they are in report_page.html, .css and the two of .js.
extern const std::string_view kReportPageHtml, kReportPageCss, kReportPageJs;

// `document` is what is printed as JSON; the devices that the page can search are those of the summary. Nothing of the
// data can become markup or script: it is an inert block of JSON without < > &, which the script shows as text only, and
// the page forbids every script but its own (Content-Security-Policy, by hash) and every request.
std::string report_page(const Json& document, const FleetSummary& summary);

}  // namespace spdm::cmd
