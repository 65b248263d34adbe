// What a run measures into a PCR that is to have the same value whenever the same devices come to the same results: neither times nor
// nonces, and an order that nobody's speed decides.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/appraisal/report.h"
#include "core/fleet/sightings.h"
#include "core/format/json.h"

namespace spdm::cmd {

inline constexpr std::string_view kPcrEventSchema = "spdmctl.pcr-event/1";

class PcrEvents {
 public:
  void add(const Report& report);
  // Those that fail after all, because of what came later.
  void take_back(const Together& together);
  // One line of JSON for each device, without its end, in the order of their bytes. The SHA-256 of a line is what the PCR is extended with.
  std::vector<std::string> lines() const;

 private:
  std::vector<std::pair<std::string, Json>> events_;  // with the source of the report
};

}  // namespace spdm::cmd
