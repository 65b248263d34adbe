// A report for people: the verdict first, then why, then what was seen. No line is wider than the screen (wrap.h), but words that are.
#pragma once

#include <string>

#include "cmd/host/console.h"
#include "core/appraisal/report.h"

namespace spdm::cmd {

std::string render_text(const Report& report, const Console& console);
// Whether one of several devices is shown in full: it does not pass, or has changed.
bool is_worth_showing(const Report& report);
// Whether a device is ready for PCI encryption, line by line.
std::string render_inspection(const Report& report, const Console& console);
std::string_view status_color(CheckStatus status);
// What a device can do, without a verdict.
std::string render_info(const Report& report, const Console& console);
// Every certificate of every slot.
std::string render_certificates(const Report& report, const Console& console);

}  // namespace spdm::cmd
