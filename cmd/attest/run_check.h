// What only all devices of a run together show: one answer or one device in two places, and devices that a list expects. Used by
// one thread, in the order in which reports are written.
#pragma once

#include <optional>
#include <vector>

#include "core/fleet/expected_devices.h"
#include "core/fleet/sightings.h"

namespace spdm::cmd {

class RunCheck {
 public:
  // `asked_with_nonce`: the verifier gave the nonce that all signatures must carry. `expected`: nothing when there is no list.
  RunCheck(bool asked_with_nonce, std::optional<std::vector<ExpectedDevice>> expected);

  // Adds to the report what those before say of it. Returns whether that has changed it: then it must be rendered again.
  bool add(Report& report);
  // The failures of listed devices that nobody has shown.
  std::vector<Report> absent() const;
  // What those could not know that were told before. To be called once, after the last add().
  Together finish() { return sightings_.finish(); }

 private:
  Sightings sightings_;
  std::optional<RollCall> roll_call_;
};

}  // namespace spdm::cmd
